package ratelimit_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state/ratelimit"
)

// someStep returns how far a clock is set, from milliseconds to days.
func (l *lab) someStep() int64 {
	return 1 + l.within([]int64{1e3, 1e5, 1e6, 1e8, 3 * 86400e6}[l.IntN(5)])
}

// shortest returns the shortest time in which a limit that was used up is unused again, in
// microseconds, but for slots.
func shortest(limits []ratelimit.Limit) int64 {
	least := int64(math.MaxInt64)
	for _, l := range limits {
		least = min(least, l.Per().Microseconds()*l.Capacity()/l.N())
	}
	return least
}

// blocked returns the longest that an emptied limit may take to grant one token again after
// a step back, and the longest to grant all.
func blocked(limits []ratelimit.Limit) (one, all int64) {
	for _, l := range limits {
		per := l.Per().Microseconds()
		if isWindow(l) {
			m := newWindowModel(l)
			one, all = max(one, per+m.late), max(all, per+m.late)
			continue
		}
		one = max(one, per/l.N()+1)
		all = max(all, per*l.Capacity()/l.N()+1)
	}
	return one + shortest(limits), all + shortest(limits)
}

// TestAClockThatIsSetBackNeverGrantsTooMuch holds random calls against the models in true
// time, while the server's clock is set back again and again.
func TestAClockThatIsSetBackNeverGrantsTooMuch(t *testing.T) {
	t.Parallel()
	eachSeed(t, 30, func(_ *testing.T, l *lab) {
		j := newJudge(l, l.someLimits(3)...)
		j.lax = true
		d := ratelimit.Decision{}
		for range *rounds {
			l.wait(d)
			if l.IntN(6) == 0 {
				l.step(-l.someStep())
			}
			switch l.IntN(8) {
			case 0:
				d = j.allowUpTo(j.someTokens())
			case 1:
				j.peeks()
			default:
				d = j.allowN(j.someTokens())
			}
		}
	})
}

// TestAClockThatIsSetBackBlocksNobodyForLong empties the limits, sets the clock back by
// milliseconds up to days, and asks again and again: a denied call must not forget how
// far the clock was set. It does so several times in a row, as clocks that flap do.
func TestAClockThatIsSetBackBlocksNobodyForLong(t *testing.T) {
	t.Parallel()
	eachSeed(t, 40, func(_ *testing.T, l *lab) {
		limits := l.someLimits(3)
		one, all := blocked(limits)
		limiter := l.limiter(limits...)
		for range 4 {
			for l.upTo(limiter, 1<<40).Allowed {
				l.pass(l.within(shortest(limits) / 4))
			}
			steps := int64(1 + l.IntN(3))
			for range steps {
				l.step(-l.someStep())
				l.allow(limiter, 1)
			}
			set := l.truth
			for !l.allow(limiter, 1).Allowed {
				require.LessOrEqual(l, l.truth-set, one*steps, "%v: blocked after %d steps", limits, steps)
				l.pass(1 + l.within(one/20))
			}
			l.pass(all)
			for _, limit := range limits {
				require.Equal(l, limit.Capacity(), l.peek(l.later(0, plain(limit))).Limits[0].Remaining,
					"%v: not empty", limit)
			}
		}
	})
}

// A call long after the step finds the subject as free as if there had been none.
func TestAClockThatIsSetBackWhileNobodyCallsBlocksNobody(t *testing.T) {
	t.Parallel()
	eachSeed(t, 20, func(_ *testing.T, l *lab) {
		limits := l.someLimits(3)
		_, all := blocked(limits)
		limiter := l.limiter(limits...)
		for range 8 {
			l.upTo(limiter, 1+l.within(20))
			step := l.someStep()
			l.step(-step)
			l.pass(step + all)
			for _, u := range l.peek(limiter).Limits {
				require.Equal(l, u.Limit.Capacity(), u.Remaining, "set back by %d: %v", step, u.Limit)
			}
		}
	})
}

// TestWhatIsSaidAfterAStepComesTrue probes what decisions say of the future after the
// clock was set back.
func TestWhatIsSaidAfterAStepComesTrue(t *testing.T) {
	t.Parallel()
	eachSeed(t, 20, func(_ *testing.T, l *lab) {
		limits := l.someLimits(3)
		limiter := l.limiter(limits...)
		d := ratelimit.Decision{}
		for range 40 {
			l.wait(d)
			if l.IntN(3) == 0 {
				l.step(-l.someStep())
			}
			n := 1 + l.within(3)
			d = l.allow(limiter, n)
			for _, u := range d.Limits {
				l.probe(u, n, limits...)
			}
		}
	})
}

// TestAClockThatIsSetForwardGrantsTheLimitOnceMore holds random calls in true time against
// what each step forward may add: the limit once more, in the intervals that it is in.
func TestAClockThatIsSetForwardGrantsTheLimitOnceMore(t *testing.T) {
	t.Parallel()
	for _, limit := range []ratelimit.Limit{
		ratelimit.Window("w", 9, time.Second).WithSlots(5),
		ratelimit.Bucket("b", 9, time.Second).WithBurst(4),
	} {
		t.Run(limit.String(), func(t *testing.T) {
			t.Parallel()
			eachSeed(t, 10, func(_ *testing.T, l *lab) {
				limiter := l.limiter(limit)
				per := limit.Per().Microseconds()
				var grants []grant
				var forward []int64
				for range *rounds {
					l.pass(l.within(per / 5))
					switch step := l.within(3 * per); l.IntN(20) {
					case 0:
						forward = append(forward, l.truth)
						l.step(step)
					case 1:
						l.step(-step)
					}
					if got := l.upTo(limiter, 1+l.within(3)); got.Allowed {
						grants = append(grants, grant{at: l.truth, n: got.Granted})
					}
				}
				for i, first := range grants {
					sum := int64(0)
					for _, g := range grants[i:] {
						if isWindow(limit) && g.at >= first.at+per {
							break
						}
						sum += g.n
						most := limit.Capacity()
						for _, at := range forward {
							if first.at <= at && at <= g.at {
								most += limit.Capacity()
							}
						}
						if !isWindow(limit) {
							most += (g.at - first.at) * limit.N() / per
						}
						require.LessOrEqual(l, sum, most, "from %d to %d", first.at, g.at)
					}
				}
			})
		})
	}
}

// A clock that flaps is ahead by one step at most, however often it does: time that was
// counted is not counted again.
func TestAClockThatFlapsGainsNoTime(t *testing.T) {
	t.Parallel()
	per := time.Second.Microseconds()
	for _, limit := range []ratelimit.Limit{
		ratelimit.Bucket("b", 100, time.Second).WithBurst(10),
		ratelimit.Window("w", 100, time.Second),
	} {
		l := newLab(t, 1)
		limiter := l.limiter(limit)
		granted, flap := int64(0), per/20
		for range 200 {
			l.step(flap)
			granted += l.upTo(limiter, 1000).Granted
			l.step(-flap)
			granted += l.upTo(limiter, 1000).Granted
			l.pass(per / 50)
		}
		require.LessOrEqual(t, granted, limit.Capacity()+limit.N()*(4*per+flap)/per, limit)
	}
}
