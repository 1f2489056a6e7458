package rt

import (
	"encoding/binary"
	"math"
	"time"
	"unicode/utf8"

	"github.com/typedstate/typedstate/internal/strict"
)

// MsgpackDecoder reads a document from its start. Where it is not certain that the
// library codec takes the same value it fails, and the whole document is then left
// to that codec.
type MsgpackDecoder struct {
	data []byte
	// at is where the next value begins. A failed decoder is at the end, so that
	// whatever is called next fails again.
	at     int
	failed bool
	// depth counts the arrays and maps that are open, open the structs among them.
	depth, open int32
	// memory is what the document has taken so far.
	memory uint64
	// parts is how many values the library codec has read.
	parts   int32
	scratch *msgpackScratch
	texts   texts
	// in is the struct that was opened last.
	in msgpackObject
}

// done tells whether the document was one value that was taken as a whole.
func (d *MsgpackDecoder) done() bool { return !d.failed && d.at == len(d.data) }

// fail leaves the document to the library codec.
func (d *MsgpackDecoder) fail() {
	d.failed = true
	d.at = len(d.data)
}

// null reads a nil if there is one. It leaves a zero value.
func (d *MsgpackDecoder) null() bool {
	if d.at < len(d.data) && d.data[d.at] == 0xc0 {
		d.at++
		return true
	}
	return false
}

// enter counts an array or a map of n elements that is opened, each of at least that
// many bytes.
func (d *MsgpackDecoder) enter(n, least int) bool {
	if d.depth >= strict.MaxDepth || n > (len(d.data)-d.at)/least {
		d.fail()
		return false
	}
	d.depth++
	return true
}

// takes counts the memory of n elements before it is allocated.
func (d *MsgpackDecoder) takes(n int, size uintptr) bool {
	total, ok := strict.MsgpackTakes(d.memory, n, size)
	d.memory = total
	if !ok || total > strict.MsgpackMemory(len(d.data)) {
		d.fail()
		return false
	}
	return true
}

// head reads the head of an array (0x90, 0xdc) or a map (0x80, 0xde).
func (d *MsgpackDecoder) head(fixed, wide byte) (n int, ok bool) {
	if d.at < len(d.data) {
		rest := d.data[d.at:]
		switch c := rest[0]; {
		case c&0xf0 == fixed:
			d.at++
			return int(c & 0x0f), true
		case c == wide && len(rest) >= 3:
			d.at += 3
			return int(binary.BigEndian.Uint16(rest[1:])), true
		case c == wide+1 && len(rest) >= 5:
			d.at += 5
			// On a machine of 32 bits the length may be negative, and is too long.
			n = int(binary.BigEndian.Uint32(rest[1:]))
			if n >= 0 {
				return n, true
			}
		}
	}
	d.fail()
	return 0, false
}

// bytes reads the payload of a string, which is valid UTF-8, or of bytes, which is
// only if text says that it has to be.
func (d *MsgpackDecoder) bytes(text bool) (part []byte, ok bool) {
	if d.at < len(d.data) {
		rest := d.data[d.at:]
		head := 1
		var n int
		switch c := rest[0]; {
		case c&0xe0 == 0xa0:
			n = int(c & 0x1f)
		case (c == 0xd9 || c == 0xc4) && len(rest) >= 2:
			head, n = 2, int(rest[1])
		case (c == 0xda || c == 0xc5) && len(rest) >= 3:
			head, n = 3, int(binary.BigEndian.Uint16(rest[1:]))
		case (c == 0xdb || c == 0xc6) && len(rest) >= 5:
			head, n = 5, int(binary.BigEndian.Uint32(rest[1:]))
		default:
			d.fail()
			return nil, false
		}
		if uint(n) <= uint(len(rest)-head) {
			part = rest[head : head+n]
			bin := rest[0]&^0x03 == 0xc4
			if bin && !text || validMsgpack(part) {
				d.at += head + n
				return part, true
			}
		}
	}
	d.fail()
	return nil, false
}

