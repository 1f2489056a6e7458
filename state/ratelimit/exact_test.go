package ratelimit_test

import (
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// plain returns the limit as one that is no shadow.
func plain(l ratelimit.Limit) ratelimit.Limit {
	if isWindow(l) {
		return ratelimit.Window(l.Name(), l.N(), l.Per()).WithSlots(int(slotsOf(l)))
	}
	return ratelimit.Bucket(l.Name(), l.N(), l.Per()).WithBurst(l.Capacity())
}

// probe tries out whether what a limit's usage says of a call for n tokens is true to
// the microsecond, as long as nobody else calls. The other limits of the subject are there
// too, as what is stored of them can tell that the clock was set back, and deny nothing.
func (l *lab) probe(u ratelimit.Usage, n int64, others ...ratelimit.Limit) {
	l.Helper()
	limit := plain(u.Limit)
	limits := []ratelimit.Limit{limit}
	for _, other := range others {
		if other.Name() != limit.Name() {
			limits = append(limits, other.AsShadow())
		}
	}
	at := func(after time.Duration) *ratelimit.Limiter[string] { return l.later(after, limits...) }
	usage := func(after time.Duration) ratelimit.Usage { return l.peek(at(after)).Limits[0] }

	require.Equal(l, u.Remaining, l.upTo(at(0), limit.Capacity()+1).Granted, "%v: Remaining is what can be granted", limit)
	if u.NextAfter > 0 {
		require.Equal(l, u.Remaining, usage(u.NextAfter-time.Microsecond).Remaining, "%v: before NextAfter", limit)
		require.Greater(l, usage(u.NextAfter).Remaining, u.Remaining, "%v: at NextAfter", limit)
	}
	if u.ResetAfter > 0 {
		require.Less(l, usage(u.ResetAfter-time.Microsecond).Remaining, limit.Capacity(), "%v: before ResetAfter", limit)
	}
	reset := usage(u.ResetAfter)
	require.Equal(l, limit.Capacity(), reset.Remaining, "%v: at ResetAfter", limit)
	require.Zero(l, reset.ResetAfter, "%v: at ResetAfter", limit)
	require.Zero(l, reset.NextAfter, "%v: at ResetAfter", limit)
	require.Equal(l, u.ResetAfter == 0, u.NextAfter == 0, "%v: NextAfter and ResetAfter are 0 together", limit)

	switch {
	case !u.Denied:
		require.Zero(l, u.RetryAfter, "%v: not denied", limit)
	case n > limit.Capacity():
		require.Equal(l, ratelimit.Never, u.RetryAfter, "%v: more than it can have", limit)
	default:
		require.Positive(l, u.RetryAfter, "%v: denied", limit)
		require.False(l, l.allow(at(u.RetryAfter-time.Microsecond), n).Allowed, "%v: before RetryAfter", limit)
		require.True(l, l.allow(at(u.RetryAfter), n).Allowed, "%v: at RetryAfter", limit)
	}
}

// Issue trackers of other limiters tell of rates for which a floating-point bucket
// forgets a token.
func TestRemainingIsExactForEveryRate(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	for rate := int64(1); rate <= 200; rate++ {
		for _, limit := range []ratelimit.Limit{
			ratelimit.Bucket("b", rate, time.Second), ratelimit.Window("w", rate, time.Second),
		} {
			limiter := l.limiter(limit)
			require.NoError(t, limiter.Reset(t.Context(), subject))
			for used := int64(1); used <= min(rate, 3); used++ {
				d := l.allow(limiter, 1)
				assert.True(t, d.Allowed, limit)
				assert.Equal(t, rate-used, d.Limits[0].Remaining, limit)
			}
			l.probe(l.peek(limiter).Limits[0], 1)
		}
	}
}

func TestACallForMoreThanThereCanBeIsNeverGranted(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	limiter := l.limiter(
		ratelimit.Window("w", 7, time.Minute), ratelimit.Bucket("b", 3, time.Hour).WithBurst(9))
	for range 2 {
		d := l.allow(limiter, 8)
		assert.False(t, d.Allowed)
		assert.Zero(t, d.Granted)
		assert.Equal(t, ratelimit.Never, d.RetryAfter)
		assert.Equal(t, "w", d.DecidedBy)
		assert.Equal(t, ratelimit.Never, d.Limits[0].RetryAfter)
		assert.EqualValues(t, 7, d.Limits[0].Remaining)
		assert.False(t, d.Limits[1].Denied)
	}
	assert.EqualValues(t, 7, l.upTo(limiter, 8).Granted)
}

func TestAnInvalidNumberOfTokensIsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	limiter := l.limiter(ratelimit.Window("w", 7, time.Minute))
	l.allow(limiter, 2)
	before := l.stored()
	for _, n := range []int64{0, -1, -5, -1 << 63} {
		_, err := limiter.AllowN(t.Context(), subject, n)
		assert.ErrorIs(t, err, ratelimit.ErrTokens, n)
		_, err = limiter.AllowUpTo(t.Context(), subject, n)
		assert.ErrorIs(t, err, ratelimit.ErrTokens, n)
		_, err = limiter.Reserve(t.Context(), subject, n)
		assert.ErrorIs(t, err, ratelimit.ErrTokens, n)
		_, err = limiter.WaitN(t.Context(), subject, n)
		assert.ErrorIs(t, err, ratelimit.ErrTokens, n)
	}
	assert.Equal(t, before, l.stored())
}

