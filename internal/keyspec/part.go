package keyspec

import (
	"encoding"
	"strconv"
	"strings"
)

// A bad part leaves one of these in the key in its place. No encoding produces
// a NUL byte, so the mark cannot be forged and is found before anything is sent.
const (
	markByte = '\x00'
	// MarkEmpty stands for an empty part.
	MarkEmpty = "\x00e"
	// MarkFailed stands for a part whose MarshalText or AppendText failed.
	MarkFailed = "\x00f"
	// MarkMismatch stands for a part that has not the type its template gives.
	MarkMismatch = "\x00t"
	// MarkCount stands for all parts of a key that was given too few or too many.
	MarkCount = "\x00n"
)

// Marked returns the index of the first mark in a key, or -1 if all its parts
// are good.
func Marked(key string) int { return strings.IndexByte(key, markByte) }

const upperHex = "0123456789ABCDEF"

// escaped holds a 1 for every byte that does not stand for itself in a key:
// ':' and '%' since they carry meaning, '{' and '}' since they move a key to
// another Cluster slot, and whatever means something in a glob pattern.
var escaped = func() (table [256]uint8) {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~@+=,/"
	for i := range table {
		if strings.IndexByte(plain, byte(i)) < 0 {
			table[i] = 1
		}
	}
	return table
}()

// isPlain reports whether every byte of s stands for itself. Eight look-ups
// without a branch between them keep the building of a key near the cost of a
// concatenation.
func isPlain(s string) bool {
	for len(s) >= 8 {
		if escaped[s[0]]|escaped[s[1]]|escaped[s[2]]|escaped[s[3]]|
			escaped[s[4]]|escaped[s[5]]|escaped[s[6]]|escaped[s[7]] != 0 {
			return false
		}
		s = s[8:]
	}
	var found uint8
	for i := range len(s) {
		found |= escaped[s[i]]
	}
	return found == 0
}

// AppendString appends the encoding of s to dst: the bytes A-Z a-z 0-9 and
// "-_.~@+=,/" stay, each other byte becomes %HH in upper case. An empty s
// appends [MarkEmpty].
func AppendString(dst []byte, s string) []byte {
	if s == "" || !isPlain(s) {
		return appendEscaped(dst, s)
	}
	return append(dst, s...)
}

func appendEscaped(dst []byte, s string) []byte {
	if s == "" {
		return append(dst, MarkEmpty...)
	}
	for i := range len(s) {
		if c := s[i]; escaped[c] == 0 {
			dst = append(dst, c)
		} else {
			dst = append(dst, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return dst
}

// AppendBool appends "true" or "false" to dst.
func AppendBool(dst []byte, v bool) []byte { return strconv.AppendBool(dst, v) }

// AppendInt appends n in base 10 to dst.
func AppendInt(dst []byte, n int64) []byte { return strconv.AppendInt(dst, n, 10) }

// AppendUint appends n in base 10 to dst.
func AppendUint(dst []byte, n uint64) []byte { return strconv.AppendUint(dst, n, 10) }

// AppendUUID appends id to dst in the lower-case, hyphenated form of RFC 9562,
// section 4.
func AppendUUID(dst []byte, id [16]byte) []byte {
	const lowerHex = "0123456789abcdef"
	for i, c := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, lowerHex[c>>4], lowerHex[c&15])
	}
	return dst
}

// AppendText appends the encoding of what v.MarshalText returns to dst. Where
// that fails it appends [MarkFailed], where it returns nothing [MarkEmpty].
func AppendText(dst []byte, v encoding.TextMarshaler) []byte {
	text, err := v.MarshalText()
	if err != nil {
		return append(dst, MarkFailed...)
	}
	return AppendString(dst, string(text))
}

// DecodePart returns the text that [AppendString] encodes as part. It refuses,
// with false, everything that AppendString does not produce, such as lower-case
// hex digits or an escaped byte that stands for itself.
func DecodePart(part string) (string, bool) {
	if part == "" {
		return "", false
	}
	if isPlain(part) {
		return part, true
	}
	text := make([]byte, 0, len(part))
	for i := 0; i < len(part); i++ {
		c := part[i]
		if c == '%' {
			if i+2 >= len(part) {
				return "", false
			}
			high := strings.IndexByte(upperHex, part[i+1])
			low := strings.IndexByte(upperHex, part[i+2])
			if high < 0 || low < 0 {
				return "", false
			}
			c = byte(high<<4 | low)
			if escaped[c] == 0 {
				return "", false
			}
			i += 2
		} else if escaped[c] != 0 {
			return "", false
		}
		text = append(text, c)
	}
	return string(text), true
}
