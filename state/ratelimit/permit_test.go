package ratelimit_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// lease is one whose parts are whole numbers.
const lease = 9 * time.Second

// leader has one permit.
var leader = ratelimit.DefineSemaphore[string]("leader:<shard>", 1, lease)

// inBubble runs test with an embedded server on the bubble's clock. All that a permit leaves
// behind has to end, or the bubble does not.
func inBubble(t *testing.T, test func(*testing.T, *embedded.Server, *state.Store)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, store := startEmbedded(t)
		test(t, server, store)
	})
}

// ended waits until ctx ends, an hour at most, and returns after what time.
func ended(ctx context.Context) time.Duration {
	begun := time.Now()
	select {
	case <-ctx.Done():
	case <-time.After(time.Hour):
	}
	return time.Since(begun)
}

func TestAPermitIsRenewedUntilItIsReleased(t *testing.T) {
	inBubble(t, func(t *testing.T, server *embedded.Server, store *state.Store) {
		m := meddle(server.Client(), nil)
		s := semaphoreOf(t, store, leader)
		p := mustTake(t, s)
		ctx, cancel := p.Context(t.Context())
		defer cancel()
		for range 10 {
			time.Sleep(lease)
			require.NoError(t, ctx.Err())
			mustBeFull(t, s)
		}
		left, err := server.Client().PTTL(t.Context(), "t:leader:a").Result()
		require.NoError(t, err)
		assert.InDelta(t, time.Hour+lease, left, float64(lease/3), "the key lives on with it")
		assert.InDelta(t, 30, m.count(renews), 1, "each third of the lease")

		mustRelease(t, p)
		<-ctx.Done()
		assert.ErrorIs(t, context.Cause(ctx), context.Canceled)
		assert.Zero(t, inUse(t, s))
		renewed := m.count(renews)
		time.Sleep(lease)
		assert.Equal(t, renewed, m.count(renews))
		mustTake(t, s)
	})
}

// Nobody else can have the place when the holder learns that it may be lost.
func TestAHolderThatReachesNoServerIsToldBeforeItsLeaseEnds(t *testing.T) {
	for name, failure := range map[string]func(send func() error) error{
		"the network is gone": func(func() error) error { return &net.OpError{Op: "read", Err: errors.New("gone")} },
		"the reply is lost":   func(send func() error) error { _ = send(); return &net.OpError{Op: "read", Err: errors.New("gone")} },
		"nothing answers":     func(func() error) error { time.Sleep(time.Hour); return context.DeadlineExceeded },
		"the server refuses":  func(func() error) error { return replyError("NOPERM this user has no permissions") },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *embedded.Server, store *state.Store) {
				var failing atomic.Bool
				meddle(server.Client(), func(_ context.Context, script int, send func() error) error {
					if failing.Load() && script == renews {
						return failure(send)
					}
					return send()
				})
				s := semaphoreOf(t, store, leader)
				p := mustTake(t, s)
				time.Sleep(lease / 2) // it has been renewed after a third
				failing.Store(true)
				ctx, cancel := p.Context(t.Context())
				defer cancel()
				assert.Equal(t, lease/3+lease*9/10-lease/2, ended(ctx).Round(time.Microsecond))
				assert.ErrorIs(t, context.Cause(ctx), ratelimit.ErrPermitLost)
				mustBeFull(t, s)
				if name == "the reply is lost" { // the server thinks that it was renewed
					time.Sleep(lease)
				}
				time.Sleep(lease / 10)
				mustTake(t, s)
				failing.Store(false)
				held, err := p.Release(t.Context())
				require.NoError(t, err)
				assert.False(t, held)
				mustBeFull(t, s)
				time.Sleep(time.Hour) // for what answers nothing
			})
		})
	}
}

// However late a reply comes, the lease began when the server executed the request.
func TestALeaseIsCountedFromWhenItIsAskedFor(t *testing.T) {
	for name, test := range map[string]struct{ failing, begun time.Duration }{
		"the first":     {lease / 4, 0},
		"its extension": {lease / 2, lease / 3},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *embedded.Server, store *state.Store) {
				var failing atomic.Bool
				meddle(server.Client(), func(_ context.Context, _ int, send func() error) error {
					if failing.Load() {
						return replyError("OOM command not allowed")
					}
					err := send()
					time.Sleep(lease / 20)
					return err
				})
				time.AfterFunc(test.failing, func() { failing.Store(true) })
				begun := time.Now()
				ctx, cancel := mustTake(t, semaphoreOf(t, store, leader)).Context(t.Context())
				defer cancel()
				ended(ctx)
				assert.Equal(t, test.begun+lease*9/10, time.Since(begun))
			})
		})
	}
}

