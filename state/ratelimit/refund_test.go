package ratelimit_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
		assert.True(t, l.refund(r, 1))
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
	for _, n := range []int64{0, -1, 5} {
		_, err := r.RefundN(t.Context(), n)
		require.ErrorIs(t, err, ratelimit.ErrTokens, n)
	}
	assert.True(t, l.refund(r, 3))
	assert.Equal(t, []int64{9, 19}, l.remaining(limiter))
	assert.True(t, l.refund(r, 1), "it was made already")
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
			r := l.reserve(limiter, 4)
			l.pass(pause.Microseconds())
			require.NoError(t, limiter.Reset(t.Context(), subject, names...))
			require.True(t, l.allow(limiter, 5).Allowed)
			l.pass(pause.Microseconds())
			back := l.refund(r, 4)
			left := l.remaining(limiter)
			switch len(names) {
			case 1:
				assert.Equal(t, []int64{5, 15}, left, "%v: each has only what was taken after", names)
			default:
				assert.Equal(t, []int64{5, 15}, left, names)
			}
			if names == nil {
				assert.False(t, back)
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
		limiter, err := ratelimit.New(l.store, family(limits...), ratelimit.Options{ReceiptTTL: ttl})
		require.NoError(t, err)
		r := &refunds{lab: l, limiter: limiter, limits: limits, ttl: ttl.Microseconds()}
		for _, limit := range limits {
			r.used, r.taken = append(r.used, newModel(limit)), append(r.taken, newModel(limit))
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
				d = r.reserve(1 + l.within(limits[0].Capacity()))
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
	// used is without what was refunded, and taken with it.
	used, taken []model
	made        []*reserved
}

type reserved struct {
	*ratelimit.Reservation
	at       int64
	grants   []*grant // of used
	refunded bool
	reset    bool
}

func (r *refunds) reserve(n int64) ratelimit.Decision {
	r.Helper()
	made := r.lab.reserve(r.limiter, n)
	one := &reserved{Reservation: made, at: r.truth}
	for i, u := range made.Limits {
		most := r.used[i].may(r.truth)
		require.LessOrEqual(r, u.Remaining+made.Granted, max(0, most)+made.Granted)
		if !u.Denied {
			require.LessOrEqual(r, n, most, "%v at %d", u.Limit, r.truth)
		} else {
			least := r.taken[i].must(r.truth)
			if isWindow(u.Limit) {
				least = r.used[i].must(r.truth)
			}
			require.Greater(r, n, least, "%v at %d", u.Limit, r.truth)
		}
		if made.Allowed && !u.Denied {
			r.taken[i].granted(r.truth, n)
			one.grants = append(one.grants, r.used[i].granted(r.truth, n))
		} else {
			one.grants = append(one.grants, nil)
		}
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
	n := 1 + r.Int64N(one.Granted)
	before := r.stored()
	back := r.lab.refund(one.Reservation, n)
	require.Equal(r, r.truth < one.at+r.ttl && !one.reset, back)
	if !back || one.refunded {
		require.Equal(r, before, r.stored(), "it gives nothing back")
		return
	}
	one.refunded = true
	for i, g := range one.grants {
		if g != nil {
			r.used[i].refunded(g, n)
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
		r.taken[i].reset()
		return
	}
	require.NoError(r, r.limiter.Reset(r.Context(), subject))
	for i := range r.limits {
		r.used[i].reset()
		r.taken[i].reset()
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
