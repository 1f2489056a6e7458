package rt

import "encoding/binary"

// MsgpackObject is an open struct.
type MsgpackObject struct {
	// Field is the index of the field that is next, after a call of Next.
	Field int

	fields *Fields
	left   int
	next   int
	seen   uint64
	// names and more are how much the decoder noted before.
	names, more int
}

// Object begins a struct.
func (d *MsgpackDecoder) Object(f *Fields) MsgpackObject {
	o := MsgpackObject{fields: f, names: len(d.names), more: len(d.seen)}
	if d.null() {
		o.left = -1
		return o
	}
	n, ok := d.head(0x80, 0xde)
	if !ok || !d.enter(n, 2) {
		o.left = -1
		return o
	}
	o.left = n
	if len(f.names) > 64 {
		d.seen = append(d.seen, 0, 0, 0)
	}
	return o
}

// Next tells whether another field follows, which the caller then reads. Fields that
// the struct does not have are skipped.
func (o *MsgpackObject) Next(d *MsgpackDecoder) bool {
	for o.left > 0 {
		o.left--
		name, ok := d.name()
		if !ok {
			return false
		}
		names := o.fields.names
		if o.next < len(names) && string(name) == names[o.next] {
			o.Field = o.next
		} else {
			o.Field = o.fields.find(string(name), o.next)
		}
		if o.Field >= 0 {
			o.next = o.Field + 1
			return o.first(d)
		}
		if o.Field == otherField || !d.unknown(name, o.names) {
			d.fail()
			return false
		}
	}
	if o.left == 0 && !d.failed {
		d.depth--
		d.forget(o.names)
		d.seen = d.seen[:o.more]
	}
	return false
}

// first notes that the field is there, and fails where it was before.
func (o *MsgpackObject) first(d *MsgpackDecoder) bool {
	seen, bit := &o.seen, uint64(1)<<(o.Field&63)
	if o.Field >= 64 {
		if o.more+o.Field/64 > len(d.seen) {
			d.fail()
			return false
		}
		seen = &d.seen[o.more+o.Field/64-1]
	}
	if *seen&bit != 0 {
		d.fail()
		return false
	}
	*seen |= bit
	return true
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
