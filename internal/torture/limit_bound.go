package main

import (
	"math"
	"time"

	"github.com/typedstate/typedstate/state/ratelimit"
)

// overWindow returns the most that was granted in any interval of the window's length,
// wherever it begins, divided by what the window allows.
func overWindow(all []grant, l ratelimit.Limit) float64 {
	per := l.Per().Microseconds()
	var sum, most int64
	first := 0
	for _, g := range all {
		for sum += g.tokens; all[first].at+per <= g.at; first++ {
			sum -= all[first].tokens
		}
		most = max(most, sum)
	}
	return float64(most) / float64(l.N())
}

// overBucket returns the largest of what was granted in an interval divided by what the
// bucket allows in it, which is its burst and n*t/per, over all intervals that begin and
// end with a grant.
//
// It is Dinkelbach's method for a largest ratio: an interval of which more than the ratio
// so far would allow was granted has a larger one.
func overBucket(all []grant, l ratelimit.Limit) (ratio float64) {
	n, per, burst := l.N(), l.Per().Microseconds(), l.Capacity()
	for {
		var best, tokens, units float64
		// The interval that ends here and has most beyond ratio begins with first, of which
		// on sum was granted.
		var first int
		var sum int64
		for i, g := range all {
			allowed := ratio * float64(n*(g.at-all[first].at)) / float64(per)
			if i == 0 || float64(sum) < allowed {
				first, sum = i, 0
			}
			sum += g.tokens
			room := float64(burst*per + n*(g.at-all[first].at))
			if beyond := float64(sum*per) - ratio*room; beyond > best {
				best, tokens, units = beyond, float64(sum*per), room
			}
		}
		if best == 0 || tokens/units <= ratio {
			return ratio
		}
		ratio = tokens / units
	}
}

// pace is how fast tokens of a window were granted where demand never ends.
type pace struct{ rounds, took float64 }

// paceOf measures how long it takes from each token until the n-th after it, or the 2n-th
// and so on as far as there are some in that time, for all tokens of a window. So it does
// not matter that they come in bursts. Where there are too few it is nothing.
func paceOf(all []grant, from, to int64, l ratelimit.Limit) pace {
	var times []int64
	for _, g := range all {
		for range g.tokens {
			if from <= g.at && g.at <= to {
				times = append(times, g.at)
			}
		}
	}
	n := int(l.N())
	rounds := (len(times) - 1) / n
	if rounds < 1 {
		return pace{}
	}
	var took int64
	starts := len(times) - rounds*n
	for i := range starts {
		took += times[i+rounds*n] - times[i]
	}
	return pace{float64(rounds), float64(took) / float64(starts)}
}

// utilisation returns how much of what windows of the length per allow was granted, in
// all of the times together; it is no number if there was none.
func utilisation(all []pace, per time.Duration) float64 {
	var rounds, took float64
	for _, p := range all {
		rounds += p.rounds
		took += p.took
	}
	if rounds == 0 {
		return math.NaN()
	}
	return rounds * float64(per.Microseconds()) / took
}
