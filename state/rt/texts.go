package rt

import "unsafe"

const (
	// shared is the length in bytes up to which the strings of a value share the
	// memory of its document. Beyond it one of them, if it is kept, would keep a
	// megabyte from being freed.
	shared = 4 << 10
	// alone is the length from which a string of a longer document has memory of
	// its own.
	alone = 1 << 10
)

// texts makes the strings of one document.
type texts struct {
	document bool   // whether they share the memory of the document
	chunk    []byte // what they share otherwise
}

func textsOf(data []byte) texts { return texts{document: len(data) <= shared} }

// text returns the string with the bytes of part, a part of the document, which is
// not changed afterwards.
func (t *texts) text(part []byte) string {
	if t.document {
		return alias(part)
	}
	return t.copied(part)
}

// copied returns the string with the bytes of part, which may change afterwards.
func (t *texts) copied(part []byte) string {
	if t.document || len(part) >= alone || len(part) == 0 {
		return string(part)
	}
	if len(part) > cap(t.chunk)-len(t.chunk) {
		t.chunk = make([]byte, 0, shared)
	}
	at := len(t.chunk)
	t.chunk = append(t.chunk, part...)
	return alias(t.chunk[at:])
}

// alias returns the string that shares the memory of part.
func alias(part []byte) string {
	return unsafe.String(unsafe.SliceData(part), len(part)) //nolint:gosec // that is what it is for
}

// bytesOf returns the bytes of s, which must not change.
func bytesOf(s string) []byte {
	return unsafe.Slice(unsafe.StringData(s), len(s)) //nolint:gosec // a copy would cost more than the encoder
}
