package rt

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

// msgpackScratch is memory that one document after the other uses for its maps and
// its unknown names and nested structs. Only documents that have them take it out of the pool.
type msgpackScratch struct {
	keys []msgpackKey
	ints []msgpackInt
	// names are those that open objects hold and no type tells apart.
	names [][]byte
	// objects are the structs that are open around another.
	objects []msgpackObject
	// spares are variables that values of maps are read into or copied to, since they
	// have no address there. One that is in use is not among them.
	spares []any
}

// msgpackKey is a key of a map, and the place of its value among the copies.
type msgpackKey struct {
	text string
	at   int
}

// msgpackInt is as msgpackKey. The bits of keys below zero make them the last.
type msgpackInt struct {
	bits uint64
	at   int
}

var msgpackScratches = sync.Pool{New: func() any { return new(msgpackScratch) }}

// msgpackKept bounds what is kept in the pool: so many keys, values or names.
const msgpackKept = 1 << 10

// release returns the scratch memory, which holds nothing of the document any more.
func (s *msgpackScratch) release() {
	if cap(s.keys) > msgpackKept || cap(s.ints) > msgpackKept || cap(s.names) > msgpackKept {
		return
	}
	clear(s.keys)
	clear(s.names)
	s.keys, s.ints, s.names, s.objects = s.keys[:0], s.ints[:0], s.names[:0], s.objects[:0]
	msgpackScratches.Put(s)
}

// sortKeys puts the keys from there on in order.
func (s *msgpackScratch) sortKeys(from int) {
	keys := s.keys[from:]
	if len(keys) > 12 {
		slices.SortFunc(keys, func(a, b msgpackKey) int { return strings.Compare(a.text, b.text) })
		return
	}
	for i := 1; i < len(keys); i++ {
		key, j := keys[i], i
		for ; j > 0 && key.text < keys[j-1].text; j-- {
			keys[j] = keys[j-1]
		}
		keys[j] = key
	}
}

func (s *msgpackScratch) sortInts(from int) {
	slices.SortFunc(s.ints[from:], func(a, b msgpackInt) int { return cmp.Compare(a.bits, b.bits) })
}

// borrowMsgpack returns a variable of the type that holds what it was given back with, or
// else its zero value.
func borrowMsgpack[T any](s *msgpackScratch) *T {
	for i, spare := range s.spares {
		if v, ok := spare.(*T); ok {
			s.take(i)
			return v
		}
	}
	return new(T)
}

// take removes a spare variable.
func (s *msgpackScratch) take(i int) {
	last := len(s.spares) - 1
	s.spares[i] = s.spares[last]
	s.spares[last] = nil
	s.spares = s.spares[:last]
}

// giveBack keeps a variable for the next map.
func (s *msgpackScratch) giveBack(v any) {
	if len(s.spares) < 8 {
		s.spares = append(s.spares, v)
	}
}
