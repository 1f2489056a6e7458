package rt

import (
	"slices"
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
		e.null()
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
		e.null()
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
	from := len(e.keys)
	for k := range v {
		e.keys = append(e.keys, string(k))
	}
	to := len(e.keys)
	slices.Sort(e.keys[from:])
	value := borrowMsgpack[V](&e.spares)
	for i := from; i < to && !e.failed; i++ {
		key := e.keys[i]
		e.String(key)
		*value = v[K(key)]
		element(e, value)
	}
	giveBackMsgpack(&e.spares, value)
	clear(e.keys[from:])
	e.keys = e.keys[:from]
	e.maps--
	e.depth--
}

// IntMapToMsgpack appends a map in order of its keys, those below zero last; nil is nil.
func IntMapToMsgpack[M ~map[K]V, K msgpackInteger, V any](e *MsgpackEncoder, v M, element func(*MsgpackEncoder, *V)) {
	if !e.entries(len(v), v == nil, unsafe.Sizeof(*new(K))+unsafe.Sizeof(*new(V))) {
		return
	}
	from := len(e.ints)
	for k := range v {
		e.ints = append(e.ints, uint64(k))
	}
	to := len(e.ints)
	slices.Sort(e.ints[from:])
	value := borrowMsgpack[V](&e.spares)
	for i := from; i < to && !e.failed; i++ {
		key := K(e.ints[i])
		if key < 0 {
			e.Int(int64(key))
		} else {
			e.Uint(uint64(key))
		}
		*value = v[key]
		element(e, value)
	}
	giveBackMsgpack(&e.spares, value)
	e.ints = e.ints[:from]
	e.maps--
	e.depth--
}

// entries appends the head of a map and tells whether its entries follow.
func (e *MsgpackEncoder) entries(n int, null bool, size uintptr) bool {
	if !e.enter() {
		return false
	}
	if null {
		e.null()
		e.depth--
		return false
	}
	e.takes(n, strict.MsgpackEntry*size)
	e.head(n, 0x80, 0xde)
	e.maps++
	return true
}
