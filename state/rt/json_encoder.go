package rt

import (
	"encoding/base64"
	"encoding/binary"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/typedstate/typedstate/internal/strict"
)

// JSONEncoder writes one document. It writes what it is certain of; at anything else
// it fails, for good, and the value is left to the library codec, which decides.
type JSONEncoder struct {
	buf    []byte
	depth  int
	failed bool
	// copies tells that the value is within one that a map holds. The library does
	// not see the methods of pointers to such values.
	copies bool
	// memory is what the document makes when it is read.
	memory int
	keys   []jsonKey
	spares spares
}

// Open begins an object.
func (e *JSONEncoder) Open() { e.open('{') }

// Close ends an object.
func (e *JSONEncoder) Close() { e.close('}') }

func (e *JSONEncoder) open(bracket byte) {
	e.buf = append(e.buf, bracket)
	if e.depth++; e.depth > strict.MaxDepth {
		e.failed = true
	}
}

func (e *JSONEncoder) close(bracket byte) {
	e.buf = append(e.buf, bracket)
	e.depth--
}

// Field begins a field with its name and colon, escaped already.
func (e *JSONEncoder) Field(header string) *JSONEncoder {
	// No value ends with the bracket that opens an object.
	if e.buf[len(e.buf)-1] != '{' {
		e.buf = append(e.buf, ',')
	}
	e.buf = append(e.buf, header...)
	return e
}

func (e *JSONEncoder) null() { e.buf = append(e.buf, "null"...) }

// Bool writes a bool.
func (e *JSONEncoder) Bool(v bool) { e.buf = strconv.AppendBool(e.buf, v) }

// Int writes a signed integer.
func (e *JSONEncoder) Int(v int64) { e.buf = strconv.AppendInt(e.buf, v, 10) }

// Uint writes an unsigned integer.
func (e *JSONEncoder) Uint(v uint64) { e.buf = strconv.AppendUint(e.buf, v, 10) }

// Bytes writes bytes in base64.
func (e *JSONEncoder) Bytes(v []byte) {
	if v == nil {
		e.null()
		return
	}
	e.quote()
	e.buf = base64.StdEncoding.AppendEncode(e.buf, v)
	e.quote()
}

// Library writes what v points to with the library codec.
func (e *JSONEncoder) Library(v any) {
	if e.failed {
		return
	}
	if e.copies {
		// What a pointer or an interface holds has the same methods everywhere.
		if copied := reflect.ValueOf(v).Elem(); copied.Kind() != reflect.Pointer && copied.Kind() != reflect.Interface {
			v = copied.Interface()
		}
	}
	out, memory, err := strict.AppendJSONPart(e.buf, v, e.depth)
	if err != nil {
		e.failed = true
		return
	}
	e.buf = out
	e.memory += memory
}

// String writes a string.
func (e *JSONEncoder) String(v string) {
	text := bytesOf(v)
	if !isPlain(text) {
		e.escape(text)
		return
	}
	n := len(e.buf)
	end := n + len(text) + 2
	if end > cap(e.buf) {
		e.grow(end)
	}
	b := e.buf[:end]
	b[n] = '"'
	copy(b[n+1:], text)
	b[end-1] = '"'
	e.buf = e.buf[:end]
}

// grow makes room for total bytes.
//
//go:noinline
func (e *JSONEncoder) grow(total int) {
	e.buf = slices.Grow(e.buf, total-len(e.buf))
}

// isPlain tells whether every byte of text stands for itself in JSON.
func isPlain(text []byte) bool {
	n := len(text)
	if n >= 8 {
		bad := ends(binary.LittleEndian.Uint64(text[n-8:]))
		for ; len(text) > 8; text = text[8:] {
			bad |= ends(binary.LittleEndian.Uint64(text))
		}
		return bad == 0
	}
	if n >= 4 {
		x := binary.LittleEndian.Uint32(text)
		y := binary.LittleEndian.Uint32(text[n-4:])
		return ends(uint64(x)|uint64(y)<<32) == 0
	}
	for _, c := range text {
		if c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// ends tells whether a byte of x does not stand for itself in JSON, or is not ASCII: one
// that has its high bit set keeps it in the difference of the quote or of the backslash.
func ends(x uint64) uint64 {
	quote, backslash, control := (x^'"'*ones)-ones, (x^'\\'*ones)-ones, x-' '*ones
	return (quote | backslash | control) & highs
}

// escape writes a string byte by byte.
func (e *JSONEncoder) escape(text []byte) {
	if !utf8.Valid(text) {
		e.failed = true
		return
	}
	e.quote()
	b := e.buf
	start := 0
	for i, c := range text {
		if c < ' ' || c == '"' || c == '\\' {
			b = append(b, text[start:i]...)
			b = appendEscape(b, c)
			start = i + 1
		}
	}
	b = append(b, text[start:]...)
	e.buf = b
	e.quote()
}

func appendEscape(b []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, '\\', 'b')
	case '\f':
		return append(b, '\\', 'f')
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
