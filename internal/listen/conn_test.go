package listen

import (
	"context"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/exec"
)

// A reader that is busy when its connection is closed meets an error afterwards that
// reads as if the client were closed.
func TestAConnectionThatClosesItselfDoesNotCloseTheClient(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	defer client.Close()
	h := New(exec.New(client))
	defer h.Close()
	c := &conn{pubsub: h.layout.Owner("a").Subscribe(t.Context()), ended: make(chan struct{})}
	go func() {
		defer close(c.ended)
		for !closing(c.reason) {
			_, c.reason = c.receive()
		}
	}()
	require.Equal(t, errBroken, c.close(context.Canceled))
	require.ErrorIs(t, c.reason, redis.ErrClosed)
}
