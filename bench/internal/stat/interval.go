package stat

import (
	"math"
	"slices"
)

// Interval is where a median lies.
type Interval struct{ Low, High float64 }

// confidence is how often an interval must hold the true median.
const confidence = 0.95

// MedianInterval returns an interval of two of the values that holds the median
// of what they are drawn from with at least 95 % confidence, whatever its
// distribution: the chance that at most k of n values lie below the median is
// that of k heads in n throws of a coin. With fewer than six values no such
// interval exists, and the result is that of the least and the greatest.
func MedianInterval(values []float64) Interval {
	if len(values) == 0 {
		return Interval{math.NaN(), math.NaN()}
	}
	sorted := slices.Sorted(slices.Values(values))
	out := cut(len(sorted))
	return Interval{sorted[out], sorted[len(sorted)-1-out]}
}

// cut returns how many of n sorted values to leave out at either end.
func cut(n int) int {
	out, tail := 0, 0.0
	for k := range n / 2 {
		tail += heads(n, k)
		if 2*tail > 1-confidence {
			break
		}
		out = k
	}
	return out
}

// heads returns the chance of k heads in n throws of a coin.
func heads(n, k int) float64 {
	log := func(m int) float64 { // of the factorial of m
		v, _ := math.Lgamma(float64(m + 1))
		return v
	}
	return math.Exp(log(n) - log(k) - log(n-k) - float64(n)*math.Ln2)
}
