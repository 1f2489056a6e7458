package strict

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"
)

// jsonWriter is the target that an encoder keeps; the encoder writes to it once,
// after the whole value is encoded.
type jsonWriter struct {
	buf     []byte
	encoder *json.Encoder
}

func (w *jsonWriter) Write(p []byte) (int, error) {
	w.buf = append(w.buf, p...)
	return len(p), nil
}

var jsonWriters = sync.Pool{New: func() any {
	w := &jsonWriter{}
	w.encoder = json.NewEncoder(w)
	w.encoder.SetEscapeHTML(false)
	return w
}}

// AppendJSON appends the JSON form of the value v points to and returns the extended
// slice. The bytes are those of encoding/json, with <, >, &, U+2028 and U+2029 as they
// are, also where a marshaler of the value spelled the last two as escapes. What
// [DecodeJSON] would not read back is an [*Error], and so is a string that is not valid
// UTF-8; dst is then returned in its old length.
func AppendJSON(dst []byte, v any) ([]byte, error) {
	out, refused := appendJSON(dst, v, 0)
	if refused == nil && v != nil {
		refused = checkMemory(out[len(dst):], jsonPlanOf(reflect.TypeOf(v)))
	}
	if refused != nil {
		return dst, refused
	}
	return out, nil
}

// appendJSON appends v for a place within depth arrays and objects.
func appendJSON(dst []byte, v any, depth int) ([]byte, *Error) {
	w := jsonWriters.Get().(*jsonWriter)
	w.buf = dst
	err := w.encoder.Encode(v)
	out := w.buf
	w.buf = nil
	jsonWriters.Put(w)
	if err != nil {
		return dst, encodeJSONError(v, err)
	}

	// The encoder ends the value with a newline.
	out = out[:len(out)-1]
	written := out[len(dst):]
	var names [linearNames]jsonName
	s := newJSONScanner(written)
	s.names = names[:0]
	if s.value(0, depth) < 0 {
		return dst, s.error(jsonPathOf(v, s.steps))
	}
	// encoding/json writes this escape for bytes that are not UTF-8, and U+FFFD
	// itself as it is; but a marshaler may write the escape on purpose, and the string
	// option escapes the backslash again.
	if bytes.Contains(written, []byte(`\ufffd`)) {
		if e := blameJSON(v, blameText); e != nil {
			return dst, e
		}
	}
	return out[:len(dst)+len(rawSeparators(written))], nil
}

// rawSeparators puts U+2028 and U+2029 in place of their escapes, within b.
func rawSeparators(b []byte) []byte {
	escape := []byte(`\u202`)
	at := bytes.Index(b, escape)
	if at < 0 {
		return b
	}
	// The hit may start inside an escaped backslash.
	for at > 0 && b[at-1] == '\\' {
		at--
	}
	out := b[:at]
	for i := at; i < len(b); {
		switch {
		case b[i] != '\\':
			out = append(out, b[i])
			i++
		case bytes.HasPrefix(b[i:], escape) && (b[i+5] == '8' || b[i+5] == '9'):
			out = append(out, 0xe2, 0x80, 0xa8+b[i+5]-'8')
			i += 6
		default:
			// Both bytes of an escape at once, so that `\\u2028` stays text.
			out = append(out, b[i], b[i+1])
			i += 2
		}
	}
	return out
}

func jsonPathOf(v any, steps []step) string {
	if v == nil {
		return ""
	}
	return jsonPlanOf(reflect.TypeOf(v)).path(steps)
}

// encodeJSONError puts a path and fixed text in place of the error of a marshaler or
// of encoding/json, which may quote the value.
func encodeJSONError(v any, err error) *Error {
	e := &Error{Offset: -1, Reason: "the value has no JSON form"}
	mode := blameMethod
	if unsupported, ok := errors.AsType[*json.UnsupportedValueError](err); ok {
		mode = blameFloat
		e.Reason = "the value contains itself"
		if k := unsupported.Value.Kind(); k == reflect.Float32 || k == reflect.Float64 {
			e.Reason = fmt.Sprintf("%s is NaN or infinite", unsupported.Value.Type())
		}
	} else if unsupported, ok := errors.AsType[*json.UnsupportedTypeError](err); ok {
		mode = blameKind
		e.Reason = fmt.Sprintf("Go type %s has no JSON form", unsupported.Type)
	} else if failed, ok := errors.AsType[*json.MarshalerError](err); ok {
		e.Reason = fmt.Sprintf("MarshalJSON or MarshalText of %s failed", failed.Type)
	}
	if found := blameJSON(v, mode); found != nil {
		e.Path = found.Path
	}
	return e
}
