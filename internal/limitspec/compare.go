package limitspec

import (
	"math"
	"math/bits"
)

// rateAtMost reports whether a grants no more in the long run than b.
func rateAtMost(a, b Limit) bool {
	// a.N/a.Per <= b.N/b.Per, crosswise in 128 bits.
	leftHigh, leftLow := bits.Mul64(uint64(a.N), uint64(b.Per))
	rightHigh, rightLow := bits.Mul64(uint64(b.N), uint64(a.Per))
	return leftHigh < rightHigh || leftHigh == rightHigh && leftLow <= rightLow
}

// floor returns a*b/c, or the largest number if that is larger.
func floor(a, b, c int64) int64 {
	high, low := bits.Mul64(uint64(a), uint64(b))
	if high >= uint64(c) {
		return math.MaxInt64
	}
	quotient, _ := bits.Div64(high, low, uint64(c))
	return int64(min(quotient, math.MaxInt64))
}

// times returns a*b, or the largest number if that is larger.
func times(a, b int64) int64 { return floor(a, b, 1) }

// sum returns a+b, or the largest number if that is larger.
func sum(a, b int64) int64 {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}
