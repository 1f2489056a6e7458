package keyspec

import "strconv"

// Kind says which values a parameter has, and so which texts its part of a key
// can be.
type Kind uint8

// The kinds of parameters. An Opaque parameter has a type whose texts are not
// known: the type marshals itself, or nobody has resolved its name yet. The
// overlap proof takes an opaque part for any text.
const (
	Opaque Kind = iota
	String
	Bool
	Int
	Int8
	Int16
	Int32
	Int64
	Uint
	Uint8
	Uint16
	Uint32
	Uint64
	UUID
)

var kinds = map[string]Kind{
	"string": String,
	"bool":   Bool,
	"int":    Int,
	"int8":   Int8,
	"int16":  Int16,
	"int32":  Int32,
	"int64":  Int64,
	"uint":   Uint,
	"uint8":  Uint8,
	"uint16": Uint16,
	"uint32": Uint32,
	"uint64": Uint64,
	"byte":   Uint8,
	"rune":   Int32,

	"[16]byte": UUID,
}

// KindOf returns the kind of the predeclared Go type with that name, of
// "[16]byte", or false if the name is none that a parameter may have.
func KindOf(typeName string) (Kind, bool) {
	k, ok := kinds[typeName]
	return k, ok
}

// Signed reports whether k is a signed integer.
func (k Kind) Signed() bool { return k >= Int && k <= Int64 }

// Unsigned reports whether k is an unsigned integer.
func (k Kind) Unsigned() bool { return k >= Uint && k <= Uint64 }

// Bits returns the size of an integer kind in bits, and 0 for all others. Int
// and Uint have 64 wherever the program runs, so that a key means the same
// everywhere.
func (k Kind) Bits() int {
	switch k {
	case Int8, Uint8:
		return 8
	case Int16, Uint16:
		return 16
	case Int32, Uint32:
		return 32
	case Int, Int64, Uint, Uint64:
		return 64
	default:
		return 0
	}
}

// Accepts reports whether part, decoded, is the canonical text of a value of
// kind k.
func (k Kind) Accepts(part string) bool {
	var ok bool
	switch {
	case k == Bool:
		_, ok = ParseBool(part)
	case k.Signed():
		_, ok = ParseInt(part, k.Bits())
	case k.Unsigned():
		_, ok = ParseUint(part, k.Bits())
	case k == UUID:
		_, ok = ParseUUID(part)
	default:
		ok = part != ""
	}
	return ok
}

// ParseBool returns the value of a bool part; "true" and "false" are its only
// texts.
func ParseBool(part string) (value, ok bool) {
	return part == "true", part == "true" || part == "false"
}

// ParseInt returns the value of a part that is a signed integer of that many
// bits in canonical base 10: no plus sign, no leading zero, no "-0".
func ParseInt(part string, bits int) (int64, bool) {
	n, err := strconv.ParseInt(part, 10, bits)
	return n, err == nil && strconv.FormatInt(n, 10) == part
}

// ParseUint is [ParseInt] for unsigned integers.
func ParseUint(part string, bits int) (uint64, bool) {
	n, err := strconv.ParseUint(part, 10, bits)
	return n, err == nil && strconv.FormatUint(n, 10) == part
}

// ParseUUID returns the value of a part that is a UUID in the lower-case,
// hyphenated form of RFC 9562, section 4.
func ParseUUID(part string) (id [16]byte, ok bool) {
	if len(part) != 36 {
		return id, false
	}
	for i, at := 0, 0; i < len(id); i++ {
		if at == 8 || at == 13 || at == 18 || at == 23 {
			at++
		}
		high, low := lowerHex(part[at]), lowerHex(part[at+1])
		if high < 0 || low < 0 {
			return [16]byte{}, false
		}
		id[i] = byte(high<<4 | low)
		at += 2
	}
	ok = part[8] == '-' && part[13] == '-' && part[18] == '-' && part[23] == '-'
	return id, ok
}

func lowerHex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	default:
		return -1
	}
}
