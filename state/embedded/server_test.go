package embedded_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state/embedded"
)

func TestClient(t *testing.T) {
	t.Parallel()
	srv := start(t)
	c := srv.Client()
	require.NoError(t, c.Set(t.Context(), "k", "v", time.Hour).Err())
	assert.Equal(t, "v", c.Get(t.Context(), "k").Val())
	assert.Same(t, c, srv.Client())
	assert.True(t, c.Options().ContextTimeoutEnabled)

	other := start(t)
	assert.Zero(t, other.Client().Exists(t.Context(), "k").Val())
}

func TestClose(t *testing.T) {
	t.Parallel()
	srv, err := embedded.Start()
	require.NoError(t, err)
	c := srv.Client()
	require.NoError(t, c.Set(t.Context(), "k", "v", 0).Err())
	dial := c.Options().Dialer

	require.NoError(t, srv.Close())
	require.NoError(t, srv.Close())
	require.ErrorIs(t, c.Get(t.Context(), "k").Err(), redis.ErrClosed)
	_, err = dial(t.Context(), "tcp", "")
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = srv.Listen("127.0.0.1:0")
	require.ErrorIs(t, err, net.ErrClosed)
}

func TestListen(t *testing.T) {
	t.Parallel()
	srv := start(t)
	addr, err := srv.Listen("127.0.0.1:0")
	require.NoError(t, err)
	byPort := redis.NewClient(&redis.Options{Addr: addr.String()})
	t.Cleanup(func() { _ = byPort.Close() })
	require.NoError(t, byPort.Set(t.Context(), "k", "v", 0).Err())
	assert.Equal(t, "v", srv.Client().Get(t.Context(), "k").Val())

	_, err = srv.Listen(addr.String())
	require.Error(t, err)

	// Dialing the port would prove nothing: it may have found another owner.
	open, err := net.Dial("tcp", addr.String())
	require.NoError(t, err)
	require.NoError(t, srv.Close())
	require.NoError(t, open.SetDeadline(time.Now().Add(5*time.Second)))
	_, err = open.Read(make([]byte, 1)) // EOF, or a reset if nobody had accepted it yet
	require.Error(t, err)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
}

// On a net.Pipe client and server would wait for each other.
func TestLargePipelines(t *testing.T) {
	t.Parallel()
	c := start(t).Client()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	value := strings.Repeat("v", 1<<10)
	cmds, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
		for range 500 {
			p.Set(ctx, "k", value, 0)
			p.Get(ctx, "k")
		}
		return nil
	})
	require.NoError(t, err)
	assert.Len(t, cmds, 1000)
}

func TestSetTime(t *testing.T) {
	t.Parallel()
	srv := start(t)
	c := srv.Client()
	t0 := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	srv.SetTime(t0)
	require.NoError(t, c.Set(t.Context(), "k", "v", time.Hour).Err())
	assert.Equal(t, time.Hour, c.PTTL(t.Context(), "k").Val())
	assert.True(t, t0.Equal(c.Time(t.Context()).Val()))

	srv.SetTime(t0.Add(time.Hour - time.Millisecond))
	assert.Equal(t, time.Millisecond, c.PTTL(t.Context(), "k").Val())
	srv.SetTime(t0.Add(time.Hour))
	assert.Zero(t, c.Exists(t.Context(), "k").Val())
}

func TestExpiryInABubble(t *testing.T) {
	t.Parallel()
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			srv := start(t)
			c := srv.Client()
			require.NoError(t, c.Set(t.Context(), "k", "v", time.Hour).Err())
			require.NoError(t, c.Set(t.Context(), "forever", "v", 0).Err())
			time.Sleep(time.Hour - time.Millisecond)
			assert.Equal(t, time.Millisecond, c.PTTL(t.Context(), "k").Val())
			time.Sleep(time.Millisecond)
			assert.ErrorIs(t, c.Get(t.Context(), "k").Err(), redis.Nil)
			assert.Equal(t, int64(1), c.DBSize(t.Context()).Val())
			keys, _, err := c.Scan(t.Context(), 0, "", 0).Result()
			require.NoError(t, err)
			assert.Equal(t, []string{"forever"}, keys)
		})
	}
}

// Each bubble has more commands at once than a client of go-redis has
// connections by default, and timers of one bubble must not reach another.
func TestManyClientsInBubbles(t *testing.T) {
	t.Parallel()
	for range 3 {
		synctest.Test(t, func(t *testing.T) {
			c := start(t).Client()
			var wg sync.WaitGroup
			for range 300 {
				wg.Go(func() { assert.NoError(t, c.Incr(t.Context(), "n").Err()) })
			}
			wg.Wait()
			assert.Equal(t, "300", c.Get(t.Context(), "n").Val())
		})
	}
}

func TestSubscribeInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := start(t).Client()
		sub := c.Subscribe(t.Context(), "news")
		defer sub.Close()
		_, err := sub.Receive(t.Context())
		require.NoError(t, err)
		require.Equal(t, int64(1), c.Publish(t.Context(), "news", "hello").Val())
		m, err := sub.ReceiveMessage(t.Context())
		require.NoError(t, err)
		assert.Equal(t, "hello", m.Payload)
	})
}

func TestDeadlineInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := start(t).Client()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begun := time.Now()
		err := c.Do(ctx, "BLPOP", "list", "0").Err()
		var timeout net.Error
		require.ErrorAs(t, err, &timeout)
		assert.True(t, timeout.Timeout())
		assert.LessOrEqual(t, time.Since(begun), time.Minute)
	})
}

// A program that imports this package must not get the flags of package
// testing with it.
func TestImports(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	require.NoError(t, err)
	deps := strings.Fields(string(out))
	assert.Contains(t, deps, "github.com/alicebob/miniredis/v2")
	for _, d := range deps {
		assert.NotEqual(t, "testing", d)
		assert.NotEqual(t, "github.com/typedstate/typedstate/state", d)
		assert.NotContains(t, d, "stretchr/testify")
		assert.NotContains(t, d, "/internal/redistest")
	}
}
