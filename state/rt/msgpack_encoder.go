package rt

import (
	"encoding/binary"
	"math"
	"time"
	"unicode/utf8"

	"github.com/typedstate/typedstate/internal/strict"
)

// MsgpackEncoder appends values to a document. What the library codec would not
// write just so makes it fail, and the whole value is then left to that codec.
type MsgpackEncoder struct {
	out    []byte
	failed bool
	// fields counts what the innermost open struct has written.
	fields int
	depth  int
	// maps counts the open maps. Their values have no address for the library, and
	// so some types have no encoder there.
	maps int
	// memory is what the document takes once it is decoded.
	memory  uint64
	scratch *msgpackScratch
}

// msgpackWritten is how many arrays and maps may be open when another one is written.
// It is one less than the library codec allows, which looks at what is not written too.
const msgpackWritten = strict.MaxDepth - 1

// done tells whether the document is whole, which began at the given length.
func (e *MsgpackEncoder) done(from int) bool {
	return !e.failed && e.memory <= strict.MsgpackMemory(len(e.out)-from)
}

// enter counts an array or a map that is opened.
func (e *MsgpackEncoder) enter() bool {
	if e.depth >= msgpackWritten {
		e.failed = true
	}
	e.depth++
	return !e.failed
}

// takes counts the memory of what was made when the document was decoded.
func (e *MsgpackEncoder) takes(n int, size uintptr) {
	total, ok := strict.MsgpackTakes(e.memory, n, size)
	e.memory = total
	e.failed = e.failed || !ok
}

// MsgpackMap is an open struct.
type MsgpackMap struct {
	at, most, outer int
}

// Open begins a struct of which that many fields can be written.
func (e *MsgpackEncoder) Open(most int) MsgpackMap {
	m := MsgpackMap{at: len(e.out), most: most, outer: e.fields}
	e.enter()
	e.fields = 0
	if most < 16 {
		e.out = append(e.out, 0x80|byte(most))
	} else {
		e.out = append(e.out, 0xde, byte(most>>8), byte(most))
	}
	return m
}

// Field begins a field with its encoded name.
func (e *MsgpackEncoder) Field(header string) *MsgpackEncoder {
	e.fields++
	e.out = append(e.out, header...)
	return e
}

// Close ends a struct.
func (e *MsgpackEncoder) Close(m MsgpackMap) {
	if e.fields != m.most {
		e.count(m)
	}
	e.fields = m.outer
	e.depth--
}

// count corrects the number of fields of a struct.
func (e *MsgpackEncoder) count(m MsgpackMap) {
	n := e.fields
	switch {
	case n > m.most:
		e.failed = true
	case n >= 16:
		binary.BigEndian.PutUint16(e.out[m.at+1:], uint16(n))
	case m.most < 16:
		e.out[m.at] = 0x80 | byte(n)
	default:
		e.out[m.at] = 0x80 | byte(n)
		e.out = append(e.out[:m.at+1], e.out[m.at+3:]...)
	}
}

// head appends the head of an array (0x90), or a map (0x80), of n elements.
func (e *MsgpackEncoder) head(n int, fixed, wide byte) {
	switch {
	case n < 16:
		e.out = append(e.out, fixed|byte(n))
	case n <= math.MaxUint16:
		e.out = append(e.out, wide, byte(n>>8), byte(n))
	case n <= math.MaxUint32:
		e.out = binary.BigEndian.AppendUint32(append(e.out, wide+1), uint32(n))
	default:
		e.failed = true
	}
}

// String appends a string.
func (e *MsgpackEncoder) String(v string) {
	n, at := len(v), len(e.out)
	if n >= 32 || cap(e.out)-at <= n {
		e.long(v)
		return
	}
	// The words that hold a short string are copied and looked at in one go. The last
	// one may overlap the one before.
	to, from := e.out[at:at+1+n], bytesOf(v)
	to[0] = 0xa0 | byte(n)
	to = to[1:]
	var bits uint64
	switch {
	case n >= 16:
		a, b := binary.LittleEndian.Uint64(from), binary.LittleEndian.Uint64(from[8:])
		c, d := binary.LittleEndian.Uint64(from[n-16:]), binary.LittleEndian.Uint64(from[n-8:])
		binary.LittleEndian.PutUint64(to, a)
		binary.LittleEndian.PutUint64(to[8:], b)
		binary.LittleEndian.PutUint64(to[n-16:], c)
		binary.LittleEndian.PutUint64(to[n-8:], d)
		bits = (a | b | c | d) & highs
	case n >= 8:
		a, b := binary.LittleEndian.Uint64(from), binary.LittleEndian.Uint64(from[n-8:])
		binary.LittleEndian.PutUint64(to, a)
		binary.LittleEndian.PutUint64(to[n-8:], b)
		bits = (a | b) & highs
	case n >= 4:
		a, b := binary.LittleEndian.Uint32(from), binary.LittleEndian.Uint32(from[n-4:])
		binary.LittleEndian.PutUint32(to, a)
		binary.LittleEndian.PutUint32(to[n-4:], b)
		bits = uint64(a|b) & highs4
	case n > 0:
		a, b, c := from[0], from[n/2], from[n-1]
		to[0], to[n/2], to[n-1] = a, b, c
		bits = uint64(a|b|c) & 0x80
	}
	e.out = e.out[:at+1+n]
	if bits != 0 && !utf8.ValidString(v) {
		e.failed = true
	}
}

