package state_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

// balance counts operations that begin and end.
type balance struct{ begun, ended atomic.Int64 }

func (b *balance) Begin(ctx context.Context, _ state.Operation) (context.Context, func(state.Outcome)) {
	b.begun.Add(1)
	return ctx, func(state.Outcome) { b.ended.Add(1) }
}

func TestAWatchEndsWithAPanicInItsLoop(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	operations := &balance{}
	s := openOn(t, srv.Options(), state.Options{Observer: operations})
	k := followed.Key("1")
	require.NoError(t, k.Set(t.Context(), s, session{}))
	assert.Panics(t, func() {
		for range state.Watch(t.Context(), s, k) {
			panic("one")
		}
	})
	assert.Panics(t, func() {
		for range state.WatchAll(t.Context(), s, followed) {
			panic("all")
		}
	})
	assert.Equal(t, operations.begun.Load(), operations.ended.Load())
}

func TestAnIteratorOfAWatchMayBeUsedAgain(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	s := openOn(t, srv.Options(), state.Options{})
	k := followed.Key("1")
	require.NoError(t, k.Set(t.Context(), s, session{User: "ann"}))
	events := state.Watch(t.Context(), s, k)
	begins := func() {
		for e, err := range events {
			assert.NoError(t, err)
			assert.Equal(t, state.EventCurrent, e.Kind)
			assert.Equal(t, "ann", e.Value.User)
			return
		}
	}
	for range events {
		begins()
		break
	}
	var all sync.WaitGroup
	for range 20 {
		all.Go(begins)
	}
	all.Wait()
}

func TestALoopOverAWatchMayWriteAndWatch(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	s := openOn(t, srv.Options(), state.Options{})
	ctx := t.Context()
	require.NoError(t, followed.Key("1").Set(ctx, s, session{}))
	n := 0
	for e, err := range state.WatchAll(ctx, s, followed) {
		require.NoError(t, err)
		if n++; n == 5 {
			break
		}
		require.NoError(t, e.Key.Set(ctx, s, session{User: strconv.Itoa(n)}))
		for inner, err := range state.Watch(ctx, s, e.Key) {
			require.NoError(t, err)
			assert.Equal(t, strconv.Itoa(n), inner.Value.User)
			break
		}
	}
}

func TestALoopOverAWatchMayCloseTheStore(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	writer := openOn(t, srv.Options(), state.Options{})
	require.NoError(t, followed.Key("1").Set(t.Context(), writer, session{}))
	var last error
	s := openOn(t, srv.Options(), state.Options{})
	for _, last = range state.Watch(t.Context(), s, followed.Key("1")) {
		require.NoError(t, s.Close())
	}
	require.ErrorIs(t, last, state.ErrClosed)
	s = openOn(t, srv.Options(), state.Options{})
	for _, last = range state.WatchAll(t.Context(), s, followed) {
		require.NoError(t, s.Close())
	}
	require.ErrorIs(t, last, state.ErrClosed)
}

// However far a watch has come when it is ended, it says why, and leaves nothing
// behind, which TestMain checks.
func TestAWatchEndsAtAnyTime(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	writer := openOn(t, srv.Options(), state.Options{})
	for i := range 50 {
		require.NoError(t, followed.Key(strconv.Itoa(i)).Set(t.Context(), writer, session{}))
	}
	operations := &balance{}
	canceled := errors.New("canceled by the test")
	for i := range 100 {
		client := redis.NewClient(srv.Options())
		s, err := state.New(client, state.Options{EnableScan: true, Observer: operations, WatchInterval: 5 * time.Millisecond})
		require.NoError(t, err)
		ctx, cancel := context.WithCancelCause(t.Context())
		want := state.ErrClosed
		if i%2 == 0 {
			want = canceled
		}
		k := followed.Key("secret")
		var all sync.WaitGroup
		for name, last := range map[string]func() error{
			"Watch":     func() error { return lastOf(watching(s, k)(ctx)) },
			"WatchAll":  func() error { return lastOf(watchingAll(s, followed)(ctx)) },
			"GetOrWait": func() error { _, err := state.GetOrWait(ctx, s, k); return err },
			"Changed":   func() error { _, err := state.Changed(ctx, s, k, state.Absent()); return err },
		} {
			all.Go(func() {
				err := last()
				assert.ErrorIs(t, err, want, name)
				assert.NotContains(t, fmt.Sprintf("%+v", err), "secret", name)
			})
		}
		time.Sleep(rand.N(8 * time.Millisecond))
		if i%2 == 0 {
			cancel(canceled)
		} else {
			require.NoError(t, s.Close())
		}
		all.Wait()
		cancel(nil)
		require.NoError(t, s.Close())
		require.NoError(t, client.Close())
	}
	assert.Equal(t, operations.begun.Load(), operations.ended.Load())
}

// lastOf returns the error that an iterator ends with.
func lastOf[E any](events func(func(E, error) bool)) (last error) {
	events(func(_ E, err error) bool {
		last = err
		return true
	})
	return last
}

// A deadline that passes while the watch begins is told as one, and not as what was
// being waited for.
func TestAWatchThatCannotBeginFailsWithItsDeadline(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	proxy := redistest.StartProxy(t, srv.Addr())
	proxy.SetFault(func(request []string) redistest.Fault {
		if request[0] == "SUBSCRIBE" {
			return redistest.StallReply
		}
		return redistest.Pass
	})
	subscribing := srv.Options()
	subscribing.Addr = proxy.Addr()
	dialing := srv.Options()
	dialing.Addr, dialing.ContextTimeoutEnabled = silence(t), true
	for name, o := range map[string]*redis.Options{"while it subscribes": subscribing, "while it dials": dialing} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := openOn(t, o, state.Options{})
			for range 30 {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
				require.ErrorIs(t, lastOf(watching(s, followed.Key("1"))(ctx)), context.DeadlineExceeded)
				cancel()
			}
		})
	}
}

// silence returns the address of what accepts connections and never answers.
func silence(t *testing.T) string {
	t.Helper()
	return redistest.Serve(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
}

// A user who may do all that watching takes, but PING, either watches or is told.
func TestAWatchWithoutPingIsNotStuck(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t, redistest.WithUser("watcher", "secret", "allkeys", "allchannels", "+hello", "+get", "+pttl",
		"+pexpiretime", "+eval_ro", "+evalsha_ro", "+subscribe", "+unsubscribe"))
	s := openOn(t, srv.OptionsFor("watcher"), state.Options{WatchInterval: 200 * time.Millisecond})
	k := followed.Key("1")
	name, err := k.Name(s)
	require.NoError(t, err)
	f := follow(t, watching(s, k))
	_, err = f.either()
	if err == nil {
		require.NoError(t, srv.Client(t).Set(t.Context(), name, `{"user":"ann"}`, 0).Err())
		var e state.Event[session]
		if e, err = f.either(); err == nil {
			assert.Equal(t, "ann", e.Value.User)
			return
		}
	}
	require.ErrorIs(t, err, state.ErrPermission)
}
