package rt

import (
	"unsafe"

	"github.com/typedstate/typedstate/internal/strict"
)

// SliceToMsgpack appends a slice; nil is nil.
func SliceToMsgpack[S ~[]T, T any](e *MsgpackEncoder, v S, element func(*MsgpackEncoder, *T)) {
	if !e.array(len(v), v == nil) {
		return
	}
	e.takes(len(v), unsafe.Sizeof(*new(T)))
	for i := range v {
		if element(e, &v[i]); e.failed {
			return
		}
	}
	e.depth--
}

// ArrayToMsgpack appends an array.
func ArrayToMsgpack[T any](e *MsgpackEncoder, v []T, element func(*MsgpackEncoder, *T)) {
	if !e.array(len(v), false) {
		return
	}
	for i := range v {
		if element(e, &v[i]); e.failed {
			return
		}
	}
	e.depth--
}

// array appends the head of an array and tells whether its elements follow.
func (e *MsgpackEncoder) array(n int, null bool) bool {
	if !e.enter() {
		return false
	}
	if null {
		e.out = append(e.out, 0xc0)
		e.depth--
		return false
	}
	e.head(n, 0x90, 0xdc)
	return true
}

// PointerToMsgpack appends what v points to; nil is nil.
func PointerToMsgpack[T any](e *MsgpackEncoder, v *T, element func(*MsgpackEncoder, *T)) {
	switch {
	case e.failed:
	case v == nil:
		e.out = append(e.out, 0xc0)
	default:
		e.takes(1, unsafe.Sizeof(*v))
		element(e, v)
	}
}

// MapToMsgpack appends a map in order of its keys; nil is nil.
func MapToMsgpack[M ~map[K]V, K ~string, V any](e *MsgpackEncoder, v M, element func(*MsgpackEncoder, *V)) {
	if !e.entries(len(v), v == nil, unsafe.Sizeof(*new(K))+unsafe.Sizeof(*new(V))) {
		return
	}
	s := e.scratch
	values := borrowMsgpack[msgpackValues[V]](s)
	from := len(s.keys)
	for k, value := range v {
		s.keys = append(s.keys, msgpackKey{string(k), len(values.list)})
		values.list = append(values.list, value)
	}
	s.sortKeys(from)
	for i := range values.list {
		key := &s.keys[from+i]
		e.String(key.text)
		if element(e, &values.list[key.at]); e.failed {
			return
		}
	}
	clear(s.keys[from:])
	s.keys = s.keys[:from]
	closeMsgpack(e, values)
}

// IntMapToMsgpack appends a map in order of its keys, those below zero last; nil is nil.
func IntMapToMsgpack[M ~map[K]V, K integer, V any](e *MsgpackEncoder, v M, element func(*MsgpackEncoder, *V)) {
	if !e.entries(len(v), v == nil, unsafe.Sizeof(*new(K))+unsafe.Sizeof(*new(V))) {
		return
	}
	s := e.scratch
	values := borrowMsgpack[msgpackValues[V]](s)
	from := len(s.ints)
	for k, value := range v {
		s.ints = append(s.ints, msgpackInt{uint64(k), len(values.list)})
		values.list = append(values.list, value)
	}
	s.sortInts(from)
	for i := range values.list {
		key := s.ints[from+i]
		if K(key.bits) < 0 {
			e.Int(int64(key.bits))
		} else {
			e.Uint(key.bits)
		}
		if element(e, &values.list[key.at]); e.failed {
			return
		}
	}
	s.ints = s.ints[:from]
	closeMsgpack(e, values)
}

// msgpackValues are copies of the values of a map, which have no address there.
type msgpackValues[V any] struct{ list []V }

// closeMsgpack ends a map and keeps the memory of the copies of its values.
func closeMsgpack[V any](e *MsgpackEncoder, values *msgpackValues[V]) {
	clear(values.list)
	if values.list = values.list[:0]; cap(values.list) <= msgpackKept {
		e.scratch.giveBack(values)
	}
	e.maps--
	e.depth--
}

// entries appends the head of a map and tells whether its entries follow.
func (e *MsgpackEncoder) entries(n int, null bool, size uintptr) bool {
	if !e.enter() {
		return false
	}
	if null {
		e.out = append(e.out, 0xc0)
		e.depth--
		return false
	}
	if e.scratch == nil {
		e.scratch = msgpackScratches.Get().(*msgpackScratch)
	}
	e.takes(n, strict.MsgpackEntry*size)
	e.head(n, 0x80, 0xde)
	e.maps++
	return true
}
