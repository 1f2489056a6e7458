package table

import (
	"math"
	"strconv"
	"time"
)

// Significant returns a figure with so many significant digits and no exponent.
func Significant(v float64, digits int) string {
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	// Rounding first, so that 9.99 with two digits is 10 and not 10.0.
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', digits-1, 64), 64)
	if err != nil {
		return strconv.FormatFloat(v, 'g', digits, 64)
	}
	decimals := max(digits-1-int(math.Floor(math.Log10(math.Abs(rounded)))), 0)
	return strconv.FormatFloat(rounded, 'f', decimals, 64)
}

// Duration returns three significant digits of a duration and its unit, or a
// dash for none.
func Duration(d time.Duration) string {
	switch v := float64(d); {
	case d == 0:
		return "-"
	case v < 999.5:
		return Significant(v, 3) + " ns"
	case v < 999.5e3:
		return Significant(v/1e3, 3) + " µs"
	case v < 999.5e6:
		return Significant(v/1e6, 3) + " ms"
	default:
		return Significant(v/1e9, 3) + " s"
	}
}
