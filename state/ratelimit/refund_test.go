package ratelimit_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// reserve is Reserve, which must not fail.
func (l *lab) reserve(limiter *ratelimit.Limiter[string], n int64, opts ...ratelimit.CallOption) *ratelimit.Reservation {
	l.Helper()
	r, err := limiter.Reserve(l.Context(), subject, n, opts...)
	require.NoError(l, err)
	return r
}

// refund is RefundN, which must not fail.
func (l *lab) refund(r *ratelimit.Reservation, n int64) bool {
	l.Helper()
	back, err := r.RefundN(l.Context(), n)
	require.NoError(l, err)
	return back
}

// remaining returns what Peek says that the limits have.
func (l *lab) remaining(limiter *ratelimit.Limiter[string]) []int64 {
	l.Helper()
	var all []int64
	for _, u := range l.peek(limiter).Limits {
		all = append(all, u.Remaining)
	}
	return all
}

func TestARefundIsMadeOnce(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	limiter := l.limiter(ratelimit.Window("w", 10, time.Minute), ratelimit.Bucket("b", 20, time.Hour))
	r := l.reserve(limiter, 4, ratelimit.OpID("op"))
	require.True(t, r.Allowed)
	require.Equal(t, []int64{6, 16}, l.remaining(limiter))
	back, err := r.Refund(t.Context())
	require.NoError(t, err)
	assert.True(t, back)
	assert.Equal(t, []int64{10, 20}, l.remaining(limiter))
	l.allow(limiter, 5)
	before := l.stored()
	for range 3 {
		back, err = r.Refund(t.Context())
		require.NoError(t, err)
		assert.True(t, back, "it is back")
		assert.False(t, l.refund(r, 1), "that was another refund")
		assert.Equal(t, before, l.stored(), "a repeat gives nothing back")
	}
	_, err = limiter.Reserve(t.Context(), subject, 4, ratelimit.OpID("op"))
	require.ErrorIs(t, err, ratelimit.ErrRefunded)
	_, err = limiter.Reserve(t.Context(), subject, 5, ratelimit.OpID("op"))
	require.ErrorIs(t, err, ratelimit.ErrOpIDReused)
	assert.Equal(t, before, l.stored())
}

func TestAPartIsGivenBackAndTheRestIsUsed(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	limiter := l.limiter(ratelimit.Window("w", 10, time.Minute), ratelimit.Bucket("b", 20, time.Hour))
	r := l.reserve(limiter, 4)
	assert.False(t, l.refund(r, 0), "nothing")
	for _, n := range []int64{-1, 5} {
		_, err := r.RefundN(t.Context(), n)
		require.ErrorIs(t, err, ratelimit.ErrTokens, n)
	}
	assert.True(t, l.refund(r, 3))
	assert.Equal(t, []int64{9, 19}, l.remaining(limiter))
	assert.True(t, l.refund(r, 3), "it was made already")
	assert.False(t, l.refund(r, 1), "another was made already")
	back, err := r.Refund(t.Context())
	require.NoError(t, err)
	assert.False(t, back, "not all of it")
	assert.Equal(t, []int64{9, 19}, l.remaining(limiter))
}

func TestWhatWasNotTakenIsNotGivenBack(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	limiter := l.limiter(ratelimit.Window("w", 10, time.Minute))
	l.allow(limiter, 8)
	r := l.reserve(limiter, 4)
	require.False(t, r.Allowed)
	require.Positive(t, r.RetryAfter)
	before := l.stored()
	back, err := r.Refund(t.Context())
	require.NoError(t, err)
	assert.False(t, back)
	_, err = r.RefundN(t.Context(), 1)
	require.ErrorIs(t, err, ratelimit.ErrTokens)
	assert.Equal(t, before, l.stored())
}

func TestAZeroReservationHasTakenNothing(t *testing.T) {
	t.Parallel()
	var r ratelimit.Reservation
	back, err := r.Refund(t.Context())
	require.NoError(t, err)
	assert.False(t, back)
	_, err = r.RefundN(t.Context(), 1)
	require.ErrorIs(t, err, state.ErrNoStore)
}

