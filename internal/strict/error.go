package strict

import "strconv"

// MaxDepth is how many arrays and objects may be open at once. Both libraries
// recurse once per level, and msgpack puts no limit on it.
const MaxDepth = 128

// The reasons that both formats share.
const (
	reasonTarget    = "the target is not a pointer"
	reasonDepth     = "nested deeper than 128 levels"
	reasonTrailing  = "bytes follow the value"
	reasonEmpty     = "the document is empty"
	reasonTruncated = "the document ends too early"
	reasonUTF8      = "string is not valid UTF-8"
	reasonDuplicate = "duplicate name"
	reasonTwice     = "two names stand for the same field"
	reasonMemory    = "takes too much memory for its length"
)

// The size of an interface, and of a map's entry from a string to one.
const anySize, anyEntry = 16, 32

// Error says where and why a value or a document was refused. It never holds
// bytes of the document or of the value.
type Error struct {
	// Path leads to the refused value, such as "cart[3].price". It is empty for
	// the root. A map key is data, so it reads "[key]".
	Path string
	// Offset counts bytes from the start of the document; -1 where unknown.
	Offset int64
	// Reason is fixed text and Go type names, never content.
	Reason string
}

// Error returns the path, the offset and the reason in one line.
func (e *Error) Error() string {
	text := "strict: "
	if e.Path != "" {
		text += e.Path + ": "
	}
	text += e.Reason
	if e.Offset >= 0 {
		text += " (at byte " + strconv.FormatInt(e.Offset, 10) + ")"
	}
	return text
}
