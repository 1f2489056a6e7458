package ratelimit_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// TestTheEndOfTheCallersTimeIsAnErrorUnderEachPolicy makes many calls, as a socket can time out
// an instant before its context has ended.
func TestTheEndOfTheCallersTimeIsAnErrorUnderEachPolicy(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	store := storeOn(t, srv.Client(t))
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	_, err := store.Client().Ping(t.Context()).Result()
	require.NoError(t, err)
	srv.Pause(t)
	defer srv.Resume(t)
	for _, policy := range []ratelimit.FailurePolicy{ratelimit.FailOpen, ratelimit.FailClosed} {
		limiter, err := ratelimit.New(store, family(ratelimit.Window("w", 9, time.Hour)),
			ratelimit.Options{OnFailure: policy, Timeout: time.Minute})
		require.NoError(t, err)
		for range 100 {
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
			d, err := limiter.Allow(ctx, subject)
			cancel()
			require.ErrorIs(t, err, context.DeadlineExceeded, "%v", d)
			require.False(t, d.Allowed)
			ctx, cancel = context.WithTimeout(t.Context(), 5*time.Millisecond)
			ds, err := limiter.AllowMany(ctx, ratelimit.Request[string]{Subject: subject})
			cancel()
			require.ErrorIs(t, err, context.DeadlineExceeded, "%v", ds)
		}
	}
}

// outcomes notes what an observer is told of how operations ended.
type outcomes struct {
	mu   sync.Mutex
	errs []error
}

func (o *outcomes) Begin(ctx context.Context, _ state.Operation) (context.Context, func(state.Outcome)) {
	return ctx, func(out state.Outcome) {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.errs = append(o.errs, out.Err)
	}
}

func TestTheObserverIsToldWhyAPolicyDecided(t *testing.T) {
	t.Parallel()
	srv, _ := newServer(t)
	seen := &outcomes{}
	store, err := state.New(srv.Client(), state.Options{Prefix: prefix, EnableSet: true, Observer: seen})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	require.NoError(t, srv.Client().Set(t.Context(), key, "no hash", 0).Err())
	for _, policy := range []ratelimit.FailurePolicy{ratelimit.ReturnError, ratelimit.FailOpen, ratelimit.FailClosed} {
		limiter, err := ratelimit.New(store, family(ratelimit.Window("w", 9, time.Hour)), ratelimit.Options{OnFailure: policy})
		require.NoError(t, err)
		seen.errs = nil
		d, err := limiter.Allow(t.Context(), subject)
		require.Equal(t, policy == ratelimit.ReturnError, err != nil)
		require.Equal(t, policy == ratelimit.FailOpen, d.Allowed)
		require.Len(t, seen.errs, 1)
		require.ErrorIs(t, seen.errs[0], state.ErrWrongType)
		_, err = limiter.Allow(t.Context(), "another")
		require.NoError(t, err)
		require.Len(t, seen.errs, 2)
		assert.NoError(t, seen.errs[1])

		_, err = limiter.AllowMany(t.Context(), ratelimit.Request[string]{Subject: subject}, ratelimit.Request[string]{Subject: "another"})
		require.Equal(t, policy == ratelimit.ReturnError, err != nil)
		require.Len(t, seen.errs, 3)
		assert.ErrorIs(t, seen.errs[2], state.ErrWrongType)
	}
}
