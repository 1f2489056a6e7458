package strict

import (
	"fmt"
	"math"
	"reflect"
	"unicode/utf8"
)

// msgpackChecker walks a scanned document beside its Go type. vmihailenco/msgpack
// wraps numbers that do not fit, and panics on some kinds it does not expect, so
// nothing that does not fit exactly may reach it.
type msgpackChecker struct {
	fault
	data  []byte
	trial bool
	// memory is what the document takes so far, most what it may take.
	memory, most uint64
}

// newMsgpackChecker returns one for a document that becomes what a pointer of the
// plan's type points to, which is not part of what it takes.
func newMsgpackChecker(data []byte, plan *msgpackPlan) msgpackChecker {
	return msgpackChecker{data: data, most: MsgpackMemory(len(data)) + uint64(plan.elem.size)}
}

func (c *msgpackChecker) mismatch(i int, t token, p *msgpackPlan) int {
	return c.stop(i, fmt.Sprintf("msgpack %s does not fit Go type %s", tokenNames[t.kind], p.typ))
}

func (c *msgpackChecker) value(i int, p *msgpackPlan) int {
	if c.data[i] == 0xc0 && !p.noNil {
		return i + 1
	}
	t, _ := readToken(c.data, i)
	pointer := p.kind == msgpackPointer
	for p.kind == msgpackPointer {
		p = p.elem
		if t.kind != tokenNil && !c.takes(i, 1, p.size) {
			return -1
		}
	}
	if t.kind == tokenNil {
		if p.noNil && !pointer {
			return c.mismatch(i, t, p)
		}
		return t.end()
	}
	fits := false
	switch p.kind {
	case msgpackBool:
		fits = t.kind == tokenBool
	case msgpackInt, msgpackUint, msgpackFloat32, msgpackFloat64:
		if t.kind == tokenInt || t.kind == tokenFloat {
			if !fitsNumber(c.data, t, p) {
				return c.stop(i, fmt.Sprintf("%s does not fit Go type %s exactly", tokenNames[t.kind], p.typ))
			}
			fits = true
		}
	case msgpackString:
		if t.kind == tokenBytes && !utf8.Valid(t.payload(c.data)) {
			return c.stop(i, reasonUTF8)
		}
		fits = t.kind == tokenString || t.kind == tokenBytes
	case msgpackError:
		fits = t.kind == tokenString
	case msgpackBytes:
		fits = t.kind == tokenString || t.kind == tokenBytes
	case msgpackByteArray:
		if fits = t.kind == tokenString || t.kind == tokenBytes; fits && t.length > p.typ.Len() {
			return c.stop(i, fmt.Sprintf("%s longer than Go type %s", tokenNames[t.kind], p.typ))
		}
	case msgpackText:
		if fits = t.kind == tokenString || t.kind == tokenBytes; fits && c.trial {
			return c.try(i, p)
		}
	case msgpackTime:
		_, _, fits = t.seconds(c.data)
	case msgpackOwn:
		if c.trial {
			return c.try(i, p)
		}
		return skipMsgpack(c.data, i)
	case msgpackSlice, msgpackArray:
		if t.kind == tokenArray {
			return c.array(i, t, p)
		}
	case msgpackMap:
		if t.kind == tokenMap {
			return c.entries(i, t, p)
		}
	case msgpackStruct:
		if t.kind == tokenMap {
			return c.structure(t, p)
		}
		if t.kind == tokenArray {
			return c.positional(i, t, p)
		}
	case msgpackAny:
		return c.any(i, t)
	}
	if !fits {
		return c.mismatch(i, t, p)
	}
	return t.end()
}

// fitsNumber tells whether the Go type holds the number without any change.
func fitsNumber(data []byte, t token, p *msgpackPlan) bool {
	if t.kind == tokenFloat {
		// The library reads the wide form as a float64 only.
		return p.kind == msgpackFloat64 || p.kind == msgpackFloat32 && t.code == 0xca
	}
	bits, negative := t.integer(data)
	if !negative && bits > math.MaxInt64 {
		// The library reads such a number as a negative one, but for uint64.
		return p.kind == msgpackUint && !p.typ.OverflowUint(bits)
	}
	n := int64(bits)
	switch p.kind {
	case msgpackInt:
		return !p.typ.OverflowInt(n)
	case msgpackUint:
		return n >= 0 && !p.typ.OverflowUint(bits)
	case msgpackFloat32:
		// 1<<63 as a float is beyond int64, and converting it back is undefined.
		f := float32(n)
		return f < 1<<63 && int64(f) == n
	default:
		f := float64(n)
		return f < 1<<63 && int64(f) == n
	}
}

func (c *msgpackChecker) array(i int, t token, p *msgpackPlan) int {
	if p.kind == msgpackArray && t.length > p.typ.Len() {
		return c.stop(i, fmt.Sprintf("msgpack array is longer than Go type %s", p.typ))
	}
	if p.kind == msgpackSlice && !c.takes(i, t.length, p.elem.size) {
		return -1
	}
	i = t.body
	for n := range t.length {
		if i = c.value(i, p.elem); i < 0 {
			return c.under(step{index: n})
		}
	}
	return i
}

