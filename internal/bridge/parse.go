package bridge

import (
	"encoding"
	"errors"
	"reflect"
	"strconv"

	"github.com/typedstate/typedstate/internal/keyspec"
)

var errPart = errors.New("a part is none of its type")

// ParseParts returns the K whose parts those are.
func ParseParts[K any](parts []string) (k K, err error) {
	v := reflect.ValueOf(&k).Elem()
	if len(parts) == 1 {
		return k, parsePart(v, parts[0])
	}
	for i, part := range parts {
		if err := parsePart(v.Field(i), part); err != nil {
			return k, err
		}
	}
	return k, nil
}

// parsePart stores the value of a part in v.
func parsePart(v reflect.Value, part string) error {
	if text, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); ok {
		return text.UnmarshalText([]byte(part))
	}
	switch {
	case v.Kind() == reflect.String:
		v.SetString(part)
	case v.Kind() == reflect.Bool:
		v.SetBool(part == "true")
	case v.CanInt():
		n, err := strconv.ParseInt(part, 10, v.Type().Bits())
		v.SetInt(n)
		return err
	case v.CanUint():
		n, err := strconv.ParseUint(part, 10, v.Type().Bits())
		v.SetUint(n)
		return err
	case v.Type().ConvertibleTo(reflect.TypeFor[[16]byte]()):
		id, ok := keyspec.ParseUUID(part)
		if !ok {
			return errPart
		}
		v.Set(reflect.ValueOf(id).Convert(v.Type()))
	default:
		return errPart
	}
	return nil
}
