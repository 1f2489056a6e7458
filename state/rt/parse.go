package rt

import (
	"encoding"
	"errors"

	"github.com/typedstate/typedstate/internal/keyspec"
)

// The functions below set what to points to from the decoded text of a part. Where
// the text is not what the type writes, they set *err instead, if it is nil.

var errNoText = errors.New("the text is none that the type writes")

func refuse(ok bool, err *error) bool {
	if !ok && *err == nil {
		*err = errNoText
	}
	return !ok
}

// ParseString sets a string from a part, which every text is.
func ParseString[T ~string](text string, to *T) { *to = T(text) }

// ParseBool sets a bool from a part.
func ParseBool[T ~bool](text string, to *T, err *error) {
	v, ok := keyspec.ParseBool(text)
	if !refuse(ok, err) {
		*to = T(v)
	}
}

// ParseInt sets a signed integer from a part.
func ParseInt[T ~int | ~int8 | ~int16 | ~int32 | ~int64](text string, to *T, err *error) {
	n, ok := keyspec.ParseInt(text, 64)
	if !refuse(ok && int64(T(n)) == n, err) {
		*to = T(n)
	}
}

// ParseUint sets an unsigned integer from a part.
func ParseUint[T ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64](text string, to *T, err *error) {
	n, ok := keyspec.ParseUint(text, 64)
	if !refuse(ok && uint64(T(n)) == n, err) {
		*to = T(n)
	}
}

// ParseUUID sets a UUID from a part.
func ParseUUID[T ~[16]byte](text string, to *T, err *error) {
	id, ok := keyspec.ParseUUID(text)
	if !refuse(ok, err) {
		*to = id
	}
}

// Text is the pointer to a type that marshals itself.
type Text interface {
	encoding.TextMarshaler
	encoding.TextUnmarshaler
}

// ParseText has a type set itself from a part. It is an error if the type takes
// the text but writes another, since that would name another key.
func ParseText(text string, to Text, err *error) {
	failed := to.UnmarshalText([]byte(text))
	if failed != nil && *err == nil {
		*err = failed
	}
	if failed == nil {
		same := string(keyspec.AppendText(nil, to)) == string(keyspec.AppendString(nil, text))
		_ = refuse(same, err)
	}
}
