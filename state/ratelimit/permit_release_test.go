package ratelimit_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

func TestReleaseMayBeRepeated(t *testing.T) {
	inBubble(t, func(t *testing.T, server *embedded.Server, store *state.Store) {
		var failing atomic.Bool
		m := meddle(server.Client(), func(_ context.Context, script int, send func() error) error {
			if failing.Load() && script == releases {
				return replyError("OOM command not allowed")
			}
			return send()
		})
		s := semaphoreOf(t, store, leader)
		p := mustTake(t, s)
		ctx, cancel := p.Context(t.Context())
		defer cancel()
		failing.Store(true)
		_, err := p.Release(t.Context())
		require.ErrorIs(t, err, state.ErrOutOfMemory)
		<-ctx.Done() // nevertheless
		assert.Equal(t, 1, inUse(t, s))
		failing.Store(false)
		sent := m.count(releases)
		for range 3 {
			mustRelease(t, p)
		}
		assert.Equal(t, sent+1, m.count(releases))
		other := mustTake(t, s)
		mustRelease(t, p)
		assert.Equal(t, 1, inUse(t, s), "that is another's")

		over, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = other.Release(over)
		require.ErrorIs(t, err, context.Canceled)
		mustRelease(t, other)
	})
}

func TestReleaseOfAPermitWhoseLeaseHasEnded(t *testing.T) {
	inBubble(t, func(t *testing.T, server *embedded.Server, store *state.Store) {
		p := mustTake(t, semaphoreOf(t, store, leader))
		server.SetTime(time.Now().Add(lease))
		held, err := p.Release(t.Context())
		require.NoError(t, err)
		assert.False(t, held)
		members, err := server.Client().ZCard(t.Context(), "t:leader:a").Result()
		require.NoError(t, err)
		assert.EqualValues(t, 1, members, "the fencing number alone")
	})
}

// Two calls at the same time do it once, and neither waits longer than its context.
func TestReleaseTwiceAtTheSameTime(t *testing.T) {
	inBubble(t, func(t *testing.T, server *embedded.Server, store *state.Store) {
		meddle(server.Client(), func(_ context.Context, script int, send func() error) error {
			if script == releases {
				time.Sleep(2 * time.Second)
			}
			return send()
		})
		p := mustTake(t, semaphoreOf(t, store, leader))
		results := make(chan bool, 2)
		for range 2 {
			go func() {
				held, err := p.Release(t.Context())
				results <- held && err == nil
			}()
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := p.Release(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.True(t, <-results)
		assert.True(t, <-results)
	})
}
