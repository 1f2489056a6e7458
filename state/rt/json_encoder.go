package rt

import (
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"reflect"
	"strconv"
	"unicode/utf8"
	"unsafe"

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
	if e.depth++; e.depth > maxDepth {
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
	b := append(e.buf, '"')
	b = base64.StdEncoding.AppendEncode(b, v)
	e.buf = append(b, '"')
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
	b := append(e.buf, '"')
	text := unsafe.Slice(unsafe.StringData(v), len(v))
	for {
		n := plainText(text)
		b = append(b, text[:n]...)
		if n == len(text) {
			break
		}
		if text = text[n:]; text[0] >= utf8.RuneSelf {
			r, size := utf8.DecodeRune(text)
			if r == utf8.RuneError && size == 1 {
				e.failed = true
				return
			}
			b = append(b, text[:size]...)
			text = text[size:]
			continue
		}
		b = appendEscape(b, text[0])
		text = text[1:]
	}
	e.buf = append(b, '"')
}

// plainText returns how many bytes of text stand for themselves in JSON.
func plainText(text []byte) int {
	i := 0
	for ; i+8 <= len(text); i += 8 {
		x := binary.LittleEndian.Uint64(text[i:])
		if m := special(x) | x&highs; m != 0 {
			return i + bits.TrailingZeros64(m)>>3
		}
	}
	for ; i < len(text); i++ {
		if c := text[i]; c == '"' || c == '\\' || c < ' ' || c >= utf8.RuneSelf {
			break
		}
	}
	return i
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
