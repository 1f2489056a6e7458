package rt

import (
	"math"
	"strconv"
)

// digits reads a run of digits at i into n, which is right where the run has at most
// 19 digits that count.
func (d *JSONDecoder) digits(i int, n uint64) (uint64, int) {
	for ; i < len(d.data); i++ {
		c := d.data[i] - '0'
		if c > 9 {
			break
		}
		n = n*10 + uint64(c)
	}
	return n, i
}

// whole reads an integer without its sign, at i.
func (d *JSONDecoder) whole(i int) (n uint64, ok bool) {
	n, end := d.digits(i, 0)
	length := end - i
	switch {
	case length == 0, length > 1 && d.data[i] == '0', length > 20:
		return 0, false
	case length == 20:
		// Twenty digits may be more than fits.
		var err error
		if n, err = strconv.ParseUint(alias(d.data[i:end]), 10, 64); err != nil {
			return 0, false
		}
	}
	// A fraction or an exponent would follow, which no container takes for its own.
	d.at = end
	return n, true
}

// int reads an integer within the bounds of a type.
func (d *JSONDecoder) int(most uint64) (n int64, ok bool) {
	var u uint64
	switch c := d.peek(); c {
	case '-':
		if u, ok = d.whole(d.at + 1); ok && u <= most+1 {
			return -int64(u), true
		}
	case 'n':
		d.null()
		return 0, false
	default:
		if u, ok = d.whole(d.at); ok && u <= most {
			return int64(u), true
		}
	}
	d.fail()
	return 0, false
}

func (d *JSONDecoder) uint(most uint64) (n uint64, ok bool) {
	if d.peek() == 'n' {
		d.null()
		return 0, false
	}
	if n, ok = d.whole(d.at); ok && n <= most {
		return n, true
	}
	d.fail()
	return 0, false
}

// Int reads an int.
func (d *JSONDecoder) Int(v *int) {
	if n, ok := d.int(math.MaxInt); ok {
		*v = int(n)
	}
}

// Int8 reads an int8.
func (d *JSONDecoder) Int8(v *int8) {
	if n, ok := d.int(math.MaxInt8); ok {
		*v = int8(n)
	}
}

// Int16 reads an int16.
func (d *JSONDecoder) Int16(v *int16) {
	if n, ok := d.int(math.MaxInt16); ok {
		*v = int16(n)
	}
}

// Int32 reads an int32.
func (d *JSONDecoder) Int32(v *int32) {
	if n, ok := d.int(math.MaxInt32); ok {
		*v = int32(n)
	}
}

// Int64 reads an int64.
func (d *JSONDecoder) Int64(v *int64) {
	if n, ok := d.int(math.MaxInt64); ok {
		*v = n
	}
}

// Uint reads a uint.
func (d *JSONDecoder) Uint(v *uint) {
	if n, ok := d.uint(math.MaxUint); ok {
		*v = uint(n)
	}
}

// Uint8 reads a uint8.
func (d *JSONDecoder) Uint8(v *uint8) {
	if n, ok := d.uint(math.MaxUint8); ok {
		*v = uint8(n)
	}
}

// Uint16 reads a uint16.
func (d *JSONDecoder) Uint16(v *uint16) {
	if n, ok := d.uint(math.MaxUint16); ok {
		*v = uint16(n)
	}
}

// Uint32 reads a uint32.
func (d *JSONDecoder) Uint32(v *uint32) {
	if n, ok := d.uint(math.MaxUint32); ok {
		*v = uint32(n)
	}
}

// Uint64 reads a uint64.
func (d *JSONDecoder) Uint64(v *uint64) {
	if n, ok := d.uint(math.MaxUint64); ok {
		*v = n
	}
}

// Float64 reads a float64.
func (d *JSONDecoder) Float64(v *float64) {
	if d.peek() == 'n' {
		d.null()
		return
	}
	n, ok := d.number()
	if !ok {
		return
	}
	if f, exact := n.float64(); exact {
		*v = f
		return
	}
	f, err := strconv.ParseFloat(alias(n.text), 64)
	if err != nil {
		d.fail()
		return
	}
	*v = f
}

// Float32 reads a float32.
func (d *JSONDecoder) Float32(v *float32) {
	if d.peek() == 'n' {
		d.null()
		return
	}
	n, ok := d.number()
	if !ok {
		return
	}
	if f, exact := n.float32(); exact {
		*v = f
		return
	}
	f, err := strconv.ParseFloat(alias(n.text), 32)
	if err != nil {
		d.fail()
		return
	}
	*v = float32(f)
}

// jsonNumber is a number of the document: digits times ten to the power of exponent,
// where known.
type jsonNumber struct {
	text     []byte
	digits   uint64
	exponent int
	negative bool
	known    bool
}

// number reads a number.
func (d *JSONDecoder) number() (n jsonNumber, ok bool) {
	start := d.at
	i := start
	if i < len(d.data) && d.data[i] == '-' {
		n.negative = true
		i++
	}
	first := i
	n.digits, i = d.digits(i, 0)
	length := i - first
	if length == 0 || length > 1 && d.data[first] == '0' {
		d.fail()
		return n, false
	}
	if i < len(d.data) && d.data[i] == '.' {
		fraction := i + 1
		if n.digits, i = d.digits(fraction, n.digits); i == fraction {
			d.fail()
			return n, false
		}
		length += i - fraction
		n.exponent = fraction - i
	}
	n.known = length <= 19
	if i < len(d.data) && d.data[i]|0x20 == 'e' {
		i++
		sign := 1
		if i < len(d.data) && (d.data[i] == '+' || d.data[i] == '-') {
			if d.data[i] == '-' {
				sign = -1
			}
			i++
		}
		exponent := i
		var e uint64
		if e, i = d.digits(i, 0); i == exponent {
			d.fail()
			return n, false
		}
		if i-exponent > 4 {
			n.known = false
		}
		n.exponent += sign * int(e)
	}
	n.text = d.data[start:i]
	d.at = i
	return n, true
}

// tens are the powers of ten that a float64 holds exactly.
var tens = [...]float64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// float64 returns the nearest float64 where one operation on exact operands gives it.
func (n *jsonNumber) float64() (f float64, exact bool) {
	if !n.known || n.digits > 1<<53 || n.exponent < -22 || n.exponent > 22 {
		return 0, false
	}
	f = float64(n.digits)
	if n.negative {
		f = -f
	}
	if n.exponent < 0 {
		return f / tens[-n.exponent], true
	}
	return f * tens[n.exponent], true
}

// float32 is as float64, within the powers of ten that a float32 holds exactly.
func (n *jsonNumber) float32() (f float32, exact bool) {
	if !n.known || n.digits > 1<<24 || n.exponent < -10 || n.exponent > 10 {
		return 0, false
	}
	f = float32(n.digits)
	if n.negative {
		f = -f
	}
	if n.exponent < 0 {
		return f / float32(tens[-n.exponent]), true
	}
	return f * float32(tens[n.exponent]), true
}
