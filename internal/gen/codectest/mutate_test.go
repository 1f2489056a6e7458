package codectest

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// pieces are what mutation puts into documents of each format.
var pieces = map[string][]string{
	"JSON": {
		"null", "true", "\"a\"", "1", "-0", "1e400", "1.0", "0.5", "300", "-1", "18446744073709551616", "{}", "[]", "[", "]", "{", "}",
		",", ":", " ", "\n", "\ufeff", "\x00", "\xff", `\u0041`, `\ud800`, `\n`, "\"", `"\"a\""`, `"1"`, `"null"`, `"AA=="`, `"2026-01-02T03:04:05Z"`,
		`"a":1,`, `,"a":[{}]`, "é",
	},
	"Msgpack": {
		"\xc0", "\xc2", "\xc3", "\x00", "\x7f", "\xff", "\xe0", "\xcc\xff", "\xcd\x01\x00", "\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "\xd0\x80",
		"\xd3\x80\x00\x00\x00\x00\x00\x00\x00", "\xca\x3f\x80\x00\x00", "\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00", "\xa0", "\xa1a", "\xd9\x01a", "\xda\x00\x01a",
		"\xc4\x01a", "\xc5\x00\x01a", "\x80", "\x81", "\x90", "\x91", "\xdc\x00\x01", "\xdd\x7f\xff\xff\xff", "\xde\x00\x01", "\xdf\x00\x00\x00\x01",
		"\xd6\xff\x00\x00\x00\x01", "\xd7\xff\x00\x00\x00\x00\x00\x00\x00\x01", "\xc7\x0c\xff", "\xc1", "\xd4\x01a",
	},
}

// mutated returns a document with one thing changed.
func mutated(r *rand.Rand, format string, data []byte) []byte {
	if len(data) == 0 {
		return data
	}
	out := slices.Clone(data)
	at := r.IntN(len(out))
	end := min(len(out), at+1+r.IntN(8))
	piece := []byte(pieces[format][r.IntN(len(pieces[format]))])
	switch r.IntN(8) {
	case 0:
		return slices.Delete(out, at, end)
	case 1:
		return slices.Insert(out, at, piece...)
	case 2:
		return slices.Replace(out, at, min(len(out), at+len(piece)), piece...)
	case 3:
		return slices.Insert(out, at, out[at:end]...)
	case 4:
		return out[:at]
	case 5: // letters in the other case, for names that are alike but for that
		for i := at; i < end; i++ {
			if out[i] >= 'A' {
				out[i] ^= 0x20
			}
		}
		return out
	case 6: // for comparisons of several bytes at once
		for range 1 + r.IntN(2) {
			out[at+r.IntN(end-at)] ^= 1 << r.IntN(8)
		}
		return out
	default:
		out[at] = byte(r.IntN(256))
		return out
	}
}

// Codec and library make the same of a document that is not quite what one of them
// has written.
func TestMutated(t *testing.T) {
	taken := 0
	each(t, random{sound: true}, func(t *testing.T, c *codecCase, v any, r random) {
		data, err := c.library.Append(nil, v)
		if err != nil {
			return
		}
		for range 20 {
			changed := mutated(r.Rand, c.format, data)
			if agree(t, c, changed) {
				taken++
			}
			if r.IntN(3) == 0 && len(changed) < 4096 {
				data = changed
			}
		}
	})
	if taken < 1000 {
		t.Errorf("only %d of all these documents were valid", taken)
	}
}

func FuzzDocument(f *testing.F) {
	for i := range cases {
		c := &cases[i]
		for n := range uint64(2) {
			r := random{Rand: rand.New(rand.NewPCG(n, uint64(i))), sound: true}
			v := c.zero()
			r.fill(reflect.ValueOf(v).Elem(), 3)
			if data, err := c.library.Append(nil, v); err == nil {
				f.Add(uint8(i), data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, which uint8, data []byte) {
		agree(t, &cases[int(which)%len(cases)], data)
	})
}