// A reservation of a repeat can give back what the first call took.
func TestARepeatedReservationCanBeRefunded(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	limiter := l.limiter(ratelimit.Window("w", 10, time.Minute))
	l.reserve(limiter, 4, ratelimit.OpID("op"))
	again := l.reserve(limiter, 4, ratelimit.OpID("op"))
	require.Equal(t, ratelimit.FromReceipt, again.Source)
	assert.True(t, l.refund(again, 4))
	assert.Equal(t, []int64{10}, l.remaining(limiter))
}

// TestALateRefundGivesBackWhatStillCounts says for each point in time what a limit of 10
// tokens has after a refund of 4.
func TestALateRefundGivesBackWhatStillCounts(t *testing.T) {
	t.Parallel()
	const unit = 6 * time.Second // in which the bucket gets a token
	bucket := ratelimit.Bucket("b", 10, 10*unit)
	window := ratelimit.Window("w", 10, 10*unit).WithSlots(10)
	for name, c := range map[string]struct {
		limit           ratelimit.Limit
		first, second   int64 // what others take at once before, and just before the refund
		after           time.Duration
		without, after2 int64 // what remains before the refund, and after it
	}{
		"window at once":                 {window, 3, 2, 0, 1, 5},
		"window at the last microsecond": {window, 0, 2, 10*unit - time.Microsecond, 4, 8},
		"window too late":                {window, 0, 2, 10 * unit, 8, 8},
		"window in a slot with another":  {window, 3, 1, unit - time.Microsecond, 2, 6},
		"bucket at once":                 {bucket, 3, 2, 0, 1, 5},
		"bucket behind others":           {bucket, 3, 2, 3 * unit, 4, 8},
		"bucket half":                    {bucket, 3, 2, 5 * unit, 6, 8},
		"bucket too late":                {bucket, 3, 2, 7 * unit, 8, 8},
		"bucket alone half":              {bucket, 0, 2, 2 * unit, 6, 8},
		"bucket alone too late":          {bucket, 0, 2, 4 * unit, 8, 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, 1)
			limiter := l.limiter(c.limit)
			if c.first > 0 {
				l.allow(limiter, c.first)
			}
			r := l.reserve(limiter, 4)
			require.True(t, r.Allowed)
			l.pass(c.after.Microseconds())
			require.True(t, l.allow(limiter, c.second).Allowed)
			require.Equal(t, []int64{c.without}, l.remaining(limiter))
			assert.True(t, l.refund(r, 4))
			assert.Equal(t, []int64{c.after2}, l.remaining(limiter))
			l.probe(l.peek(limiter).Limits[0], 1)
		})
	}
}

func TestARefundIsTooLateAfterItsReceipt(t *testing.T) {
	t.Parallel()
	for after, want := range map[time.Duration]bool{time.Minute - time.Microsecond: true, time.Minute: false} {
		l := newLab(t, 1)
		limiter, err := ratelimit.New(l.store, family(ratelimit.Window("w", 10, time.Hour)),
			ratelimit.Options{ReceiptTTL: time.Minute})
		require.NoError(t, err)
		r := l.reserve(limiter, 4)
		l.pass(after.Microseconds())
		assert.Equal(t, want, l.refund(r, 4), after)
		assert.Equal(t, want, l.remaining(limiter)[0] == 10, after)
	}
}

