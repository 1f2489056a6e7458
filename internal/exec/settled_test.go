package exec_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/internal/redistest"
)

// A hook that makes up the outcome may leave go-redis writing the arguments.
func TestAnOutcomeWithoutAReplySettlesNothing(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	script := exec.NewScript("return redis.call('SET', KEYS[1], ARGV[1])")
	for _, made := range []bool{false, true} {
		client := redis.NewClient(srv.Options())
		t.Cleanup(func() { _ = client.Close() })
		client.AddHook(around(func(next func() error) error {
			if made {
				return nil
			}
			return next()
		}))
		c := exec.New(client)
		for name, cmd := range map[string]exec.Command{
			"set":    exec.SetUnder("", "k", []byte("v"), exec.SetOptions{}),
			"write":  exec.Write("pexpire", "k", 60_000),
			"script": script.Write([]string{"k"}, []byte("v")),
		} {
			reply := c.Do(within(t, 10*time.Second), cmd)
			require.NoError(t, reply.Err(), name)
			assert.Equal(t, !made, reply.Settled(), name)
		}
	}
}