// long appends a string of any length.
func (e *MsgpackEncoder) long(v string) {
	n, out := len(v), e.out
	switch {
	case n < 32:
		out = append(out, 0xa0|byte(n))
	case n <= math.MaxUint8:
		out = append(out, 0xd9, byte(n))
	case n <= math.MaxUint16:
		out = append(out, 0xda, byte(n>>8), byte(n))
	case n <= math.MaxUint32:
		out = binary.BigEndian.AppendUint32(append(out, 0xdb), uint32(n))
	default:
		e.failed = true
		return
	}
	out = append(out, v...)
	e.out = out
	if !validMsgpack(bytesOf(v)) {
		e.failed = true
	}
}

// Bool appends a bool.
func (e *MsgpackEncoder) Bool(v bool) {
	c := byte(0xc2)
	if v {
		c = 0xc3
	}
	e.out = append(e.out, c)
}

// Int appends a signed integer in the fewest bytes.
func (e *MsgpackEncoder) Int(v int64) {
	switch {
	case v >= 0:
		e.Uint(uint64(v))
	case v >= -32:
		e.out = append(e.out, byte(v))
	case v >= math.MinInt8:
		e.out = append(e.out, 0xd0, byte(v))
	case v >= math.MinInt16:
		e.out = append(e.out, 0xd1, byte(v>>8), byte(v))
	case v >= math.MinInt32:
		e.out = binary.BigEndian.AppendUint32(append(e.out, 0xd2), uint32(v))
	default:
		e.out = binary.BigEndian.AppendUint64(append(e.out, 0xd3), uint64(v))
	}
}

// Uint appends an unsigned integer in the fewest bytes.
func (e *MsgpackEncoder) Uint(v uint64) {
	switch {
	case v <= math.MaxInt8:
		e.out = append(e.out, byte(v))
	case v <= math.MaxUint8:
		e.out = append(e.out, 0xcc, byte(v))
	case v <= math.MaxUint16:
		e.out = append(e.out, 0xcd, byte(v>>8), byte(v))
	case v <= math.MaxUint32:
		e.out = binary.BigEndian.AppendUint32(append(e.out, 0xce), uint32(v))
	default:
		e.out = binary.BigEndian.AppendUint64(append(e.out, 0xcf), v)
	}
}

// Float32 appends a float of four bytes.
func (e *MsgpackEncoder) Float32(v float32) {
	if v != v {
		// The library changes the bits of some.
		e.failed = true
	}
	e.out = binary.BigEndian.AppendUint32(append(e.out, 0xca), math.Float32bits(v))
}

// Float64 appends a float of eight bytes.
func (e *MsgpackEncoder) Float64(v float64) {
	e.out = binary.BigEndian.AppendUint64(append(e.out, 0xcb), math.Float64bits(v))
}

// Bytes appends bytes; nil is nil.
func (e *MsgpackEncoder) Bytes(v []byte) {
	n := len(v)
	switch {
	case v == nil:
		e.out = append(e.out, 0xc0)
		return
	case n <= math.MaxUint8:
		e.out = append(e.out, 0xc4, byte(n))
	case n <= math.MaxUint16:
		e.out = append(e.out, 0xc5, byte(n>>8), byte(n))
	case n <= math.MaxUint32:
		e.out = binary.BigEndian.AppendUint32(append(e.out, 0xc6), uint32(n))
	default:
		e.failed = true
		return
	}
	e.out = append(e.out, v...)
}

// Time appends an instant; its zone is not kept.
func (e *MsgpackEncoder) Time(v time.Time) {
	seconds, nanoseconds := uint64(v.Unix()), uint64(v.Nanosecond())
	switch both := nanoseconds<<34 | seconds; {
	case seconds>>34 != 0:
		e.out = binary.BigEndian.AppendUint32(append(e.out, 0xc7, 12, 0xff), uint32(nanoseconds))
		e.out = binary.BigEndian.AppendUint64(e.out, seconds)
	case both>>32 == 0:
		e.out = binary.BigEndian.AppendUint32(append(e.out, 0xd6, 0xff), uint32(both))
	default:
		e.out = binary.BigEndian.AppendUint64(append(e.out, 0xd7, 0xff), both)
	}
}

// Library appends what the library codec makes of the field that v points to.
func (e *MsgpackEncoder) Library(v any) {
	if e.failed || e.maps > 0 {
		e.failed = true
		return
	}
	out, memory, ok := strict.AppendMsgpackField(e.out, v, e.depth)
	e.out = out
	e.memory += memory
	e.failed = !ok
}
