package strict

import (
	"encoding/binary"
	"math"
)

type tokenKind uint8

const (
	tokenNil tokenKind = iota
	tokenBool
	tokenInt
	tokenFloat
	tokenString
	tokenBytes
	tokenExt
	tokenArray
	tokenMap
)

// tokenNames are how reasons speak of what stands in a document.
var tokenNames = [...]string{"nil", "bool", "integer", "float", "string", "bytes", "ext", "array", "map"}

const (
	reasonLength   = "declared length is beyond the end of the document"
	reasonReserved = "not valid msgpack"
)

// token is the head of one msgpack value. Body and length frame the bytes after
// the head; for arrays and maps length counts elements or pairs.
type token struct {
	kind   tokenKind
	code   byte
	ext    int8
	body   int
	length int
}

// end is where the next token starts: for an array or map that is its first element.
func (t token) end() int {
	if t.kind == tokenArray || t.kind == tokenMap {
		return t.body
	}
	return t.body + t.length
}

// wide is the layout of codes 0xc4 to 0xdf: the kind, how many bytes the length
// takes, or else the length itself.
var wide = [...]struct {
	kind    tokenKind
	counted uint8
	fixed   uint8
}{
	{tokenBytes, 1, 0}, {tokenBytes, 2, 0}, {tokenBytes, 4, 0},
	{tokenExt, 1, 0}, {tokenExt, 2, 0}, {tokenExt, 4, 0},
	{tokenFloat, 0, 4}, {tokenFloat, 0, 8},
	{tokenInt, 0, 1}, {tokenInt, 0, 2}, {tokenInt, 0, 4}, {tokenInt, 0, 8},
	{tokenInt, 0, 1}, {tokenInt, 0, 2}, {tokenInt, 0, 4}, {tokenInt, 0, 8},
	{tokenExt, 0, 1}, {tokenExt, 0, 2}, {tokenExt, 0, 4}, {tokenExt, 0, 8}, {tokenExt, 0, 16},
	{tokenString, 1, 0}, {tokenString, 2, 0}, {tokenString, 4, 0},
	{tokenArray, 2, 0}, {tokenArray, 4, 0},
	{tokenMap, 2, 0}, {tokenMap, 4, 0},
}

// readToken reads the head at i and checks that what it declares can be there.
func readToken(data []byte, i int) (t token, reason string) {
	if i >= len(data) {
		return t, reasonTruncated
	}
	c := data[i]
	t = token{code: c, body: i + 1}
	var length uint64
	switch {
	case c <= 0x7f || c >= 0xe0:
		t.kind = tokenInt
		return t, ""
	case c <= 0x8f:
		t.kind, length = tokenMap, uint64(c&0x0f)
	case c <= 0x9f:
		t.kind, length = tokenArray, uint64(c&0x0f)
	case c <= 0xbf:
		t.kind, length = tokenString, uint64(c&0x1f)
	case c == 0xc0:
		t.kind = tokenNil
		return t, ""
	case c == 0xc1:
		return t, reasonReserved
	case c <= 0xc3:
		t.kind = tokenBool
		return t, ""
	default:
		w := wide[c-0xc4]
		t.kind, length = w.kind, uint64(w.fixed)
		counted := int(w.counted)
		if counted > len(data)-t.body {
			return t, reasonTruncated
		}
		for _, b := range data[t.body : t.body+counted] {
			length = length<<8 | uint64(b)
		}
		t.body += counted
	}
	if t.kind == tokenExt {
		if t.body >= len(data) {
			return t, reasonTruncated
		}
		t.ext = int8(data[t.body])
		t.body++
	}
	// An element takes a byte at least, and a pair takes two.
	least := length
	if t.kind == tokenMap {
		least = 2 * length
	}
	if least > uint64(len(data)-t.body) {
		return t, reasonLength
	}
	t.length = int(length)
	return t, ""
}

// single tells whether a byte is a whole scalar: a small integer, nil, a bool or the
// empty string. A document of nothing else is where a byte of it costs most.
func single(c byte) bool {
	return c <= 0x7f || c >= 0xe0 || c == 0xa0 || c == 0xc0 || c == 0xc2 || c == 0xc3
}

func (t token) payload(data []byte) []byte { return data[t.body : t.body+t.length] }

// integer returns the value of an integer token as its bits and whether they are
// those of a negative number.
func (t token) integer(data []byte) (bits uint64, negative bool) {
	switch t.code {
	case 0xcc, 0xd0:
		bits = uint64(data[t.body])
		if t.code == 0xd0 {
			bits = uint64(int8(bits))
		}
	case 0xcd, 0xd1:
		bits = uint64(binary.BigEndian.Uint16(data[t.body:]))
		if t.code == 0xd1 {
			bits = uint64(int16(bits))
		}
	case 0xce, 0xd2:
		bits = uint64(binary.BigEndian.Uint32(data[t.body:]))
		if t.code == 0xd2 {
			bits = uint64(int32(bits))
		}
	case 0xcf:
		return binary.BigEndian.Uint64(data[t.body:]), false
	case 0xd3:
		bits = binary.BigEndian.Uint64(data[t.body:])
	default:
		bits = uint64(int8(t.code))
	}
	return bits, int64(bits) < 0
}

func (t token) float(data []byte) float64 {
	if t.code == 0xca {
		return float64(math.Float32frombits(binary.BigEndian.Uint32(data[t.body:])))
	}
	return math.Float64frombits(binary.BigEndian.Uint64(data[t.body:]))
}

const timeExt = -1

// seconds reads a timestamp ext; ok is false for anything that is none.
func (t token) seconds(data []byte) (sec int64, nsec uint32, ok bool) {
	if t.kind != tokenExt || t.ext != timeExt {
		return 0, 0, false
	}
	b := t.payload(data)
	switch t.length {
	case 4:
		sec = int64(binary.BigEndian.Uint32(b))
	case 8:
		both := binary.BigEndian.Uint64(b)
		sec, nsec = int64(both&(1<<34-1)), uint32(both>>34)
	case 12:
		sec, nsec = int64(binary.BigEndian.Uint64(b[4:])), binary.BigEndian.Uint32(b)
	default:
		return 0, 0, false
	}
	return sec, nsec, nsec < 1e9
}
