package ratelimit_test

import (
	"flag"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state/ratelimit"
)

var (
	rounds    = flag.Int("rounds", 60, "how many calls a randomised test makes with each seed")
	firstSeed = flag.Uint64("seed", 0, "the first seed of a randomised test")
)

// wait lets some time pass, often one at the edge of what the last decision says.
func (l *lab) wait(d ratelimit.Decision) {
	l.Helper()
	usage := ratelimit.Usage{}
	if len(d.Limits) > 0 {
		usage = d.Limits[l.IntN(len(d.Limits))]
	}
	per := usage.Limit.Per().Microseconds()
	edges := []time.Duration{d.RetryAfter, usage.RetryAfter, usage.NextAfter, usage.ResetAfter}
	switch edge := edges[l.IntN(len(edges))]; l.IntN(8) {
	case 0, 1:
		return
	case 2:
		l.pass(l.within(per * 2))
	case 3, 4:
		l.pass(l.within(per/max(1, usage.Limit.N()) + 1))
	case 5:
		l.pass(l.within(per/32 + 2))
	default:
		if edge > 0 && edge != ratelimit.Never {
			l.pass(max(0, edge.Microseconds()-1+l.Int64N(3)))
		}
	}
}

// someTokens returns for how many tokens to ask.
func (j *judge) someTokens() int64 {
	limit := j.limits[j.IntN(len(j.limits))]
	switch j.IntN(8) {
	case 0:
		return limit.Capacity() + j.Int64N(2)
	case 1:
		return 1 + j.within(limit.Capacity()*2)
	case 2, 3:
		return 1 + j.within(limit.Capacity()/4)
	default:
		return 1
	}
}

// TestEveryDecisionIsWhatTheModelSays makes random calls at random times of subjects with
// random limits. It finds no grant too many in any interval, none too few by more than a
// slot, nothing said of the future that does not come true, and nothing changed by a call
// that was denied.
func TestEveryDecisionIsWhatTheModelSays(t *testing.T) {
	t.Parallel()
	eachSeed(t, 40, func(_ *testing.T, l *lab) {
		j := newJudge(l, l.someLimits(4)...)
		d := ratelimit.Decision{}
		for range *rounds {
			l.wait(d)
			switch l.IntN(10) {
			case 0:
				d = j.allowUpTo(j.someTokens() + j.within(3))
			case 1:
				j.peeks()
			default:
				d = j.allowN(j.someTokens())
			}
		}
		for i, m := range j.models {
			if w, ok := m.(*windowModel); ok {
				n, end := w.most()
				require.LessOrEqual(l, n, w.n, "%v up to %d", j.limits[i], end)
			}
		}
	})
}

// peeks holds a Peek against an Allow on a copy of the subject.
func (j *judge) peeks() {
	j.Helper()
	before := j.stored()
	got := j.peek(j.limiter)
	require.Equal(j, before, j.stored(), "Peek changes nothing")
	want := j.allow(j.later(0, j.limits...), 1)
	require.Equal(j, want.Allowed, got.Allowed)
	require.Equal(j, want.RetryAfter, got.RetryAfter)
	require.Equal(j, want.ServerTime, got.ServerTime)
	for i, u := range got.Limits {
		require.Equal(j, want.Limits[i].Denied, u.Denied)
		require.Equal(j, want.Limits[i].RetryAfter, u.RetryAfter)
		if !j.lax {
			require.GreaterOrEqual(j, u.Remaining, max(0, j.models[i].must(j.truth)))
		}
		require.LessOrEqual(j, u.Remaining, max(0, j.models[i].may(j.truth)))
	}
	require.Equal(j, before, j.stored())
}

// Under more demand than there is, a window grants nearly as much as it may, and a bucket
// all of it.
func TestDemandIsServedAtTheRateOfTheLimit(t *testing.T) {
	t.Parallel()
	const pers = 4
	per := time.Second
	for _, c := range []struct {
		limit ratelimit.Limit
		want  int64
	}{
		{ratelimit.Window("w", 50, per).WithSlots(4), 50 * pers * 4 / 5},
		{ratelimit.Window("w", 50, per).WithSlots(16), 50 * pers * 16 / 17},
		{ratelimit.Window("w", 50, per), 50 * pers * 32 / 33},
		{ratelimit.Bucket("b", 50, per).WithBurst(3), 50*pers + 3 - 1},
	} {
		t.Run(c.limit.String(), func(t *testing.T) {
			t.Parallel()
			l := newLab(t, 1)
			limiter := l.limiter(c.limit)
			granted := int64(0)
			for end := l.truth + pers*per.Microseconds(); l.truth < end; l.pass(1 + l.within(2*per.Microseconds()/200)) {
				granted += l.allow(limiter, 1).Granted
			}
			require.GreaterOrEqual(t, granted, c.want)
			if !isWindow(c.limit) {
				require.LessOrEqual(t, granted, c.want+1)
			}
		})
	}
}
