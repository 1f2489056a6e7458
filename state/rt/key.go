package rt

import (
	"encoding"

	"github.com/typedstate/typedstate/internal/keyspec"
)

// inPlace is the length in bytes up to which a key is built on the stack.
const inPlace = 96

// Start begins a key with the literal text before its first parameter.
func Start(literal string) []byte {
	return append(make([]byte, 0, inPlace), literal...)
}

// Literal appends text of the template to b as it stands.
func Literal(b []byte, literal string) []byte { return append(b, literal...) }

// AppendString appends the encoding of s to b. An empty s leaves a mark, and the
// first operation on the key fails with state.ErrInvalidKey.
func AppendString(b []byte, s string) []byte { return keyspec.AppendString(b, s) }

// AppendBool appends "true" or "false" to b.
func AppendBool(b []byte, v bool) []byte { return keyspec.AppendBool(b, v) }

// AppendInt appends n in base 10 to b.
func AppendInt(b []byte, n int64) []byte { return keyspec.AppendInt(b, n) }

// AppendUint appends n in base 10 to b.
func AppendUint(b []byte, n uint64) []byte { return keyspec.AppendUint(b, n) }

// AppendUUID appends id to b in lower-case, hyphenated form.
func AppendUUID(b []byte, id [16]byte) []byte { return keyspec.AppendUUID(b, id) }

// AppendText appends the encoding of what v.MarshalText returns to b. An error
// or an empty text leaves a mark, as in [AppendString].
func AppendText(b []byte, v encoding.TextMarshaler) []byte { return keyspec.AppendText(b, v) }

// End returns the key.
func End(b []byte) string { return string(b) }
