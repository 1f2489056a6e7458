package state

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"

	"github.com/typedstate/typedstate/internal/keyspec"
)

// name builds the name of a key at run time. What is wrong with its parts is
// marked in the name, so that the first operation finds it.
func (f *family) name(parts []any) string {
	params := f.template.Params()
	if len(parts) != len(params) {
		return keyspec.MarkCount
	}
	literals := f.template.Literals()
	name := []byte(literals[0])
	for i, part := range parts {
		name = appendPart(name, params[i].Kind, part)
		name = append(name, literals[i+1]...)
	}
	return string(name)
}

func appendPart(dst []byte, kind keyspec.Kind, part any) []byte {
	v := reflect.ValueOf(part)
	if !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil() {
		return append(dst, keyspec.MarkMismatch...)
	}
	if text, ok := part.(encoding.TextMarshaler); ok && kind == keyspec.Opaque {
		return keyspec.AppendText(dst, text)
	}
	start := len(dst)
	switch {
	case v.Kind() == reflect.String && (kind == keyspec.String || kind == keyspec.Opaque):
		return keyspec.AppendString(dst, v.String())
	case v.Kind() == reflect.Bool && (kind == keyspec.Bool || kind == keyspec.Opaque):
		return keyspec.AppendBool(dst, v.Bool())
	case v.CanInt():
		dst = keyspec.AppendInt(dst, v.Int())
	case v.CanUint() && v.Kind() != reflect.Uintptr:
		dst = keyspec.AppendUint(dst, v.Uint())
	case v.Type().ConvertibleTo(uuidType) && v.Kind() == reflect.Array && (kind == keyspec.UUID || kind == keyspec.Opaque):
		return keyspec.AppendUUID(dst, v.Convert(uuidType).Interface().([16]byte))
	default:
		return append(dst, keyspec.MarkMismatch...)
	}
	// An integer fits if its text is one of the parameter's kind.
	if kind == keyspec.Opaque || kind.Bits() > 0 && kind.Accepts(string(dst[start:])) {
		return dst
	}
	return append(dst[:start], keyspec.MarkMismatch...)
}

var uuidType = reflect.TypeFor[[16]byte]()

// checkName returns what is wrong with a key's name, which a mark tells.
func (f *family) checkName(name string) error {
	at := keyspec.Marked(name)
	if at < 0 {
		return nil
	}
	params := f.template.Params()
	mark := name[at:min(at+len(keyspec.MarkEmpty), len(name))]
	if mark == keyspec.MarkCount {
		return fmt.Errorf("%w: the template has %d parameters, and Key was given another number of parts", ErrInvalidKey, len(params))
	}
	// Encoded parts hold no colon, so the colons before the mark count the
	// segments before it.
	segments, index := f.template.Segments(), strings.Count(name[:at], ":")
	if index >= len(segments) || segments[index].Param < 0 {
		return fmt.Errorf("%w: the name was not made from the template", ErrInvalidKey)
	}
	param := params[segments[index].Param]
	switch mark {
	case keyspec.MarkFailed:
		return fmt.Errorf("%w: <%s> has a MarshalText that failed", ErrInvalidKey, param.Name)
	case keyspec.MarkMismatch:
		return fmt.Errorf("%w: <%s> was given a value that is no %s", ErrInvalidKey, param.Name, param.Type)
	default:
		return fmt.Errorf("%w: <%s> is empty", ErrInvalidKey, param.Name)
	}
}
