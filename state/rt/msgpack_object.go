package rt

import (
	"encoding/binary"

	"github.com/typedstate/typedstate/internal/strict"
)

// MsgpackObject is an open struct. It holds no more than a loop variable should: the
// compiler copies one that has a method with a pointer receiver in every round.
type MsgpackObject struct {
	// Field is the index of the field that is next, after a call of Next.
	Field int
}

// msgpackObject is what the decoder knows of an open struct.
type msgpackObject struct {
	fields *Fields
	// next is the index of the field to expect. As long as sure is not 0, it is also
	// how many fields there were, all of them in order.
	next, sure int32
	// left counts the fields to come once they are out of order. Seen are those that
	// were there then, more those after the 64th.
	left int32
	// names is how many names the decoder had noted before.
	names int32
	seen  uint64
	more  *[3]uint64
}

// Object begins a struct.
func (d *MsgpackDecoder) Object(f *Fields) MsgpackObject {
	n := 0
	if at := d.at; at < len(d.data) && d.data[at]&0xf0 == 0x80 {
		n = int(d.data[at] & 0x0f)
		d.at++
	} else if !d.null() {
		n, _ = d.head(0x80, 0xde)
	}
	if d.depth >= strict.MaxDepth || 2*n > len(d.data)-d.at {
		d.fail()
	}
	d.depth++
	if d.open > 0 {
		d.save()
	}
	d.open++
	d.in.fields, d.in.next, d.in.sure, d.in.left = f, 0, int32(min(n, len(f.names), 64)), int32(n)
	return MsgpackObject{}
}

// save puts the open struct aside for one in it.
func (d *MsgpackDecoder) save() {
	s := d.scratched()
	if n := len(s.objects); n < cap(s.objects) {
		s.objects = s.objects[:n+1]
	} else {
		s.objects = append(s.objects, msgpackObject{})
	}
	s.objects[len(s.objects)-1].set(&d.in)
	d.in.more, d.in.names = nil, int32(len(s.names))
}

// set copies an object field by field. In one piece that has to wait for those of its
// fields that were written a moment ago.
func (o *msgpackObject) set(from *msgpackObject) {
	o.fields, o.more, o.seen = from.fields, from.more, from.seen
	o.next, o.sure, o.left, o.names = from.next, from.sure, from.left, from.names
}

// restore goes back to the struct around the one that ends.
func (d *MsgpackDecoder) restore() {
	if d.open--; d.open == 0 {
		d.in.more = nil
		return
	}
	s := d.scratch
	d.in.set(&s.objects[d.open-1])
	s.objects = s.objects[:d.open-1]
}

// Next tells whether another field follows, which the caller then reads. Fields that
// the struct does not have are skipped.
func (o *MsgpackObject) Next(d *MsgpackDecoder) bool {
	if next := int(d.in.next); next < int(d.in.sure) {
		want := d.in.fields.names[next]
		n, at := len(want), d.at
		if uint(n-4) <= 12 && n < len(d.data)-at && d.data[at] == 0xa0|byte(n) {
			if sameWords(d.data[at+1:at+1+n], bytesOf(want)) {
				d.at = at + 1 + n
				o.Field = next
				d.in.next++
				return true
			}
		} else if d.expect(want) {
			o.Field = next
			d.in.next++
			return true
		}
	} else if d.in.sure == d.in.left && d.in.next == d.in.left && !d.failed {
		d.depth--
		d.restore()
		return false
	}
	return o.find(d, &d.in)
}

// sameWords tells whether a and b, which have one length of 4 to 16 bytes, are the same.
// It compares two words that may overlap, without a call.
func sameWords(a, b []byte) bool {
	n := len(a)
	if n >= 8 {
		return (binary.LittleEndian.Uint64(a)^binary.LittleEndian.Uint64(b))|
			(binary.LittleEndian.Uint64(a[n-8:])^binary.LittleEndian.Uint64(b[n-8:])) == 0
	}
	return (binary.LittleEndian.Uint32(a)^binary.LittleEndian.Uint32(b))|
		(binary.LittleEndian.Uint32(a[n-4:])^binary.LittleEndian.Uint32(b[n-4:])) == 0
}

// find is Next for whatever is not the field to expect.
func (o *MsgpackObject) find(d *MsgpackDecoder, in *msgpackObject) bool {
	if in.sure > 0 {
		in.seen = 1<<in.next - 1
		in.left -= in.next
		in.sure = 0
	}
	for in.left > 0 && !d.failed {
		in.left--
		if next := int(in.next); next < len(in.fields.names) && d.expect(in.fields.names[next]) {
			o.Field = next
		} else {
			name, ok := d.name()
			if !ok {
				return false
			}
			o.Field = in.fields.find(string(name), int(in.next))
			if o.Field == unknownField && d.unknown(name, int(in.names)) {
				continue
			}
		}
		if o.Field < 0 || !in.first(o.Field) {
			d.fail()
			return false
		}
		in.next = int32(o.Field + 1)
		return true
	}
	if !d.failed {
		d.depth--
		d.forget(int(in.names))
		d.restore()
	}
	return false
}

// expect reads a name of fewer than 32 bytes if it is that one.
func (d *MsgpackDecoder) expect(want string) bool {
	n, at := len(want), d.at
	if n >= 32 || n >= len(d.data)-at || d.data[at] != 0xa0|byte(n) {
		return false
	}
	if string(d.data[at+1:at+1+n]) != want {
		return false
	}
	d.at = at + 1 + n
	return true
}

// first notes that a field is there, and tells whether it was not before.
func (o *msgpackObject) first(field int) bool {
	seen, bit := &o.seen, uint64(1)<<(field&63)
	if field >= 64 {
		if o.more == nil {
			o.more = new([3]uint64)
		}
		if field >= 256 {
			return false
		}
		seen = &o.more[field/64-1]
	}
	first := *seen&bit == 0
	*seen |= bit
	return first
}

// name reads the name of a field or the key of a map, but for its UTF-8.
func (d *MsgpackDecoder) name() ([]byte, bool) {
	if d.at < len(d.data) {
		rest := d.data[d.at:]
		head := 1
		var n int
		switch c := rest[0]; {
		case c&0xe0 == 0xa0:
			n = int(c & 0x1f)
		case c == 0xd9 && len(rest) >= 2:
			head, n = 2, int(rest[1])
		case c == 0xda && len(rest) >= 3:
			head, n = 3, int(binary.BigEndian.Uint16(rest[1:]))
		default:
			d.fail()
			return nil, false
		}
		if n <= len(rest)-head {
			d.at += head + n
			return rest[head : head+n], true
		}
	}
	d.fail()
	return nil, false
}
