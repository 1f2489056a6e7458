package rt

import (
	"encoding/base64"
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special returns a word whose lowest set bit is in the first byte of x that ends the
// plain part of a JSON string: a quote, a backslash or a control character.
func special(x uint64) uint64 {
	quote, backslash, control := (x^'"'*ones)-ones, (x^'\\'*ones)-ones, x-' '*ones
	return (quote | backslash | control) &^ x & highs
}

// String reads a string.
func (d *JSONDecoder) String(v *string) {
	if d.peek() != '"' {
		d.null()
		return
	}
	start := d.at
	part := d.text()
	switch {
	case d.failed:
	case d.at == start+len(part)+2:
		*v = d.texts.text(part)
	default:
		*v = d.texts.copied(part)
	}
}

// Bytes reads the base64 form of bytes.
func (d *JSONDecoder) Bytes(v *[]byte) {
	if d.peek() != '"' {
		if d.null(); !d.failed {
			*v = nil
		}
		return
	}
	part := d.text()
	if d.failed {
		return
	}
	out := make([]byte, base64.StdEncoding.DecodedLen(len(part)))
	n, err := base64.StdEncoding.Decode(out, part)
	if err != nil {
		d.fail()
		return
	}
	*v = out[:n]
}

// text reads a string, at its quote. The bytes are those of the document where it
// holds no escape, and otherwise stay as they are until the next call.
func (d *JSONDecoder) text() []byte {
	start := d.at + 1
	end, wide := d.plain(start)
	if end >= len(d.data) || d.data[end] != '"' {
		return d.escaped(start, end, wide)
	}
	part := d.data[start:end:end]
	if wide && !utf8.Valid(part) {
		d.fail()
		return nil
	}
	d.at = end + 1
	return part
}

// plain returns where the plain part of a string ends that starts at i, and whether
// it holds bytes that are not ASCII.
func (d *JSONDecoder) plain(i int) (end int, wide bool) {
	data := d.data
	var all uint64
	for ; i+8 <= len(data); i += 8 {
		x := binary.LittleEndian.Uint64(data[i:])
		if m := special(x); m != 0 {
			n := bits.TrailingZeros64(m) &^ 7
			all |= x & (1<<n - 1)
			return i + n>>3, all&highs != 0
		}
		all |= x
	}
	for ; i < len(data); i++ {
		c := data[i]
		if c == '"' || c == '\\' || c < ' ' {
			break
		}
		all |= uint64(c)
	}
	return i, all&highs != 0
}

// escaped reads on in a string of which the part from start to end is plain.
func (d *JSONDecoder) escaped(start, end int, wide bool) []byte {
	out := d.scratch[:0]
	for {
		if end >= len(d.data) {
			d.fail()
			return nil
		}
		out = append(out, d.data[start:end]...)
		if c := d.data[end]; c == '"' {
			break
		} else if c < ' ' {
			d.fail()
			return nil
		}
		var r rune
		if r, start = d.escape(end + 1); start < 0 {
			d.fail()
			return nil
		}
		out = utf8.AppendRune(out, r)
		var more bool
		end, more = d.plain(start)
		wide = wide || more
	}
	d.scratch = out
	if wide && !utf8.Valid(out) {
		d.fail()
		return nil
	}
	d.at = end + 1
	return out
}

// escape returns the rune of an escape, of which i is behind the backslash, and the
// end of it, which is -1 where it is none.
func (d *JSONDecoder) escape(i int) (rune, int) {
	if i >= len(d.data) {
		return 0, -1
	}
	switch c := d.data[i]; c {
	case '"', '\\', '/':
		return rune(c), i + 1
	case 'b':
		return '\b', i + 1
	case 'f':
		return '\f', i + 1
	case 'n':
		return '\n', i + 1
	case 'r':
		return '\r', i + 1
	case 't':
		return '\t', i + 1
	case 'u':
	default:
		return 0, -1
	}
	r := d.hex(i + 1)
	if !utf16.IsSurrogate(r) {
		if r < 0 {
			return 0, -1
		}
		return r, i + 5
	}
	if rest := d.data[i+5:]; len(rest) > 2 && rest[0] == '\\' && rest[1] == 'u' {
		if r = utf16.DecodeRune(r, d.hex(i+7)); r != utf8.RuneError {
			return r, i + 11
		}
	}
	return 0, -1
}

// hex returns the number of the four hexadecimal digits at i, -1 where there are none.
func (d *JSONDecoder) hex(i int) rune {
	if i+4 > len(d.data) {
		return -1
	}
	var r rune
	for _, c := range d.data[i : i+4] {
		switch {
		case '0' <= c && c <= '9':
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