// String reads a string, or bytes that are valid UTF-8.
func (d *MsgpackDecoder) String(v *string) {
	at := d.at
	if at >= len(d.data) || d.data[at]&0xe0 != 0xa0 {
		d.string(v)
		return
	}
	n := int(d.data[at] & 0x1f)
	if n >= len(d.data)-at {
		d.fail()
		return
	}
	part := d.data[at+1 : at+1+n]
	var bits uint64
	switch {
	case n >= 16:
		bits = (binary.LittleEndian.Uint64(part) | binary.LittleEndian.Uint64(part[8:]) |
			binary.LittleEndian.Uint64(part[n-16:]) | binary.LittleEndian.Uint64(part[n-8:])) & highs
	case n >= 8:
		bits = (binary.LittleEndian.Uint64(part) | binary.LittleEndian.Uint64(part[n-8:])) & highs
	case n >= 4:
		bits = uint64(binary.LittleEndian.Uint32(part)|binary.LittleEndian.Uint32(part[n-4:])) & highs4
	case n > 0:
		bits = uint64(part[0]|part[n/2]|part[n-1]) & 0x80
	default:
		d.at = at + 1
		*v = ""
		return
	}
	if bits != 0 && !utf8.Valid(part) {
		d.fail()
		return
	}
	d.at = at + 1 + n
	if d.texts.document {
		*v = alias(part)
		return
	}
	*v = d.texts.text(part)
}

// string reads any string.
func (d *MsgpackDecoder) string(v *string) {
	if d.null() {
		return
	}
	if part, ok := d.bytes(true); ok {
		*v = d.texts.text(part)
	}
}

// Bytes reads bytes, or the bytes of a string. They are copied.
func (d *MsgpackDecoder) Bytes(v *[]byte) {
	if d.null() {
		return
	}
	if part, ok := d.bytes(false); ok {
		*v = append(make([]byte, 0, len(part)), part...)
	}
}

// Bool reads a bool.
func (d *MsgpackDecoder) Bool(v *bool) {
	if d.at < len(d.data) {
		switch d.data[d.at] {
		case 0xc0, 0xc2:
			d.at++
			return
		case 0xc3:
			d.at++
			*v = true
			return
		}
	}
	d.fail()
}

// integer reads a number of any width, as its bits and whether they are those of a
// negative one.
func (d *MsgpackDecoder) integer() (bits uint64, negative, ok bool) {
	if d.at >= len(d.data) {
		d.fail()
		return 0, false, false
	}
	rest := d.data[d.at:]
	c := rest[0]
	if c <= 0x7f || c >= 0xe0 {
		d.at++
		return uint64(int8(c)), c >= 0xe0, true
	}
	signed := c&0x04 == 0 && c >= 0xd0
	size := 1 + 1<<(c&0x03)
	if c < 0xcc || c > 0xd3 || len(rest) < size {
		d.fail()
		return 0, false, false
	}
	d.at += size
	switch c {
	case 0xcc:
		bits = uint64(rest[1])
	case 0xcd:
		bits = uint64(binary.BigEndian.Uint16(rest[1:]))
	case 0xce:
		bits = uint64(binary.BigEndian.Uint32(rest[1:]))
	case 0xd0:
		bits = uint64(int8(rest[1]))
	case 0xd1:
		bits = uint64(int16(binary.BigEndian.Uint16(rest[1:])))
	case 0xd2:
		bits = uint64(int32(binary.BigEndian.Uint32(rest[1:])))
	default:
		bits = binary.BigEndian.Uint64(rest[1:])
	}
	return bits, signed && int64(bits) < 0, true
}

// signed reads an integer between -most-1 and most; ok is false for nil.
func (d *MsgpackDecoder) signed(most int64) (n int64, ok bool) {
	if d.null() {
		return 0, false
	}
	bits, negative, ok := d.integer()
	n = int64(bits)
	if ok && (n > most || n < -most-1 || n < 0 && !negative) {
		d.fail()
		return 0, false
	}
	return n, ok
}

// unsigned reads an integer from zero to most; ok is false for nil.
func (d *MsgpackDecoder) unsigned(most uint64) (n uint64, ok bool) {
	if d.null() {
		return 0, false
	}
	n, negative, ok := d.integer()
	if ok && (negative || n > most) {
		d.fail()
		return 0, false
	}
	return n, ok
}

// Int reads an integer of any width that fits.
func (d *MsgpackDecoder) Int(v *int) {
	if d.at < len(d.data) && d.data[d.at] <= 0x7f {
		*v = int(d.data[d.at])
		d.at++
		return
	}
	if n, ok := d.signed(math.MaxInt); ok {
		*v = int(n)
	}
}

// Int8 is as [MsgpackDecoder.Int].
func (d *MsgpackDecoder) Int8(v *int8) {
	if n, ok := d.signed(math.MaxInt8); ok {
		*v = int8(n)
	}
}

// Int16 is as [MsgpackDecoder.Int].
func (d *MsgpackDecoder) Int16(v *int16) {
	if n, ok := d.signed(math.MaxInt16); ok {
		*v = int16(n)
	}
}

// Int32 is as [MsgpackDecoder.Int].
func (d *MsgpackDecoder) Int32(v *int32) {
	if n, ok := d.signed(math.MaxInt32); ok {
		*v = int32(n)
	}
}

