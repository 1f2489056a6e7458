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
	// left counts the fields to come. Next is the index of the one to expect.
	left, next int
	// seen are the fields that were there, more those after the 64th.
	seen uint64
	more *[3]uint64
	// names is how many names the decoder had noted before.
	names int
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
	if d.depth >= strict.MsgpackDepth || 2*n > len(d.data)-d.at {
		d.fail()
	}
	d.depth++
	if d.open > 0 {
		d.save()
	}
	d.open++
	d.in.fields, d.in.left, d.in.next, d.in.seen = f, n, 0, 0
	return MsgpackObject{}
}

// save puts the open struct aside for one in it.
func (d *MsgpackDecoder) save() {
	s := d.scratched()
	s.objects = append(s.objects, d.in)
	d.in.more, d.in.names = nil, len(s.names)
}

// restore goes back to the struct around the one that ends.
func (d *MsgpackDecoder) restore() {
	if d.open--; d.open == 0 {
		d.in.more = nil
		return
	}
	s := d.scratch
	d.in = s.objects[d.open-1]
	s.objects = s.objects[:d.open-1]
}

// Next tells whether another field follows, which the caller then reads. Fields that
// the struct does not have are skipped.
func (o *MsgpackObject) Next(d *MsgpackDecoder) bool {
	in := &d.in
	if in.left > 0 && in.next < len(in.fields.names) && in.next < 64 {
		want := in.fields.names[in.next]
		at := d.at
		end := at + 1 + len(want)
		bit := uint64(1) << (in.next & 63)
		if end <= len(d.data) && len(want) < 32 && d.data[at] == 0xa0|byte(len(want)) &&
			string(d.data[at+1:end]) == want && in.seen&bit == 0 {
			d.at = end
			in.seen |= bit
			o.Field = in.next
			in.next++
			in.left--
			return true
		}
	}
	return o.find(d, in)
}

// find is Next for whatever is not the field to expect.
func (o *MsgpackObject) find(d *MsgpackDecoder, in *msgpackObject) bool {
	for in.left > 0 && !d.failed {
		in.left--
		name, ok := d.name()
		if !ok {
			return false
		}
		o.Field = in.fields.find(string(name), in.next)
		if o.Field >= 0 {
			in.next = o.Field + 1
			if in.first(o.Field) {
				return true
			}
			d.fail()
			return false
		}
		if o.Field == otherField || !d.unknown(name, in.names) {
			d.fail()
			return false
		}
	}
	if !d.failed {
		d.depth--
		d.forget(in.names)
		d.restore()
	}
	return false
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
		head, n := 1, 0
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
