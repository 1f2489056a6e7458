package strict

import (
	"bytes"
	"cmp"
	"math"
	"unicode/utf8"
)

// msgpackKey is a map key without its spelling: the same number or text in another
// width is the same key, as it would be in the Go map.
type msgpackKey struct {
	kind   tokenKind
	bits   uint64
	nsec   uint32
	raw    []byte
	offset int
}

func (k *msgpackKey) compare(o *msgpackKey) int {
	return cmp.Or(
		cmp.Compare(k.kind, o.kind),
		cmp.Compare(k.bits, o.bits),
		cmp.Compare(k.nsec, o.nsec),
		bytes.Compare(k.raw, o.raw),
	)
}

func (k *msgpackKey) same(o *msgpackKey) bool {
	return k.kind == o.kind && k.bits == o.bits && k.nsec == o.nsec && bytes.Equal(k.raw, o.raw)
}

func keyOf(data []byte, t token, offset int) (k msgpackKey, reason string) {
	k = msgpackKey{kind: t.kind, offset: offset}
	switch t.kind {
	case tokenString, tokenBytes:
		// vmihailenco reads both into the same Go string.
		k.kind, k.raw = tokenString, t.payload(data)
	case tokenInt:
		bits, negative := t.integer(data)
		k.bits = bits
		if negative {
			k.nsec = 1
		}
	case tokenFloat:
		f := t.float(data)
		k.bits = math.Float64bits(f)
		switch {
		case f >= 0 && f < 1<<64 && f == math.Trunc(f):
			k.kind, k.bits = tokenInt, uint64(f)
		case f < 0 && f >= -1<<63 && f == math.Trunc(f):
			k.kind, k.bits, k.nsec = tokenInt, uint64(int64(f)), 1
		}
	case tokenBool:
		k.bits = uint64(t.code)
	case tokenExt:
		sec, nsec, ok := t.seconds(data)
		if !ok {
			k.raw = data[t.body-1 : t.end()]
			break
		}
		k.bits, k.nsec = uint64(sec), nsec
	case tokenNil:
		return k, "nil as a map key"
	default:
		return k, "array or map as a map key"
	}
	return k, ""
}

// msgpackScanner validates a document without a Go type. After it, nothing in the
// document declares more than it holds.
type msgpackScanner struct {
	fault
	data []byte
	keys []msgpackKey
}

func (s *msgpackScanner) document() bool {
	if len(s.data) == 0 {
		s.stop(0, reasonEmpty)
		return false
	}
	end := s.value(0, 0)
	if end >= 0 && end < len(s.data) {
		end = s.stop(end, reasonTrailing)
	}
	return end >= 0
}

func (s *msgpackScanner) value(i, depth int) int {
	t, reason := readToken(s.data, i)
	if reason != "" {
		return s.stop(i, reason)
	}
	switch t.kind {
	case tokenString:
		if !utf8.Valid(t.payload(s.data)) {
			return s.stop(i, reasonUTF8)
		}
	case tokenArray, tokenMap:
		if depth == MaxDepth {
			return s.stop(i, reasonDepth)
		}
		if t.kind == tokenMap {
			return s.entries(t, depth+1)
		}
		i = t.body
		for n := range t.length {
			if i < len(s.data) && single(s.data[i]) {
				i++
				continue
			}
			if i = s.value(i, depth+1); i < 0 {
				return s.under(step{index: n})
			}
		}
		return i
	}
	return t.end()
}

func (s *msgpackScanner) entries(m token, depth int) int {
	base := len(s.keys)
	var many *msgpackKeys
	if m.length > linearNames {
		many = newMsgpackKeys(s.data, m.length)
	}
	i := m.body
	for range m.length {
		t, reason := readToken(s.data, i)
		var key msgpackKey
		if reason == "" {
			key, reason = keyOf(s.data, t, i)
		}
		here := step{name: key.raw, keyed: true}
		if reason == "" && t.kind == tokenString && !utf8.Valid(key.raw) {
			reason = reasonUTF8
		}
		if reason == "" && !s.first(&key, base, many) {
			reason = reasonDuplicate
		}
		if reason != "" {
			s.stop(i, reason)
			return s.under(here)
		}
		if i = s.value(t.end(), depth); i < 0 {
			return s.under(here)
		}
	}
	s.keys = s.keys[:base]
	return i
}

// first tells whether the key is new in its map, and notes it there.
func (s *msgpackScanner) first(key *msgpackKey, base int, many *msgpackKeys) bool {
	if many != nil {
		return many.add(key)
	}
	for k := range s.keys[base:] {
		if s.keys[base+k].same(key) {
			return false
		}
	}
	s.keys = append(s.keys, *key)
	return true
}

// skipMsgpack returns the end of the scanned value at i.
func skipMsgpack(data []byte, i int) int {
	for open := 1; open > 0; open-- {
		t, _ := readToken(data, i)
		i = t.end()
		switch t.kind {
		case tokenArray:
			open += t.length
		case tokenMap:
			open += 2 * t.length
		}
	}
	return i
}
