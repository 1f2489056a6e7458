package rt

import (
	"encoding/binary"
	"slices"
)

// manyUnknown is how many names that no field has are compared with each other.
const manyUnknown = 16

// JSONObject reads the fields of one object.
type JSONObject struct {
	// Field is the index of the field whose value is next.
	Field int

	fields *Fields
	next   int
	seen   [4]uint64
	base   int
	// before is what stands before the next name, 0 at the end.
	before byte
}

// inPlaceObjects is up to how many open objects have their place in the decoder.
const inPlaceObjects = 6

// Object begins to read an object, or takes a null.
func (d *JSONDecoder) Object(f *Fields) *JSONObject {
	// A pointer, since a loop copies a variable of its own at every turn.
	if !d.open('{') {
		return &noObject
	}
	var o *JSONObject
	if d.nested < len(d.objects) {
		o = &d.objects[d.nested]
	} else {
		o = new(JSONObject)
	}
	d.nested++
	o.fields, o.next, o.base, o.before = f, 0, len(d.unknown), '{'
	o.seen = [4]uint64{}
	return o
}

// noObject is what a null has for fields. Nothing writes to it.
var noObject JSONObject

// Next goes to the next field, whose value is to be read then.
func (o *JSONObject) Next(d *JSONDecoder) bool {
	// The common document is written in the order of the fields and without spaces.
	if o.before == 0 {
		return false
	}
	if at := d.at + 1; at+8 <= len(d.data) && d.data[at-1] == o.before && o.next < len(o.fields.headers) {
		header := &o.fields.headers[o.next]
		if (binary.LittleEndian.Uint64(d.data[at:])^header.head)&header.mask == 0 && header.ends(d.data[at:]) {
			o.before = ','
			d.at = at + len(header.text)
			return o.take(d, o.next)
		}
	}
	return o.search(d)
}

// ends tells whether a document that begins as the header goes on as it does.
func (h *fieldHeader) ends(data []byte) bool {
	end := len(h.text)
	return end <= 8 || end <= len(data) && string(data[8:end]) == h.text[8:]
}

// take goes to the value of field f.
func (o *JSONObject) take(d *JSONDecoder, f int) bool {
	word, bit := &o.seen[uint(f)>>6&3], uint64(1)<<(f&63)
	if *word&bit != 0 {
		d.fail()
		return false
	}
	*word |= bit
	o.Field, o.next = f, f+1
	return true
}

// search passes over what no field is called.
func (o *JSONObject) search(d *JSONDecoder) bool {
	for {
		c := d.peek()
		if c == '}' && o.before == ',' {
			return o.end(d)
		}
		if c != o.before {
			d.fail()
			return false
		}
		d.at++
		c = d.peek()
		if c == '}' && o.before == '{' {
			return o.end(d)
		}
		o.before = ','
		name, ok := d.name()
		if !ok {
			return false
		}
		f := o.fields.find(name, o.next)
		if f >= 0 {
			return o.take(d, f)
		}
		if !d.isNew(o.base, name) || o.fields.folds(name) {
			d.fail()
			return false
		}
		d.skip()
	}
}

func (o *JSONObject) end(d *JSONDecoder) bool {
	d.at++
	d.depth--
	d.nested--
	d.unknown = d.unknown[:o.base]
	o.before = 0
	return false
}

// name reads a name that holds no escape, and the colon.
func (d *JSONDecoder) name() (string, bool) {
	if d.peek() != '"' {
		d.fail()
		return "", false
	}
	start := d.at
	name := d.text()
	if d.failed || d.at != start+len(name)+2 || d.peek() != ':' {
		d.fail()
		return "", false
	}
	d.at++
	return alias(name), true
}

// isNew tells whether the object whose unknown names start at base has no other of
// that name yet.
func (d *JSONDecoder) isNew(base int, name string) bool {
	if len(d.unknown)-base == manyUnknown || slices.Contains(d.unknown[base:], name) {
		return false
	}
	d.unknown = append(d.unknown, name)
	return true
}