// A number of tokens that no double of the server's script holds is not rounded.
func TestAHugeNumberOfTokensIsNotRounded(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	const most = 1 << 52
	limiter := l.limiter(ratelimit.Window("w", most, time.Minute))
	assert.False(t, l.allow(limiter, most+1).Allowed)
	assert.Equal(t, ratelimit.Never, l.allow(limiter, 1<<62+1).RetryAfter)
	assert.Equal(t, ratelimit.Never, l.allow(limiter, 1<<63-1).RetryAfter)
	assert.EqualValues(t, most-1, l.allow(limiter, 1).Limits[0].Remaining)
	assert.False(t, l.allow(limiter, most).Allowed)
	assert.EqualValues(t, most-1, l.upTo(limiter, 1<<63-1).Granted)
	assert.False(t, l.allow(limiter, 1).Allowed)
	l.pass(time.Minute.Microseconds())
	assert.Zero(t, l.allow(limiter, most).Limits[0].Remaining)
}

// TestACallForAllThatThereCouldEverBeIsCountedExactly asks each server, as they write large
// numbers in their own ways.
func TestACallForAllThatThereCouldEverBeIsCountedExactly(t *testing.T) {
	t.Parallel()
	_, here := newServer(t)
	there := storeOn(t, redistest.Start(t).Client(t))
	t.Cleanup(func() { require.NoError(t, there.Close()) })
	for name, store := range map[string]*state.Store{"embedded": here, "Redis": there} {
		some, err := ratelimit.New(store, family(ratelimit.Window("w", 10, time.Hour)), ratelimit.Options{})
		require.NoError(t, err)
		free, err := some.With(ratelimit.Window("w", 10, time.Hour).AsShadow(), ratelimit.Bucket("b", 7, time.Hour).AsShadow())
		require.NoError(t, err)
		for _, n := range []int64{1<<52 + 1, 1<<53 + 1, 1<<62 + 1, math.MaxInt64} {
			who := strconv.FormatInt(n, 10)
			d, err := some.AllowN(t.Context(), who, n, ratelimit.OpID("all"))
			require.NoError(t, err, name)
			assert.False(t, d.Allowed, name)
			assert.Equal(t, ratelimit.Never, d.RetryAfter, name)
			for _, want := range []ratelimit.Source{ratelimit.FromServer, ratelimit.FromReceipt} {
				d, err = some.AllowUpTo(t.Context(), who, n, ratelimit.OpID("some"))
				require.NoError(t, err, name)
				assert.EqualValues(t, 10, d.Granted, name)
				assert.Equal(t, want, d.Source, name)

				d, err = free.AllowN(t.Context(), who, n, ratelimit.OpID("free"))
				require.NoError(t, err, name)
				assert.Equal(t, n, d.Granted, name)
				assert.Equal(t, want, d.Source, name)
			}
			d, err = free.AllowUpTo(t.Context(), who, n)
			require.NoError(t, err, name)
			assert.Equal(t, n, d.Granted, name)
			assert.Zero(t, d.Limits[0].Remaining, name)
		}
	}
}
