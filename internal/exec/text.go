package exec

import "unsafe"

// text is an argument that is written as its bytes are, and costs no memory of its
// own where it is part of a request.
type text struct{ bytes []byte }

// MarshalBinary returns the bytes.
func (t *text) MarshalBinary() ([]byte, error) { return t.bytes, nil }

// String returns the text, for hooks that print commands.
func (t *text) String() string { return string(t.bytes) }

// bytesOf returns the bytes of s, which nobody may change.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) } //nolint:gosec // only what reads is given them

// stringOf returns the text of b, which nobody may change from now on.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) } //nolint:gosec // a request's key does not change