// replyError is an error reply of a server.
type replyError string

func (e replyError) Error() string { return string(e) }
func (replyError) RedisError()     {}

// A renewal that fails is tried again while there is time, also if it has taken long.
func TestARenewalThatFailsIsTriedAgain(t *testing.T) {
	for name, test := range map[string]struct {
		stalls, refusals, renewals int
		lost                       bool
	}{
		"two get no answer":   {stalls: 2, renewals: 3},
		"three get no answer": {stalls: 3, renewals: 3, lost: true},
		"ten are refused":     {refusals: 10, renewals: 11},
		"twelve are refused":  {refusals: 12, renewals: 12, lost: true},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *embedded.Server, store *state.Store) {
				stalls, refusals := test.stalls, test.refusals
				m := meddle(server.Client(), func(ctx context.Context, script int, send func() error) error {
					switch {
					case script != renews:
					case stalls > 0:
						stalls--
						<-ctx.Done()
						return ctx.Err()
					case refusals > 0:
						refusals--
						return replyError("OOM command not allowed")
					}
					return send()
				})
				p := mustTake(t, semaphoreOf(t, store, leader))
				ctx, cancel := p.Context(t.Context())
				defer cancel()
				time.Sleep(lease*9/10 - time.Millisecond)
				require.NoError(t, ctx.Err())
				assert.Equal(t, test.renewals, m.count(renews))
				time.Sleep(2 * time.Millisecond)
				assert.Equal(t, test.lost, ctx.Err() != nil)
			})
		})
	}
}

// Whoever has lost its permit learns it from the next renewal, which does not bring it back.
func TestARenewalRevivesNothing(t *testing.T) {
	for name, lose := range map[string]func(*testing.T, *embedded.Server){
		"its lease has ended": func(_ *testing.T, server *embedded.Server) { server.SetTime(time.Now().Add(lease)) },
		"the key is gone": func(t *testing.T, server *embedded.Server) {
			require.NoError(t, server.Client().Del(t.Context(), "t:leader:a").Err())
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *embedded.Server, store *state.Store) {
				s := semaphoreOf(t, store, leader)
				p := mustTake(t, s)
				ctx, cancel := p.Context(t.Context())
				defer cancel()
				lose(t, server)
				assert.Equal(t, lease/3, ended(ctx).Round(time.Microsecond))
				assert.ErrorIs(t, context.Cause(ctx), ratelimit.ErrPermitLost)
				assert.Zero(t, inUse(t, s))
				other := mustTake(t, s)
				assert.Greater(t, other.Fence(), p.Fence())
				held, err := p.Release(t.Context())
				require.NoError(t, err)
				assert.False(t, held)
				mustBeFull(t, s)

				late, cancel := p.Context(t.Context())
				defer cancel()
				assert.ErrorIs(t, context.Cause(late), ratelimit.ErrPermitLost, "at once")
			})
		})
	}
}

func TestContextOfAPermit(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *embedded.Server, store *state.Store) {
		p := mustTake(t, semaphoreOf(t, store, leader))
		type key struct{}
		parent, end := context.WithCancelCause(context.WithValue(t.Context(), key{}, 1))
		ctx, cancel := p.Context(parent)
		defer cancel()
		assert.Equal(t, 1, ctx.Value(key{}))
		own := errors.New("own")
		end(own)
		<-ctx.Done()
		assert.ErrorIs(t, context.Cause(ctx), own)

		ctx, cancel = p.Context(t.Context())
		cancel()
		assert.ErrorIs(t, ctx.Err(), context.Canceled)
		assert.NotErrorIs(t, context.Cause(ctx), ratelimit.ErrPermitLost)
		mustRelease(t, p)
	})
}

// The timers of a store that is closed end by themselves.
func TestClosingTheStoreLosesItsPermits(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *embedded.Server, store *state.Store) {
		p := mustTake(t, semaphoreOf(t, store, leader))
		ctx, cancel := p.Context(t.Context())
		defer cancel()
		require.NoError(t, store.Close())
		assert.Equal(t, lease/3, ended(ctx).Round(time.Microsecond))
		assert.ErrorIs(t, context.Cause(ctx), ratelimit.ErrPermitLost)
		_, err := p.Release(t.Context())
		assert.ErrorIs(t, err, state.ErrClosed)
	})
}
