package strict

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// plainByte marks what may stand in a JSON string without a closer look.
var plainByte = func() (table [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		table[c] = c != '"' && c != '\\'
	}
	return table
}()

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func (s *jsonScanner) number(start int) int {
	i := start
	if s.data[i] == '-' {
		i++
	}
	first := i
	i = s.digits(i)
	if i == first || s.data[first] == '0' && i > first+1 {
		return s.stop(start, reasonSyntax)
	}
	if i < len(s.data) && s.data[i] == '.' {
		fraction := i + 1
		if i = s.digits(fraction); i == fraction {
			return s.stop(start, reasonSyntax)
		}
	}
	if i < len(s.data) && s.data[i]|0x20 == 'e' {
		i++
		if i < len(s.data) && (s.data[i] == '+' || s.data[i] == '-') {
			i++
		}
		exponent := i
		if i = s.digits(i); i == exponent {
			return s.stop(start, reasonSyntax)
		}
	}
	return i
}

func (s *jsonScanner) digits(i int) int {
	for i < len(s.data) && isDigit(s.data[i]) {
		i++
	}
	return i
}

// text returns the end of the string that starts at the quote i.
func (s *jsonScanner) text(i int) (end int, escaped bool) {
	i++
	for {
		for i < len(s.data) && plainByte[s.data[i]] {
			i++
		}
		if i >= len(s.data) {
			return s.stop(i, reasonTruncated), escaped
		}
		switch c := s.data[i]; {
		case c == '"':
			return i + 1, escaped
		case c == '\\':
			escaped = true
			next := s.escape(i)
			if next < 0 {
				return -1, true
			}
			i = next
		case c < ' ':
			return s.stop(i, "control character in a string"), escaped
		default:
			r, size := utf8.DecodeRune(s.data[i:])
			if r == utf8.RuneError && size == 1 {
				return s.stop(i, reasonUTF8), escaped
			}
			i += size
		}
	}
}

func (s *jsonScanner) escape(i int) int {
	if i+1 >= len(s.data) {
		return s.stop(i, reasonTruncated)
	}
	switch s.data[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
	default:
		return s.stop(i, reasonSyntax)
	}
	r := hexRune(s.data[i+2:])
	if r < 0 {
		return s.stop(i, reasonSyntax)
	}
	if !utf16.IsSurrogate(r) {
		return i + 6
	}
	if rest := s.data[i+6:]; len(rest) > 2 && rest[0] == '\\' && rest[1] == 'u' {
		if utf16.DecodeRune(r, hexRune(rest[2:])) != utf8.RuneError {
			return i + 12
		}
	}
	return s.stop(i, "unpaired surrogate escape in a string")
}

// hexRune reads four hex digits; -1 where there are none.
func hexRune(b []byte) rune {
	if len(b) < 4 {
		return -1
	}
	var r rune
	for _, c := range b[:4] {
		switch {
		case isDigit(c):
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// unescapeJSON returns the text between the quotes of a scanned string, which is b
// itself where nothing is escaped.
func unescapeJSON(b []byte) []byte {
	if bytes.IndexByte(b, '\\') < 0 {
		return b
	}
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' {
			out = append(out, b[i])
			continue
		}
		i++
		switch c := b[i]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r := hexRune(b[i+1:])
			i += 4
			if utf16.IsSurrogate(r) {
				r = utf16.DecodeRune(r, hexRune(b[i+3:]))
				i += 6
			}
			out = utf8.AppendRune(out, r)
		default:
			out = append(out, c)
		}
	}
	return out
}
