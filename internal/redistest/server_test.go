//go:build unix

package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// within bounds what a test waits for a server.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func alive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func TestStart(t *testing.T) {
	t.Parallel()
	srv := Start(t, WithConfig("maxmemory 20mb", `proc-title-template "{title} 'a b'"`))
	ctx := within(t, 5*time.Second)
	c := srv.Client(t)

	require.NoError(t, c.Set(ctx, "k", "v", 0).Err())
	assert.Equal(t, map[string]string{"maxmemory": "20971520"}, c.ConfigGet(ctx, "maxmemory").Val())
	assert.Equal(t, map[string]string{"save": ""}, c.ConfigGet(ctx, "save").Val())
	assert.Equal(t, map[string]string{"bind": "127.0.0.1"}, c.ConfigGet(ctx, "bind").Val())
	assert.True(t, alive(srv.PID()))

	addr, err := net.ResolveTCPAddr("tcp", srv.Addr())
	require.NoError(t, err)
	assert.Less(t, addr.Port, 55536)

	opts, err := redis.ParseURL(srv.URL())
	require.NoError(t, err)
	assert.Equal(t, srv.Addr(), opts.Addr)
}

func TestPassword(t *testing.T) {
	t.Parallel()
	srv := Start(t, WithPassword(`a b"@:/`))
	ctx := within(t, 5*time.Second)
	require.NoError(t, srv.Client(t).Ping(ctx).Err())

	opts, err := redis.ParseURL(srv.URL())
	require.NoError(t, err)
	byURL := redis.NewClient(opts)
	t.Cleanup(func() { closeQuietly(byURL) })
	require.NoError(t, byURL.Ping(ctx).Err())

	opts.Password = ""
	without := redis.NewClient(opts)
	t.Cleanup(func() { closeQuietly(without) })
	assert.ErrorContains(t, without.Ping(ctx).Err(), "NOAUTH")
}

func TestRestart(t *testing.T) {
	t.Parallel()
	Require(t)
	for name, tc := range map[string]struct {
		opts []Option
		down func(*Server, TB)
		want int64
	}{
		"restarted, in memory": {want: 0},
		"restarted, with AOF":  {opts: []Option{WithAOF()}, want: 1},
		"stopped, with AOF":    {opts: []Option{WithAOF()}, down: (*Server).Stop, want: 1},
		"killed, in memory":    {down: (*Server).Kill, want: 0},
		"killed, with AOF":     {opts: []Option{WithAOF()}, down: (*Server).Kill, want: 1},
		"paused, with AOF":     {opts: []Option{WithAOF()}, down: (*Server).Pause, want: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := Start(t, tc.opts...)
			ctx := within(t, 10*time.Second)
			addr, pid := srv.Addr(), srv.PID()
			require.NoError(t, srv.Client(t).Set(ctx, "k", "v", 0).Err())

			if tc.down != nil {
				tc.down(srv, t)
			}
			srv.Restart(t)
			assert.Equal(t, addr, srv.Addr())
			assert.NotEqual(t, pid, srv.PID())
			assert.False(t, alive(pid))
			assert.Equal(t, tc.want, srv.Client(t).Exists(ctx, "k").Val())
		})
	}
}

func TestKill(t *testing.T) {
	t.Parallel()
	srv := Start(t)
	srv.Kill(t)
	assert.False(t, alive(srv.PID()))
	assert.ErrorIs(t, srv.Client(t).Ping(within(t, 5*time.Second)).Err(), syscall.ECONNREFUSED)
	srv.Kill(t)
	srv.Stop(t)
}

func TestPause(t *testing.T) {
	t.Parallel()
	srv := Start(t)
	c := srv.Client(t)
	require.NoError(t, c.Ping(within(t, 5*time.Second)).Err())

	srv.Pause(t)
	begun := time.Now()
	err := c.Incr(within(t, 50*time.Millisecond), "n").Err()
	var timeout net.Error
	require.ErrorAs(t, err, &timeout)
	assert.True(t, timeout.Timeout())
	assert.Less(t, time.Since(begun), time.Second)

	srv.Resume(t)
	srv.Resume(t)
	assert.Eventually(t, func() bool {
		return c.Get(within(t, time.Second), "n").Val() == "1"
	}, 5*time.Second, 5*time.Millisecond, "the command that arrived during the pause runs after it")

	if tasks := fmt.Sprintf("/proc/%d/task", srv.PID()); runtime.GOOS == "linux" {
		assert.False(t, stopped(tasks))
		srv.Pause(t)
		assert.True(t, stopped(tasks))
	}
	srv.Kill(t)
	failed := run(func(tb *fakeTB) { srv.Pause(tb) })
	assert.Contains(t, failed.fatal, "not running")
}

