package rt

import (
	"bytes"
	"encoding/binary"
)

// msgpackUnknown is how many unknown names an object may hold before it is left to
// the library codec.
const msgpackUnknown = 16

// unknown skips the value of a name that an object, whose names are noted from there
// on, holds for the first time.
func (d *MsgpackDecoder) unknown(name []byte, from int) bool {
	s := d.scratched()
	if len(s.names)-from >= msgpackUnknown || !validMsgpack(name) {
		return false
	}
	for _, other := range s.names[from:] {
		if bytes.Equal(name, other) {
			return false
		}
	}
	s.names = append(s.names, name)
	return d.skip()
}

// scratched returns the scratch memory.
func (d *MsgpackDecoder) scratched() *msgpackScratch {
	if d.scratch == nil {
		d.scratch = msgpackScratches.Get().(*msgpackScratch)
	}
	return d.scratch
}

// named is how many names are noted.
func (d *MsgpackDecoder) named() int {
	if d.scratch == nil {
		return 0
	}
	return len(d.scratch.names)
}

// forget drops the names that an object noted from there on.
func (d *MsgpackDecoder) forget(from int) {
	if d.scratch != nil {
		clear(d.scratch.names[from:])
		d.scratch.names = d.scratch.names[:from]
	}
}

// skip passes over a value, with all the checks that the library codec does.
func (d *MsgpackDecoder) skip() bool {
	if d.at >= len(d.data) {
		return false
	}
	rest := d.data[d.at:]
	var size int
	switch c := rest[0]; {
	case c <= 0x7f || c >= 0xe0:
		size = 1
	case c <= 0x8f || c == 0xde || c == 0xdf:
		return d.skipMap()
	case c <= 0x9f || c == 0xdc || c == 0xdd:
		return d.skipArray()
	case c <= 0xbf || c >= 0xd9 || c >= 0xc4 && c <= 0xc6:
		_, ok := d.bytes(false)
		return ok
	case c == 0xc1:
		return false
	case c <= 0xc3:
		size = 1
	case c == 0xc7 && len(rest) >= 2:
		size = 3 + int(rest[1])
	case c == 0xc8 && len(rest) >= 3:
		size = 4 + int(binary.BigEndian.Uint16(rest[1:]))
	case c == 0xca:
		size = 5
	case c == 0xcb:
		size = 9
	case c >= 0xcc && c <= 0xd3:
		size = 1 + 1<<(c&0x03)
	case c >= 0xd4 && c <= 0xd8:
		size = 2 + 1<<(c-0xd4)
	default:
		return false
	}
	if size > len(rest) {
		return false
	}
	d.at += size
	return true
}

func (d *MsgpackDecoder) skipArray() bool {
	n, ok := d.head(0x90, 0xdc)
	if !ok || !d.enter(n, 1) {
		return false
	}
	for range n {
		if !d.skip() {
			return false
		}
	}
	d.depth--
	return true
}

func (d *MsgpackDecoder) skipMap() bool {
	n, ok := d.head(0x80, 0xde)
	if !ok || !d.enter(n, 2) {
		return false
	}
	from := d.named()
	for range n {
		name, ok := d.name()
		if !ok || !d.unknown(name, from) {
			return false
		}
	}
	d.forget(from)
	d.depth--
	return true
}
