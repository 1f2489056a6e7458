package strict

import (
	"bytes"
	"encoding"
	"encoding/json"
	"math"
	"reflect"
	"unicode/utf8"
)

// blame is what to look for in a value that encoding/json refused or may have changed.
type blame uint8

const (
	blameText blame = iota
	blameFloat
	blameKind
	blameMethod
)

type jsonBlamer struct {
	mode blame
	// seen keeps a value that points back at itself from being walked for ever.
	seen map[jsonVisit]bool
}

type jsonVisit struct {
	at     uintptr
	length int
	typ    reflect.Type
	inside bool
}

// blameJSON returns where v holds what mode names, or nil. It runs only for errors
// and on a hint, so it may be slow and may call a marshaler again.
func blameJSON(v any, mode blame) *Error {
	b := jsonBlamer{mode: mode, seen: map[jsonVisit]bool{}}
	path, found := b.value(reflect.ValueOf(v), "", false)
	if !found {
		return nil
	}
	return &Error{Path: path, Offset: -1, Reason: reasonUTF8}
}

// value looks into v. Inside a marshaler nothing tells which fields it writes, so
// all count, but only if its output shows the hint.
func (b *jsonBlamer) value(v reflect.Value, path string, inside bool) (string, bool) {
	if !v.IsValid() {
		return "", false
	}
	if done, inner := b.method(v); done {
		return path, inner
	} else if inner {
		inside = true
	}
	switch v.Kind() {
	case reflect.String:
		return path, b.mode == blameText && !utf8.ValidString(v.String())
	case reflect.Float32, reflect.Float64:
		return path, b.mode == blameFloat && (math.IsNaN(v.Float()) || math.IsInf(v.Float(), 0))
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return path, b.mode == blameKind
	case reflect.Pointer:
		if v.IsNil() || b.again(v, 0, inside) {
			return "", false
		}
		return b.value(v.Elem(), path, inside)
	case reflect.Interface:
		return b.value(v.Elem(), path, inside)
	case reflect.Struct:
		return b.fields(v, path, inside)
	case reflect.Map:
		return b.entries(v, path, inside)
	case reflect.Slice:
		if v.Len() == 0 || b.again(v, v.Len(), inside) {
			return "", false
		}
		return b.elements(v, path, inside)
	case reflect.Array:
		return b.elements(v, path, inside)
	}
	return "", false
}

func (b *jsonBlamer) again(v reflect.Value, length int, inside bool) bool {
	visit := jsonVisit{v.Pointer(), length, v.Type(), inside}
	seen := b.seen[visit]
	b.seen[visit] = true
	return seen
}

// escapesReplacement tells whether JSON text holds the escape of U+FFFD, and not just
// an escaped backslash before its letters.
func escapesReplacement(text []byte) bool {
	for {
		at := bytes.IndexByte(text, '\\')
		if at < 0 || at+1 >= len(text) {
			return false
		}
		if bytes.HasPrefix(text[at:], []byte(`\ufffd`)) {
			return true
		}
		text = text[at+2:]
	}
}

// method handles a value that writes itself: done tells that the answer is known,
// inner is that answer or, when not done, that v is the inside of a marshaler.
func (b *jsonBlamer) method(v reflect.Value) (done, inner bool) {
	t := v.Type()
	if t.Kind() == reflect.Interface || t.Kind() == reflect.Pointer {
		return false, false
	}
	byJSON, byText := hasMethod(t, jsonMarshalerType), hasMethod(t, textMarshalerType)
	if !byJSON && !byText || !v.CanInterface() {
		return false, false
	}
	if v.CanAddr() {
		v = v.Addr()
	} else if !t.Implements(jsonMarshalerType) && !t.Implements(textMarshalerType) {
		return false, false
	}
	out, err := json.Marshal(v.Interface())
	if b.mode == blameMethod {
		return err != nil, err != nil
	}
	if err != nil || !escapesReplacement(out) {
		return true, false
	}
	// Text goes through the string encoder, which writes the escape for one reason only.
	return !byJSON, true
}

func (b *jsonBlamer) fields(v reflect.Value, path string, inside bool) (string, bool) {
	t := v.Type()
	if inside {
		for _, field := range v.Fields() {
			if at, found := b.value(field, path, true); found {
				return at, true
			}
		}
		return "", false
	}
	for _, f := range jsonFields(t) {
		field, err := v.FieldByIndexErr(f.index)
		if err != nil {
			continue
		}
		if at, found := b.value(field, pathField(path, f.name), false); found {
			return at, true
		}
	}
	return "", false
}

func (b *jsonBlamer) entries(v reflect.Value, path string, inside bool) (string, bool) {
	if b.again(v, 0, inside) {
		return "", false
	}
	path += pathKey
	for entries := v.MapRange(); entries.Next(); {
		if b.mode == blameText && badKey(entries.Key()) {
			return path, true
		}
		if at, found := b.value(entries.Value(), path, inside); found {
			return at, true
		}
	}
	return "", false
}

func badKey(k reflect.Value) bool {
	if k.Kind() == reflect.String {
		return !utf8.ValidString(k.String())
	}
	if !k.CanInterface() {
		return false
	}
	if m, ok := reflect.TypeAssert[encoding.TextMarshaler](k); ok && (k.Kind() != reflect.Pointer || !k.IsNil()) {
		text, err := m.MarshalText()
		return err == nil && !utf8.Valid(text)
	}
	return false
}

func (b *jsonBlamer) elements(v reflect.Value, path string, inside bool) (string, bool) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return "", false
	}
	for i := range v.Len() {
		if at, found := b.value(v.Index(i), pathIndex(path, i), inside); found {
			return at, true
		}
	}
	return "", false
}
