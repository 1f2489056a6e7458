package rt

import "github.com/typedstate/typedstate/internal/strict"

// keptScratch is the length of buffers that are not kept for the next value.
const keptScratch = 64 << 10

// JSONDecoder reads one document. It takes what it is certain of; at anything else
// it fails, for good, and the document is left to the library codec, which decides.
type JSONDecoder struct {
	data []byte
	// at is the end of data once the decoder has failed, so that no read goes on.
	at     int
	depth  int
	failed bool
	// left is how much memory the document may still make.
	left   int
	unused int
	texts  texts
	// unknown are the names that no field has, of all open objects.
	unknown []string
	scratch []byte
	parts   int // how many values the library codec has read or passed over
	spares  spares
	nested  int // how many objects are open
	objects [inPlaceObjects]JSONObject
}

func (d *JSONDecoder) start(data []byte) {
	d.data, d.at, d.depth, d.nested, d.failed, d.parts = data, 0, 0, 0, false, 0
	d.left, d.unused = strict.JSONMemory(len(data)), 0
	d.texts = textsOf(data)
}

// done tells whether the document was taken, and lets go of it.
func (d *JSONDecoder) done() bool {
	ok := !d.failed && d.peek() == 0 && d.at == len(d.data)
	d.data, d.texts = nil, texts{}
	if cap(d.unknown) > 0 {
		clear(d.unknown[:cap(d.unknown)])
		d.unknown = d.unknown[:0]
		if cap(d.unknown) > 4*manyUnknown {
			d.unknown = nil
		}
	}
	if cap(d.scratch) > keptScratch {
		d.scratch = nil
	}
	return ok
}

func (d *JSONDecoder) fail() {
	d.failed = true
	d.at = len(d.data)
}

// peek returns the byte after white space, 0 at the end of the document. A zero byte in
// the document is no part of any value either.
func (d *JSONDecoder) peek() byte {
	if d.at < len(d.data) {
		if c := d.data[d.at]; c > ' ' {
			return c
		}
	}
	return d.space()
}

func (d *JSONDecoder) space() byte {
	for ; d.at < len(d.data); d.at++ {
		switch c := d.data[d.at]; c {
		case ' ', '\n', '\r', '\t':
		default:
			return c
		}
	}
	return 0
}

// word takes a literal.
func (d *JSONDecoder) word(w string) bool {
	if rest := d.data[d.at:]; len(rest) >= len(w) && string(rest[:len(w)]) == w {
		d.at += len(w)
		return true
	}
	d.fail()
	return false
}

// null takes a null, which leaves a value as it is, and nothing else.
func (d *JSONDecoder) null() { d.word("null") }

// Bool reads a bool.
func (d *JSONDecoder) Bool(v *bool) {
	switch d.peek() {
	case 't':
		if d.word("true") {
			*v = true
		}
	case 'f':
		if d.word("false") {
			*v = false
		}
	default:
		d.null()
	}
}

// Library reads what v points to with the library codec.
func (d *JSONDecoder) Library(v any) {
	if d.peek() == 0 || d.another() {
		d.fail()
		return
	}
	end, used := strict.DecodeJSONPart(d.data, d.at, d.depth, d.left, v)
	if end < 0 {
		d.fail()
		return
	}
	d.at = end
	d.left -= used
}

// mostParts is how many values of one document are given to the library codec alone.
// Each costs what the beginning of a document costs, and all of it costs less than many.
const mostParts = 256

// another counts a value for the library codec, and reports whether there are too many.
func (d *JSONDecoder) another() bool {
	d.parts++
	return d.parts > mostParts
}

// skip passes over a value that nothing reads.
func (d *JSONDecoder) skip() {
	switch c := d.peek(); {
	case c == '"':
		d.text()
	case c == '-' || '0' <= c && c <= '9':
		d.number()
	case c == 't':
		d.word("true")
	case c == 'f':
		d.word("false")
	case c == '{' || c == '[':
		if d.another() {
			d.fail()
			return
		}
		end := strict.SkipJSON(d.data, d.at, d.depth)
		if end < 0 {
			d.fail()
			return
		}
		d.at = end
	default:
		d.null()
	}
}

// charge counts memory that the document makes. It may not run ahead of what the part
// that is read allows, so that a document that makes too much is known by its beginning.
func (d *JSONDecoder) charge(size int) bool {
	d.left -= size
	if d.left < strict.JSONMemory(len(d.data)-d.at)-strict.JSONMemory(0) {
		d.fail()
		return false
	}
	return true
}

// enter begins an array or object, at its bracket.
func (d *JSONDecoder) enter() bool {
	if d.depth == strict.MaxDepth {
		d.fail()
		return false
	}
	d.depth++
	return true
}