// TestARefundAfterAResetGivesNothingBack has what is taken after the reset stay taken.
func TestARefundAfterAResetGivesNothingBack(t *testing.T) {
	t.Parallel()
	for _, names := range [][]string{nil, {"w", "b"}, {"w"}, {"b"}} {
		for _, pause := range []time.Duration{0, time.Millisecond} {
			l := newLab(t, 1)
			limiter := l.limiter(ratelimit.Window("w", 10, time.Minute), ratelimit.Bucket("b", 20, time.Hour))
			for range 2 { // nor what was reserved after another reset
				r := l.reserve(limiter, 4)
				l.pass(pause.Microseconds())
				require.NoError(t, limiter.Reset(t.Context(), subject, names...))
				before := l.remaining(limiter)
				require.True(t, l.allow(limiter, 5).Allowed)
				l.pass(pause.Microseconds())
				assert.Equal(t, names != nil, l.refund(r, 4), "the rest is back, if there is any")
				for i, left := range l.remaining(limiter) {
					if names == nil || slices.Contains(names, []string{"w", "b"}[i]) {
						assert.Equal(t, before[i]-5, left, "%v after %v", names, pause)
					} else {
						assert.Equal(t, before[i]-1, left, "%v after %v", names, pause)
					}
				}
				require.NoError(t, limiter.Reset(t.Context(), subject, "w", "b"))
			}
		}
	}
}

// TestARefundNeverLetsMorePassThanTheLimits reserves, refunds and resets at random. What
// was refunded was not used, so the tokens that were used must keep to the limits, and what
// a window has given back must be there for others.
func TestARefundNeverLetsMorePassThanTheLimits(t *testing.T) {
	t.Parallel()
	eachSeed(t, 40, func(t *testing.T, l *lab) {
		limits := l.someLimits(3)
		t.Logf("limits %v", limits)
		ttl := time.Duration(l.within(longest(limits)*2)+1000) * time.Microsecond
		limiter, err := ratelimit.New(l.store, family(limits[0]), ratelimit.Options{ReceiptTTL: ttl})
		require.NoError(t, err)
		r := &refunds{lab: l, limiter: l.with(limiter, limits...), limits: limits, ttl: ttl.Microseconds()}
		for _, limit := range limits {
			counted := newModel(limit)
			if !isWindow(limit) {
				counted = &queueModel{bucketModel: newBucketModel(limit)}
			}
			r.used, r.counted = append(r.used, newModel(limit)), append(r.counted, counted)
		}
		d := ratelimit.Decision{}
		for range *rounds {
			l.wait(d)
			switch {
			case l.IntN(40) == 0:
				r.reset()
			case len(r.made) > 0 && l.IntN(2) == 0:
				r.refund()
			default:
				d = r.reserve(1 + l.within(limits[0].Capacity()/int64(1+l.IntN(4))))
			}
		}
	})
}

// longest returns the longest per of limits in microseconds.
func longest(limits []ratelimit.Limit) (per int64) {
	for _, l := range limits {
		per = max(per, l.Per().Microseconds())
	}
	return per
}

// refunds holds reservations and refunds against models of what was used.
type refunds struct {
	*lab
	limiter *ratelimit.Limiter[string]
	limits  []ratelimit.Limit
	ttl     int64
	// used says what was used, and counted what is counted of it.
	used, counted []model
	made          []*reserved
}

type reserved struct {
	*ratelimit.Reservation
	at       int64
	grants   [][2]*grant // of used and of counted
	refunded int64
	reset    bool
}

func (r *refunds) reserve(n int64) ratelimit.Decision {
	r.Helper()
	made := r.lab.reserve(r.limiter, n)
	one := &reserved{Reservation: made, at: r.truth}
	for i, u := range made.Limits {
		most := r.used[i].may(r.truth)
		if !u.Denied {
			require.LessOrEqual(r, n, most, "%v at %d", u.Limit, r.truth)
		} else {
			require.Greater(r, n, r.counted[i].must(r.truth), "%v at %d", u.Limit, r.truth)
		}
		if made.Allowed && !u.Denied {
			one.grants = append(one.grants, [2]*grant{r.used[i].granted(r.truth, n), r.counted[i].granted(r.truth, n)})
		} else {
			one.grants = append(one.grants, [2]*grant{})
		}
		require.LessOrEqual(r, u.Remaining, max(0, r.counted[i].may(r.truth)))
		require.GreaterOrEqual(r, u.Remaining, r.counted[i].must(r.truth))
	}
	if made.Allowed {
		r.made = append(r.made, one)
	}
	return made.Decision
}