// Int64 is as [MsgpackDecoder.Int].
func (d *MsgpackDecoder) Int64(v *int64) {
	if d.at < len(d.data) && d.data[d.at] <= 0x7f {
		*v = int64(d.data[d.at])
		d.at++
		return
	}
	if n, ok := d.signed(math.MaxInt64); ok {
		*v = n
	}
}

// Uint reads an integer of any width that fits.
func (d *MsgpackDecoder) Uint(v *uint) {
	if n, ok := d.unsigned(math.MaxUint); ok {
		*v = uint(n)
	}
}

// Uint8 is as [MsgpackDecoder.Uint].
func (d *MsgpackDecoder) Uint8(v *uint8) {
	if n, ok := d.unsigned(math.MaxUint8); ok {
		*v = uint8(n)
	}
}

// Uint16 is as [MsgpackDecoder.Uint].
func (d *MsgpackDecoder) Uint16(v *uint16) {
	if n, ok := d.unsigned(math.MaxUint16); ok {
		*v = uint16(n)
	}
}

// Uint32 is as [MsgpackDecoder.Uint].
func (d *MsgpackDecoder) Uint32(v *uint32) {
	if n, ok := d.unsigned(math.MaxUint32); ok {
		*v = uint32(n)
	}
}

// Uint64 is as [MsgpackDecoder.Uint].
func (d *MsgpackDecoder) Uint64(v *uint64) {
	if n, ok := d.unsigned(math.MaxUint64); ok {
		*v = n
	}
}

// Float32 reads a float of four bytes, or an integer that it holds exactly.
func (d *MsgpackDecoder) Float32(v *float32) {
	rest := d.data[d.at:]
	if len(rest) >= 5 && rest[0] == 0xca {
		f := math.Float32frombits(binary.BigEndian.Uint32(rest[1:]))
		if f != f {
			// The library changes the bits of some.
			d.fail()
			return
		}
		*v = f
		d.at += 5
		return
	}
	if n, ok := d.signed(math.MaxInt64); ok {
		f := float32(n)
		if f >= 1<<63 || int64(f) != n {
			d.fail()
			return
		}
		*v = f
	}
}

// Float64 reads a float, or an integer that it holds exactly.
func (d *MsgpackDecoder) Float64(v *float64) {
	rest := d.data[d.at:]
	switch {
	case len(rest) >= 9 && rest[0] == 0xcb:
		*v = math.Float64frombits(binary.BigEndian.Uint64(rest[1:]))
		d.at += 9
		return
	case len(rest) >= 5 && rest[0] == 0xca:
		*v = float64(math.Float32frombits(binary.BigEndian.Uint32(rest[1:])))
		d.at += 5
		return
	}
	if n, ok := d.signed(math.MaxInt64); ok {
		f := float64(n)
		if f >= 1<<63 || int64(f) != n {
			d.fail()
			return
		}
		*v = f
	}
}

// Time reads an instant, in the local zone.
func (d *MsgpackDecoder) Time(v *time.Time) {
	rest := d.data[d.at:]
	var seconds, nanoseconds int64
	size := 0
	switch {
	case len(rest) >= 10 && rest[0] == 0xd7 && rest[1] == 0xff:
		both := binary.BigEndian.Uint64(rest[2:])
		seconds, nanoseconds, size = int64(both&(1<<34-1)), int64(both>>34), 10
	case len(rest) >= 6 && rest[0] == 0xd6 && rest[1] == 0xff:
		seconds, size = int64(binary.BigEndian.Uint32(rest[2:])), 6
	case len(rest) >= 15 && rest[0] == 0xc7 && rest[1] == 12 && rest[2] == 0xff:
		nanoseconds, seconds, size = int64(binary.BigEndian.Uint32(rest[3:])), int64(binary.BigEndian.Uint64(rest[7:])), 15
	}
	if size == 0 || nanoseconds >= 1e9 {
		d.fail()
		return
	}
	d.at += size
	if *v = time.Unix(seconds, nanoseconds); v.IsZero() {
		*v = v.UTC()
	}
}

// Library reads the field that v points to as the library codec does.
func (d *MsgpackDecoder) Library(v any) {
	if d.failed {
		return
	}
	if d.parts++; d.parts > mostParts {
		d.fail()
		return
	}
	length, memory, ok := strict.DecodeMsgpackField(d.data[d.at:], v, int(d.depth))
	if !ok {
		d.fail()
		return
	}
	d.at += length
	if d.memory += memory; d.memory > strict.MsgpackMemory(len(d.data)) {
		d.fail()
	}
}