func (c *msgpackChecker) entries(i int, t token, p *msgpackPlan) int {
	if !c.takes(i, t.length, MsgpackEntry*(p.key.size+p.elem.size)) {
		return -1
	}
	i = t.body
	for range t.length {
		key, _ := readToken(c.data, i)
		if p.key.kind == msgpackAny && (key.kind == tokenBytes || key.kind == tokenExt) {
			// Bytes cannot be the key of a Go map: the library would panic.
			c.stop(i, fmt.Sprintf("msgpack %s as a map key of an interface type", tokenNames[key.kind]))
			return c.under(step{keyed: true})
		}
		if i = c.value(i, p.key); i >= 0 {
			i = c.value(i, p.elem)
		}
		if i < 0 {
			return c.under(step{keyed: true})
		}
	}
	return i
}

func (c *msgpackChecker) structure(t token, p *msgpackPlan) int {
	var few [64]bool
	seen := few[:]
	if len(p.fields) > len(few) {
		seen = make([]bool, len(p.fields))
	}
	i := t.body
	for range t.length {
		key, _ := readToken(c.data, i)
		if key.kind != tokenString && key.kind != tokenBytes {
			c.stop(i, fmt.Sprintf("msgpack %s as a field name of Go type %s", tokenNames[key.kind], p.typ))
			return c.under(step{keyed: true})
		}
		name := key.payload(c.data)
		here := step{name: name, keyed: true}
		start := i
		i = key.end()
		to, known := p.names[string(name)]
		if !known {
			i = skipMsgpack(c.data, i)
			continue
		}
		for _, f := range to.covers {
			if seen[f] {
				c.stop(start, reasonTwice)
				return c.under(here)
			}
			seen[f] = true
		}
		if to.hidden {
			if t, _ := readToken(c.data, i); t.kind != tokenMap && t.length == 0 {
				c.mismatch(i, t, to.plan)
				return c.under(here)
			}
		}
		if i = c.value(i, to.plan); i < 0 {
			return c.under(here)
		}
	}
	return i
}

func (c *msgpackChecker) positional(i int, t token, p *msgpackPlan) int {
	if t.length != len(p.fields) {
		return c.stop(i, fmt.Sprintf("msgpack array has another length than Go type %s has fields", p.typ))
	}
	i = t.body
	for n := range t.length {
		if i = c.value(i, p.fields[n].plan); i < 0 {
			return c.under(step{name: []byte(p.fields[n].name), keyed: true})
		}
	}
	return i
}

// any walks what becomes a Go interface value: the library takes string keys only.
func (c *msgpackChecker) any(i int, t token) int {
	switch t.kind {
	case tokenExt:
		if _, _, ok := t.seconds(c.data); t.ext == timeExt && !ok {
			return c.mismatch(i, t, &msgpackPlan{typ: timeType})
		}
	case tokenArray:
		if !c.takes(i, 1, anySlice) || !c.takes(i, t.length, anySize) {
			return -1
		}
		i = t.body
		for n := range t.length {
			next, _ := readToken(c.data, i)
			if i = c.any(i, next); i < 0 {
				return c.under(step{index: n})
			}
		}
		return i
	case tokenMap:
		if !c.takes(i, 1, anyMap) || !c.takes(i, t.length, MsgpackEntry*anyEntry) {
			return -1
		}
		i = t.body
		for range t.length {
			key, _ := readToken(c.data, i)
			if key.kind != tokenString {
				c.stop(i, fmt.Sprintf("msgpack %s as a map key of an interface value", tokenNames[key.kind]))
				return c.under(step{keyed: true})
			}
			i = key.end()
			next, _ := readToken(c.data, i)
			if i = c.any(i, next); i < 0 {
				return c.under(step{keyed: true})
			}
		}
		return i
	}
	return t.end()
}

// try decodes one value on its own, to find the decoder method that failed.
func (c *msgpackChecker) try(i int, p *msgpackPlan) int {
	end := skipMsgpack(c.data, i)
	if decodeMsgpack(c.data[i:end], reflect.New(p.typ).Interface()) == nil {
		return end
	}
	return c.stop(i, fmt.Sprintf("%s of %s failed", decodeMethod(p.typ), p.typ))
}

// path turns the steps of a fault into text without a single map key in it.
func (p *msgpackPlan) path(steps []step) string {
	var path string
	for i := len(steps) - 1; i >= 0; i-- {
		s := &steps[i]
		for p != nil && p.kind == msgpackPointer {
			p = p.elem
		}
		var next *msgpackPlan
		to, known := msgpackName{}, false
		if p != nil && s.keyed && p.kind == msgpackStruct {
			to, known = p.names[string(s.name)]
		}
		switch {
		case !s.keyed && p != nil && p.kind == msgpackStruct && s.index < len(p.fields):
			path = pathField(path, p.fields[s.index].name)
			next = p.fields[s.index].plan
		case !s.keyed:
			path = pathIndex(path, s.index)
			if p != nil {
				next = p.elem
			}
		case known:
			// The names of a struct are those of its tags, also an alias.
			path = pathField(path, string(s.name))
			next = to.plan
		default:
			path += pathKey
			if p != nil && p.kind == msgpackMap {
				next = p.elem
			}
		}
		p = next
	}
	return path
}
