package ratelimit_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/ratelimit"
)

func TestAcquireWaitsForARelease(t *testing.T) {
	inBubble(t, func(t *testing.T, server *embedded.Server, store *state.Store) {
		m := meddle(server.Client(), nil)
		s := semaphoreOf(t, store, leader)
		first := mustTake(t, s)
		time.AfterFunc(time.Minute, func() { _, _ = first.Release(context.Background()) })
		begun := time.Now()
		p, err := s.Acquire(t.Context(), "a")
		require.NoError(t, err)
		assert.WithinRange(t, time.Now(), begun.Add(time.Minute), begun.Add(time.Minute+time.Second))
		assert.Greater(t, p.Fence(), first.Fence())
		assert.Greater(t, m.count(takes), 60, "each second at least")
		assert.Less(t, m.count(takes), 130, "each half second at most, once it has waited")
		mustRelease(t, p)

		// Who gives it back soon does not have others wait for long.
		first = mustTake(t, s)
		time.AfterFunc(5*time.Millisecond, func() { _, _ = first.Release(context.Background()) })
		begun = time.Now()
		p, err = s.Acquire(t.Context(), "a")
		require.NoError(t, err)
		assert.LessOrEqual(t, time.Since(begun), 20*time.Millisecond)
		mustRelease(t, p)
	})
}

func TestAcquireGetsThePlaceOfADeadHolderAsSoonAsItsLeaseEnds(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *embedded.Server, store *state.Store) {
		s := semaphoreOf(t, store, leader)
		begun := time.Now()
		ratelimit.Kill(mustTake(t, s))
		p, err := s.Acquire(t.Context(), "a")
		require.NoError(t, err)
		assert.WithinRange(t, time.Now(), begun.Add(lease), begun.Add(lease+10*time.Millisecond))
		mustRelease(t, p)
	})
}

func TestAcquireEndsWithItsContext(t *testing.T) {
	inBubble(t, func(t *testing.T, server *embedded.Server, store *state.Store) {
		m := meddle(server.Client(), nil)
		s := semaphoreOf(t, store, leader)
		mustTake(t, s)
		begun := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		p, err := s.Acquire(ctx, "a")
		assert.Nil(t, p)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, ratelimit.ErrFull)
		assert.Equal(t, time.Minute, time.Since(begun))
		synctest.Wait()
		assert.Zero(t, m.count(releases), "there is nothing to give back")

		ctx, stop := context.WithCancelCause(t.Context())
		why := errors.New("why")
		stop(why)
		_, err = s.Acquire(ctx, "a")
		require.ErrorIs(t, err, why)
	})
}

func TestAcquireEndsWithItsStore(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *embedded.Server, store *state.Store) {
		s := semaphoreOf(t, store, leader)
		mustTake(t, s)
		ended := make(chan error)
		go func() {
			_, err := s.Acquire(t.Context(), "a")
			ended <- err
		}()
		synctest.Wait()
		require.NoError(t, store.Close())
		assert.ErrorIs(t, <-ended, state.ErrClosed)
	})
}

// A permit whose lease is over when the reply is here was no permit.
func TestAReplyThatComesAfterTheLeaseIsAskedForAgain(t *testing.T) {
	for name, times := range map[string]int{"once": 1, "always": 99} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, server *embedded.Server, store *state.Store) {
				slow := times
				m := meddle(server.Client(), func(_ context.Context, script int, send func() error) error {
					err := send()
					if script == takes && slow > 0 {
						slow--
						time.Sleep(lease * 95 / 100)
					}
					return err
				})
				s := semaphoreOf(t, store, leader)
				p, err := s.TryAcquire(t.Context(), "a")
				if times > 1 {
					require.ErrorIs(t, err, ratelimit.ErrPermitLost)
					assert.ErrorContains(t, err, "give the family a longer lease")
					assert.Equal(t, 3, m.count(takes))
					synctest.Wait()
					assert.Zero(t, inUse(t, s), "it was given back")
					return
				}
				require.NoError(t, err)
				assert.Equal(t, 1, inUse(t, s))
				time.Sleep(lease)
				assert.Equal(t, 1, inUse(t, s))
				mustRelease(t, p)
			})
		})
	}
}

