package rt

import (
	"math"
	"strconv"
)

// Float64 writes a float64.
func (e *JSONEncoder) Float64(v float64) {
	if m := v * 1e6; m > -1e15 && m < 1e15 {
		// A decimal of at most 15 digits that is the number is its shortest form.
		n := int64(math.RoundToEven(m))
		if float64(n)/1e6 == v && (n != 0 || !math.Signbit(v)) {
			e.buf = appendMillionths(e.buf, n)
			return
		}
	}
	e.float(v, 64)
}

// Float32 writes a float32.
func (e *JSONEncoder) Float32(v float32) { e.float(float64(v), 32) }

func (e *JSONEncoder) float(v float64, size int) {
	abs := math.Abs(v)
	if !(abs <= math.MaxFloat64) {
		e.failed = true
		return
	}
	format := byte('f')
	if size == 64 {
		if abs != 0 && (abs < 1e-6 || abs >= 1e21) {
			format = 'e'
		}
	} else if abs != 0 && (float32(abs) < 1e-6 || float32(abs) >= 1e21) {
		format = 'e'
	}
	b := strconv.AppendFloat(e.buf, v, format, -1, size)
	// JavaScript writes e-9, not e-09.
	if n := len(b); format == 'e' && b[n-4] == 'e' && b[n-2] == '0' {
		b[n-2] = b[n-1]
		b = b[:n-1]
	}
	e.buf = b
}

// appendMillionths appends n/1e6 without the zeros at its end.
func appendMillionths(b []byte, n int64) []byte {
	u := uint64(n)
	if n < 0 {
		b = append(b, '-')
		u = -u
	}
	b = strconv.AppendUint(b, u/1e6, 10)
	u %= 1e6
	if u == 0 {
		return b
	}
	digits := 6
	if u%1e4 == 0 {
		// Most are amounts of money.
		u /= 1e4
		digits = 2
	}
	for u%10 == 0 {
		u /= 10
		digits--
	}
	b = append(b, ".000000"[:1+digits]...)
	for i := len(b) - 1; u > 0; i-- {
		b[i] = byte('0' + u%10)
		u /= 10
	}
	return b
}