func (r *refunds) refund() {
	r.Helper()
	one := r.made[r.IntN(len(r.made))]
	if r.IntN(2) == 0 {
		one = r.made[len(r.made)-1]
	}
	n := 1 + r.within(one.Granted-1)
	if r.IntN(2) == 0 {
		n = one.Granted
	}
	before := r.stored()
	back := r.lab.refund(one.Reservation, n)
	known := r.truth < one.at+r.ttl && !one.reset
	require.Equal(r, known && (one.refunded == 0 || one.refunded == n), back, "it says whether that many are back")
	if !back || one.refunded > 0 {
		require.Equal(r, before, r.stored(), "it gives nothing back")
		return
	}
	one.refunded = n
	for i, g := range one.grants {
		if g[0] != nil {
			r.used[i].refunded(g[0], n)
			r.counted[i].refunded(g[1], n)
		}
	}
}

// reset forgets a limit, or all. The grants of before are not in the models any more.
func (r *refunds) reset() {
	r.Helper()
	i := r.IntN(len(r.limits) + 1)
	if i < len(r.limits) {
		require.NoError(r, r.limiter.Reset(r.Context(), subject, r.limits[i].Name()))
		r.used[i].reset()
		r.counted[i].reset()
		return
	}
	require.NoError(r, r.limiter.Reset(r.Context(), subject))
	for i := range r.limits {
		r.used[i].reset()
		r.counted[i].reset()
	}
	for _, one := range r.made {
		one.reset = true
	}
}

// What drains from a bucket drains sooner once what was before it is given back.
func TestARefundKnowsOfEarlierRefunds(t *testing.T) {
	t.Parallel()
	const unit = time.Second
	l := newLab(t, 1)
	limiter := l.limiter(ratelimit.Bucket("b", 10, 10*unit))
	first, second := l.reserve(limiter, 5), l.reserve(limiter, 5)
	require.True(t, l.refund(first, 5))
	l.pass(5 * unit.Microseconds())
	require.Equal(t, []int64{10}, l.remaining(limiter), "the second has drained")
	l.allow(limiter, 5)
	require.True(t, l.refund(second, 5))
	assert.Equal(t, []int64{5}, l.remaining(limiter))
}

func TestRefundsInAnyOrderGiveAllBack(t *testing.T) {
	t.Parallel()
	for _, order := range [][]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		l := newLab(t, 1)
		limiter := l.limiter(ratelimit.Window("w", 11, 2*time.Hour), ratelimit.Bucket("b", 10, time.Hour))
		var made []*ratelimit.Reservation
		for range 3 {
			made = append(made, l.reserve(limiter, 3))
			l.pass(time.Second.Microseconds())
		}
		for i, which := range order {
			require.True(t, l.refund(made[which], 3))
			require.Equal(t, []int64{int64(5 + 3*i), int64(4 + 3*i)}, l.remaining(limiter), order)
		}
	}
}

// What a subject keeps is bounded, also if many tokens are given back in an order in which
// nothing comes together.
func TestManyRefundsOutOfOrderKeepTheSubjectSmall(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	limit := ratelimit.Bucket("b", 200, time.Hour)
	limiter := l.limiter(limit)
	var made []*ratelimit.Reservation
	for range 200 {
		made = append(made, l.reserve(limiter, 1))
	}
	for i := 1; i < 200; i += 2 {
		require.True(t, l.refund(made[i], 1))
		require.Less(t, len(l.stored()["b"]), 1000)
		require.Equal(t, int64((i+1)/2), l.remaining(limiter)[0])
	}
	for i := 0; i < 200; i += 2 {
		require.True(t, l.refund(made[i], 1))
		require.LessOrEqual(t, l.remaining(limiter)[0], int64(100+(i+2)/2))
	}
	assert.GreaterOrEqual(t, l.remaining(limiter)[0], int64(130), "all that there was room to remember")
	l.probe(l.peek(limiter).Limits[0], 1)
}
