package listen_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/internal/listen"
	"github.com/typedstate/typedstate/state/embedded"
)

func TestEmbeddedServerInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, err := embedded.Start()
		require.NoError(t, err)
		defer srv.Close()
		h := listen.New(exec.New(srv.Client()))
		defer h.Close()
		began := time.Now()
		one, stop := record(h, key("a"))
		all, stopAll := record(h, pattern("*"))
		many := []*recorder{one, all}
		for i := range 1500 {
			r, _ := record(h, key(fmt.Sprint("k:", i)))
			many = append(many, r)
		}
		synctest.Wait()
		for _, r := range many {
			calls, _ := r.snapshot()
			require.Equal(t, []string{"ready"}, calls)
		}
		assert.Zero(t, time.Since(began), "nothing waits for a clock")
		publish(t, srv.Client(), "a", "x")
		synctest.Wait()
		for _, r := range []*recorder{one, all} {
			_, got := r.snapshot()
			assert.Equal(t, []listen.Message{{Key: "a", Text: "x"}}, got)
		}
		time.Sleep(time.Hour)
		calls, _ := one.snapshot()
		assert.Equal(t, []string{"ready"}, calls, "a quiet connection stays")
		stop()
		stopAll()
		publish(t, srv.Client(), "a", "y")
		synctest.Wait()
		_, got := one.snapshot()
		assert.Len(t, got, 1)
	})
}

func TestConnectionLingersAndEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, err := embedded.Start()
		require.NoError(t, err)
		defer srv.Close()
		h := listen.New(exec.New(srv.Client()))
		created := func() uint32 { return srv.Client().PoolStats().PubSubStats.Created }
		active := func() uint32 { return srv.Client().PoolStats().PubSubStats.Active }
		for range 3 {
			r, stop := record(h, key("a"))
			synctest.Wait()
			calls, _ := r.snapshot()
			require.Equal(t, []string{"ready"}, calls)
			stop()
			time.Sleep(4 * time.Second)
		}
		assert.EqualValues(t, 1, created())
		assert.EqualValues(t, 1, active())
		time.Sleep(1250 * time.Millisecond)
		synctest.Wait()
		assert.Zero(t, active())
		// The bubble ends only if all goroutines have, and h is not closed.
	})
}

func TestClosedEmbeddedServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, err := embedded.Start()
		require.NoError(t, err)
		h := listen.New(exec.New(srv.Client()))
		r, _ := record(h, key("a"))
		synctest.Wait()
		require.NoError(t, srv.Close())
		require.ErrorIs(t, r.failed(t), listen.ErrClosed.(interface{ Unwrap() error }).Unwrap())
	})
}

func TestANodeThatIsDownIsAskedForLessAndLessOften(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var dials, looks atomic.Int64
		client := redis.NewClusterClient(&redis.ClusterOptions{
			ClusterSlots: func(context.Context) ([]redis.ClusterSlot, error) {
				looks.Add(1)
				return []redis.ClusterSlot{{End: 16383, Nodes: []redis.ClusterNode{{Addr: "127.0.0.1:1"}}}}, nil
			},
			Dialer: func(context.Context, string, string) (net.Conn, error) {
				dials.Add(1)
				return nil, errors.New("down")
			},
		})
		h := listen.New(exec.New(client))
		r, _ := record(h, key("a"))
		time.Sleep(time.Second)
		assert.GreaterOrEqual(t, dials.Load(), int64(8), "another may take over soon")
		assert.GreaterOrEqual(t, looks.Load(), int64(6))
		time.Sleep(14 * time.Second)
		dials.Store(0)
		looks.Store(0)
		time.Sleep(20 * time.Second)
		assert.LessOrEqual(t, dials.Load(), int64(40))
		assert.LessOrEqual(t, looks.Load(), int64(50))
		assert.GreaterOrEqual(t, dials.Load(), int64(20))
		h.Close()
		require.NoError(t, client.Close())
		assert.Equal(t, []string{"lost", "failed"}, r.history())
	})
}