func TestDo(t *testing.T) {
	inBubble(t, func(t *testing.T, server *embedded.Server, store *state.Store) {
		s := semaphoreOf(t, store, leader)
		own := errors.New("own")
		err := s.Do(t.Context(), "a", func(ctx context.Context, p *ratelimit.Permit) error {
			mustBeFull(t, s)
			assert.NotZero(t, p.Fence())
			assert.NoError(t, ctx.Err())
			return own
		})
		assert.Equal(t, own, err, "as it is")
		assert.Zero(t, inUse(t, s))

		ctx, cancel := context.WithCancel(t.Context())
		require.NoError(t, s.Do(ctx, "a", func(inside context.Context, _ *ratelimit.Permit) error {
			cancel()
			<-inside.Done()
			return nil
		}))
		assert.Zero(t, inUse(t, s), "the caller's context is over, and the permit given back all the same")

		assert.PanicsWithValue(t, "help", func() {
			_ = s.Do(t.Context(), "a", func(context.Context, *ratelimit.Permit) error { panic("help") })
		})
		assert.Zero(t, inUse(t, s))

		require.ErrorIs(t, s.Do(t.Context(), "", nil), state.ErrInvalidKey)
		err = s.Do(t.Context(), "a", func(ctx context.Context, _ *ratelimit.Permit) error {
			server.SetTime(time.Now().Add(lease))
			<-ctx.Done()
			return context.Cause(ctx)
		})
		assert.Equal(t, ratelimit.ErrPermitLost, err)
	})
}

// names notes the operations that an observer is told of.
type names struct {
	mu   sync.Mutex
	seen []string
}

func (n *names) Begin(ctx context.Context, o state.Operation) (context.Context, func(state.Outcome)) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.seen = append(n.seen, o.Name+" "+o.Family)
	return ctx, nil
}

func TestTheObserverIsToldOfEachCallAndRenewal(t *testing.T) {
	inBubble(t, func(t *testing.T, server *embedded.Server, _ *state.Store) {
		n := &names{}
		store, err := state.New(server.Client(), state.Options{EnableSet: true, Observer: n})
		require.NoError(t, err)
		s := semaphoreOf(t, store, leader)
		p := mustTake(t, s)
		time.Sleep(lease * 3 / 4)
		time.AfterFunc(time.Second, func() { _, _ = p.Release(context.Background()) })
		other, err := s.Acquire(t.Context(), "a")
		require.NoError(t, err)
		mustRelease(t, other)
		time.Sleep(lease)
		assert.Zero(t, inUse(t, s))
		want := []string{"TryAcquire", "Renew", "Renew", "Acquire", "Release", "Release", "InUse"}
		for i := range want {
			want[i] += " leader:<shard>"
		}
		assert.Equal(t, want, n.seen)
	})
}

func TestARenewalUnderWayEndsWithItsPermit(t *testing.T) {
	inBubble(t, func(t *testing.T, server *embedded.Server, _ *state.Store) {
		meddle(server.Client(), func(ctx context.Context, script int, send func() error) error {
			if script == renews {
				<-ctx.Done()
				return ctx.Err()
			}
			return send()
		})
		n := &names{}
		store, err := state.New(server.Client(), state.Options{EnableSet: true, Observer: n})
		require.NoError(t, err)
		p := mustTake(t, semaphoreOf(t, store, leader))
		time.Sleep(lease/3 + time.Second)
		mustRelease(t, p)
		time.Sleep(2 * lease)
		assert.Equal(t, []string{"TryAcquire leader:<shard>", "Renew leader:<shard>", "Release leader:<shard>"}, n.seen)
	})
}
