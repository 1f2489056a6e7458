package stat

import (
	"cmp"
	"math"
	"slices"
)

// Median returns the middle of values, or the mean of the middle two. It is NaN
// for no values.
func Median(values []float64) float64 {
	n := len(values)
	if n == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// Percentile returns the least of sorted that at least p percent of them do not
// exceed, or the zero value for none.
func Percentile[T cmp.Ordered](sorted []T, p float64) (value T) {
	n := len(sorted)
	if n == 0 {
		return value
	}
	rank := int(math.Ceil(p / 100 * float64(n)))
	return sorted[min(max(rank, 1), n)-1]
}
