package strict

import (
	"bytes"
	"hash/maphash"
	"math"
	"math/bits"
	"unicode/utf8"
)

const reasonSyntax = "not valid JSON"

// linearNames is up to how many names of an object are compared pairwise. Beyond
// it they go into a table once, so that a huge object costs no more than its length.
const linearNames = 16

type jsonName struct {
	name   []byte
	offset int
	fold   uint32
}

// jsonScanner validates a document without a Go type.
type jsonScanner struct {
	fault
	data  []byte
	names []jsonName
	// folds tells that an object may hold two names that encoding/json folds into
	// one field. Only the Go type decides, so it is a hint to look closer.
	folds bool
	// halt ends the scan at the value that covers this offset.
	halt int
}

func newJSONScanner(data []byte) jsonScanner {
	return jsonScanner{data: data, halt: math.MaxInt}
}

// document reports whether data is exactly one value that strict accepts.
func (s *jsonScanner) document() bool {
	i := s.space(0)
	if i == len(s.data) {
		s.stop(i, reasonEmpty)
		return false
	}
	if i = s.value(i, 0); i < 0 {
		return false
	}
	if i = s.space(i); i < len(s.data) {
		s.stop(i, reasonTrailing)
		return false
	}
	return true
}

func (s *jsonScanner) space(i int) int {
	for i < len(s.data) {
		switch s.data[i] {
		case ' ', '\n', '\r', '\t':
			i++
		default:
			return i
		}
	}
	return i
}

func (s *jsonScanner) value(i, depth int) int {
	if i >= len(s.data) {
		return s.stop(i, reasonTruncated)
	}
	var end int
	switch c := s.data[i]; {
	case c == '{' || c == '[':
		if depth == MaxDepth {
			return s.stop(i, reasonDepth)
		}
		if i >= s.halt {
			return s.stop(i, "")
		}
		if c == '{' {
			return s.object(i, depth+1)
		}
		return s.array(i, depth+1)
	case c == '"':
		end, _ = s.text(i)
	case c == '-' || isDigit(c):
		end = s.number(i)
	case c == 't':
		end = s.literal(i, "true")
	case c == 'f':
		end = s.literal(i, "false")
	case c == 'n':
		end = s.literal(i, "null")
	default:
		return s.stop(i, reasonSyntax)
	}
	if end > s.halt {
		return s.stop(i, "")
	}
	return end
}

func (s *jsonScanner) literal(i int, word string) int {
	rest := s.data[i:]
	if len(rest) >= len(word) && string(rest[:len(word)]) == word {
		return i + len(word)
	}
	return s.stop(i, reasonSyntax)
}

func (s *jsonScanner) array(i, depth int) int {
	i = s.space(i + 1)
	if i < len(s.data) && s.data[i] == ']' {
		return i + 1
	}
	for n := 0; ; n++ {
		if i = s.value(i, depth); i < 0 {
			return s.under(step{index: n})
		}
		i = s.space(i)
		switch {
		case i >= len(s.data):
			return s.stop(i, reasonTruncated)
		case s.data[i] == ']':
			return i + 1
		case s.data[i] != ',':
			return s.stop(i, reasonSyntax)
		}
		i = s.space(i + 1)
	}
}

func (s *jsonScanner) object(i, depth int) int {
	base := len(s.names)
	i = s.space(i + 1)
	if i < len(s.data) && s.data[i] == '}' {
		return i + 1
	}
	for {
		if i >= len(s.data) {
			return s.stop(i, reasonTruncated)
		}
		if s.data[i] != '"' {
			return s.stop(i, reasonSyntax)
		}
		start := i
		end, escaped := s.text(i)
		if end < 0 {
			return -1
		}
		name := s.data[start+1 : end-1]
		if escaped {
			name = unescapeJSON(name)
		}
		here := step{name: name, keyed: true}
		if end > s.halt {
			s.stop(start, "")
			return s.under(here)
		}
		if !s.addName(base, name, start) {
			return s.under(here)
		}
		i = s.space(end)
		if i >= len(s.data) {
			return s.stop(i, reasonTruncated)
		}
		if s.data[i] != ':' {
			return s.stop(i, reasonSyntax)
		}
		if i = s.value(s.space(i+1), depth); i < 0 {
			return s.under(here)
		}
		i = s.space(i)
		if i >= len(s.data) {
			return s.stop(i, reasonTruncated)
		}
		if s.data[i] == '}' {
			return s.closeNames(base, i+1)
		}
		if s.data[i] != ',' {
			return s.stop(i, reasonSyntax)
		}
		i = s.space(i + 1)
	}
}

func (s *jsonScanner) addName(base int, name []byte, offset int) bool {
	var fold uint32
	for _, c := range name {
		if c >= utf8.RuneSelf {
			// U+017F and U+212A fold into ASCII letters.
			s.folds = true
		}
		fold = fold*31 + uint32(c|0x20)
	}
	if len(s.names)-base < linearNames {
		for _, other := range s.names[base:] {
			if other.fold != fold {
				continue
			}
			if bytes.Equal(other.name, name) {
				s.stop(offset, reasonDuplicate)
				return false
			}
			s.folds = true
		}
	}
	s.names = append(s.names, jsonName{name: name, offset: offset, fold: fold})
	return true
}

func (s *jsonScanner) closeNames(base, next int) int {
	names := s.names[base:]
	s.names = s.names[:base]
	if len(names) <= linearNames {
		return next
	}
	s.folds = true
	if i := repeatedName(names); i >= 0 {
		s.stop(names[i].offset, reasonDuplicate)
		return s.under(step{name: names[i].name, keyed: true})
	}
	return next
}

// repeatedName returns the index of the first name that stands before it as well, or -1.
func repeatedName(names []jsonName) int {
	// Under a seed of its own, no document can make the names of one object collide.
	seed := maphash.MakeSeed()
	table := make([]uint32, 1<<bits.Len(uint(2*len(names))))
	mask := uint64(len(table) - 1)
	for i := range names {
		at := maphash.Bytes(seed, names[i].name) & mask
		for ; table[at] != 0; at = (at + 1) & mask {
			if bytes.Equal(names[table[at]-1].name, names[i].name) {
				return i
			}
		}
		table[at] = uint32(i + 1)
	}
	return -1
}
