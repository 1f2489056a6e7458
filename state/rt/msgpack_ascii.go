package rt

import (
	"encoding/binary"
	"unicode/utf8"
	"unsafe"
)

const (
	msgpackHigh8 = 0x8080808080808080
	msgpackHigh4 = 0x80808080
)

// textMsgpack returns the string that shares the memory of b, which is not empty and
// not changed afterwards.
func textMsgpack(b []byte) string { return unsafe.String(&b[0], len(b)) } //nolint:gosec // by the contract of Decode

// bytesMsgpack returns the bytes of s, to be read only.
func bytesMsgpack(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) } //nolint:gosec // read only

// validMsgpack tells whether b is valid UTF-8. Most strings are short and ASCII: they
// are looked at in words, of which the last may overlap the one before.
func validMsgpack(b []byte) bool {
	n := len(b)
	var bits uint64
	switch {
	case n >= 16:
		return validLongMsgpack(b)
	case n >= 8:
		bits = (binary.LittleEndian.Uint64(b) | binary.LittleEndian.Uint64(b[n-8:])) & msgpackHigh8
	case n >= 4:
		bits = uint64(binary.LittleEndian.Uint32(b)|binary.LittleEndian.Uint32(b[n-4:])) & msgpackHigh4
	case n > 0:
		bits = uint64(b[0]|b[n/2]|b[n-1]) & 0x80
	}
	return bits == 0 || utf8.Valid(b)
}

func validLongMsgpack(b []byte) bool {
	rest := b
	var bits uint64
	for len(rest) >= 32 {
		bits |= binary.LittleEndian.Uint64(rest) | binary.LittleEndian.Uint64(rest[8:]) |
			binary.LittleEndian.Uint64(rest[16:]) | binary.LittleEndian.Uint64(rest[24:])
		rest = rest[32:]
	}
	if len(rest) >= 16 {
		bits |= binary.LittleEndian.Uint64(rest) | binary.LittleEndian.Uint64(rest[8:])
	}
	last := b[len(b)-16:]
	bits |= binary.LittleEndian.Uint64(last) | binary.LittleEndian.Uint64(last[8:])
	return bits&msgpackHigh8 == 0 || utf8.Valid(b)
}
