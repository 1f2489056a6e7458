package ratelimit_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// A call that Redis did not decide may have been counted, so to make it again can count twice.
func TestWaitDoesNotAskAgainWhereAPolicyHasDenied(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	p := redistest.StartProxy(t, srv.Addr())
	o := srv.Options()
	o.Addr = p.Addr()
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	f := faulty{client: client, admins: []*redis.Client{srv.Client(t)}, setFault: p.SetFault}
	limiter, err := ratelimit.New(f.store(t, false), family(ratelimit.Window("w", 9, time.Hour)),
		ratelimit.Options{OnFailure: ratelimit.FailClosed})
	require.NoError(t, err)
	_, err = limiter.Peek(t.Context(), subject)
	require.NoError(t, err)

	before := f.executed(t)
	first := true
	p.SetFault(func(request []string) redistest.Fault {
		if lost := loses(redistest.DropReply)(request); first && lost != redistest.Pass {
			first = false
			return lost
		}
		return redistest.Pass
	})
	d, err := limiter.Wait(t.Context(), subject)
	require.ErrorIs(t, err, state.ErrUnknownOutcome)
	assert.False(t, d.Allowed)
	assert.EqualValues(t, 1, f.executed(t)-before)
	p.SetFault(nil)
	d, err = limiter.Peek(t.Context(), subject)
	require.NoError(t, err)
	assert.EqualValues(t, 8, d.Limits[0].Remaining)

	require.NoError(t, f.admins[0].Set(t.Context(), key, "no hash", 0).Err())
	d, err = limiter.Wait(t.Context(), subject)
	require.ErrorIs(t, err, state.ErrWrongType)
	assert.False(t, d.Allowed)
}

// Wait adds some time at random, so it is tried for many subjects.
func TestWaitUsesWhatItsContextLeavesAfterRetryAfter(t *testing.T) {
	inBubble(t, func(t *testing.T, _ *embedded.Server, store *state.Store) {
		limiter, err := ratelimit.New(store, family(ratelimit.Bucket("b", 1, 500*time.Millisecond)), ratelimit.Options{})
		require.NoError(t, err)
		for i := range 30 {
			who := strconv.Itoa(i)
			_, err := limiter.Allow(t.Context(), who)
			require.NoError(t, err)
			d, err := limiter.Peek(t.Context(), who)
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), d.RetryAfter+10*time.Millisecond)
			d, err = limiter.Wait(ctx, who)
			require.NoError(t, err)
			require.True(t, d.Allowed)
			cancel()

			begun := time.Now()
			ctx, cancel = context.WithTimeout(t.Context(), 499*time.Millisecond)
			_, err = limiter.Wait(ctx, who)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Zero(t, time.Since(begun), "it is in vain")
			cancel()
		}
	})
}