func TestCleanupEndsTheProcess(t *testing.T) {
	t.Parallel()
	Require(t)
	for name, act := range map[string]func(*Server, TB){
		"running": func(*Server, TB) {},
		"paused":  (*Server).Pause,
		"killed":  (*Server).Kill,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var srv *Server
			t.Run("test", func(t *testing.T) {
				srv = Start(t)
				require.True(t, alive(srv.PID()))
				act(srv, t)
			})
			assert.False(t, alive(srv.PID()))
		})
	}
}

func TestPortTakenByAnotherRedis(t *testing.T) {
	t.Parallel()
	first := Start(t)
	picks := 0
	second := Start(t, optionFunc(func(s *settings) {
		s.pick = func() (int, error) {
			if picks++; picks < 3 {
				return first.port, nil
			}
			return freePort()
		}
	}))
	assert.Equal(t, 3, picks)
	assert.NotEqual(t, first.Addr(), second.Addr())

	ctx := within(t, 5*time.Second)
	require.NoError(t, second.Client(t).Set(ctx, "k", "v", 0).Err())
	assert.Zero(t, first.Client(t).Exists(ctx, "k").Val())
}

func TestPortTakenForGood(t *testing.T) {
	t.Parallel()
	Require(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	tb := run(func(tb *fakeTB) {
		Start(tb, optionFunc(func(s *settings) {
			s.pick = func() (int, error) { return l.Addr().(*net.TCPAddr).Port, nil }
		}))
	})
	assert.Contains(t, tb.fatal, "is taken")

	tb = run(func(tb *fakeTB) {
		Start(tb, optionFunc(func(s *settings) {
			s.pick = func() (int, error) { return 0, errors.New("out of ports") }
		}))
	})
	assert.Contains(t, tb.fatal, "out of ports")
}

func TestFailedTestShowsTheLog(t *testing.T) {
	t.Parallel()
	Require(t)
	tb := run(func(tb *fakeTB) { Start(tb, WithConfig("no-such-directive 1")) })
	assert.Contains(t, tb.fatal, "ended before it answered")
	assert.Contains(t, tb.logged, "no-such-directive")

	tb = run(func(tb *fakeTB) {
		Start(tb)
		tb.Fatalf("something else")
	})
	assert.Contains(t, tb.logged, "Ready to accept connections")

	tb = run(func(tb *fakeTB) { Start(tb) })
	assert.Empty(t, tb.logged)
}

func TestSilentServerFailsInTime(t *testing.T) {
	t.Parallel()
	Require(t)
	var pid int
	begun := time.Now()
	tb := run(func(tb *fakeTB) {
		srv := Start(tb)
		pid = srv.PID()
		srv.Pause(tb)
		// Only the signal is forgotten, as if the process hung by itself.
		srv.paused = false
		srv.Restart(tb)
	})
	assert.Contains(t, tb.fatal, "still there")
	assert.Less(t, time.Since(begun), 10*time.Second)
	assert.False(t, alive(pid))
}

func TestTail(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "b\nc", string(tail([]byte("a\nb\nc\n"), 2)))
	assert.Equal(t, "a\nb", string(tail([]byte("a\nb\n"), 9)))
	assert.Empty(t, tail(nil, 2))
}

func TestConfigStaysPrivate(t *testing.T) {
	t.Parallel()
	srv := Start(t, WithPassword("secret"))
	files, err := os.ReadDir(srv.dir)
	require.NoError(t, err)
	for _, f := range files {
		info, err := f.Info()
		require.NoError(t, err)
		if strings.HasSuffix(f.Name(), ".conf") {
			assert.Equal(t, os.FileMode(0o600), info.Mode())
		}
	}
}
