package rt

import (
	"encoding/binary"
	"unicode/utf8"
)

// highs4 is highs for words of 4 bytes.
const highs4 = highs >> 32

// validMsgpack tells whether b is valid UTF-8. Most strings are short and ASCII: they
// are looked at in words, of which the last may overlap the one before.
func validMsgpack(b []byte) bool {
	n := len(b)
	var bits uint64
	switch {
	case n >= 16:
		return validLongMsgpack(b)
	case n >= 8:
		bits = (binary.LittleEndian.Uint64(b) | binary.LittleEndian.Uint64(b[n-8:])) & highs
	case n >= 4:
		bits = uint64(binary.LittleEndian.Uint32(b)|binary.LittleEndian.Uint32(b[n-4:])) & highs4
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
	return bits&highs == 0 || utf8.Valid(b)
}
