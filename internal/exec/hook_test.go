package exec_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/internal/redistest"
)

// around is a hook that does something else with each command than to pass it on.
type around func(next func() error) error

func (around) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h around) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error { return h(func() error { return next(ctx, cmd) }) }
}

func (h around) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error { return h(func() error { return next(ctx, cmds) }) }
}

// A hook that gives up, as one with a time limit does, leaves a command behind that
// still waits for a connection and must not be sent once it has one.
func TestAWriteThatAHookGaveUpOnIsSentOnce(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	o := srv.Options()
	o.PoolSize = 1
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	held := client.Conn()
	require.NoError(t, held.Ping(t.Context()).Err())
	left := make(chan error, 1)
	var gaveUp atomic.Bool
	client.AddHook(around(func(next func() error) error {
		if gaveUp.Swap(true) {
			return next()
		}
		go func() { left <- next() }()
		time.Sleep(20 * time.Millisecond)
		return context.DeadlineExceeded
	}))
	time.AfterFunc(100*time.Millisecond, func() { _ = held.Close() })

	require.NoError(t, exec.New(client).Do(within(t, 10*time.Second), exec.Write("INCR", "k")).Err())
	require.Error(t, <-left)
	n, err := srv.Client(t).Get(t.Context(), "k").Int()
	require.NoError(t, err)
	assert.Equal(t, 1, n)
}

// A hook that repeats what has failed cannot repeat what was sent.
func TestAHookCannotRepeatAWrite(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	p := redistest.StartProxy(t, srv.Addr())
	for name, refuse := range map[string]bool{"repeated": false, "dialed in vain": true} {
		var refusing atomic.Bool
		o := srv.Options()
		o.Addr = p.Addr()
		o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if refusing.Load() {
				addr = "127.0.0.1:1"
			}
			return new(net.Dialer).DialContext(ctx, network, addr)
		}
		client := redis.NewClient(o)
		t.Cleanup(func() { _ = client.Close() })
		client.AddHook(around(func(next func() error) error {
			err := next()
			for range 2 {
				if err != nil && !errors.Is(err, redis.Nil) {
					err = next()
				}
			}
			return err
		}))
		c := exec.New(client)
		require.NoError(t, c.Do(within(t, 10*time.Second), exec.Write("SET", "k", "0")).Err())
		drop := first(1, "INCR", redistest.DropReply)
		p.SetFault(func(request []string) redistest.Fault {
			f := drop(request)
			if f != redistest.Pass && refuse {
				refusing.Store(true)
				time.AfterFunc(300*time.Millisecond, func() { refusing.Store(false) })
			}
			return f
		})
		err := c.Do(within(t, 10*time.Second), exec.Write("INCR", "k")).Err()
		require.Error(t, err, name)
		assert.False(t, exec.NotExecuted(err), "%s: %v", name, err)
		n, err := srv.Client(t).Get(t.Context(), "k").Int()
		require.NoError(t, err)
		assert.Equal(t, 1, n, name)
	}
}

// lingering is a hook that holds up each pipeline until shortly before the deadline, and has the
// server be not ready for GET.
type lingering struct{ around }

func (lingering) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if deadline, ok := ctx.Deadline(); ok {
			time.Sleep(time.Until(deadline) - 2*time.Millisecond)
		}
		err := next(ctx, cmds)
		for _, cmd := range cmds {
			if cmd.Name() == "get" {
				cmd.SetErr(loading{})
			}
		}
		return err
	}
}

// A server that does not know a script gets it, though there is no time left to wait until it
// is ready for another command of the batch.
func TestAScriptDoesNotWaitForOthersOfItsBatch(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	client := redis.NewClient(srv.Options())
	t.Cleanup(func() { _ = client.Close() })
	client.AddHook(lingering{around(func(next func() error) error { return next() })})
	c := exec.New(client)
	for range 20 {
		require.NoError(t, srv.Client(t).ScriptFlush(t.Context()).Err())
		ctx := within(t, 20*time.Millisecond)
		var b exec.Batch
		reply := b.Add(exec.NewScript(`return 1`).Write([]string{"k"}))
		b.Add(exec.Get("k"))
		c.Send(ctx, &b)
		if ctx.Err() == nil { // or it had no time left itself
			require.False(t, redis.HasErrorPrefix(reply.Err(), "NOSCRIPT"))
		}
	}
}
