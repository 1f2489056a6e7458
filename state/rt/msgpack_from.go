package rt

import (
	"unsafe"

	"github.com/typedstate/typedstate/internal/strict"
)

// SliceFromMsgpack reads a slice; nil is nil.
func SliceFromMsgpack[S ~[]T, T any](d *MsgpackDecoder, v *S, element func(*MsgpackDecoder, *T)) {
	n, ok := d.array(unsafe.Sizeof(*new(T)))
	if !ok {
		return
	}
	s := make(S, n)
	for i := range s {
		if element(d, &s[i]); d.failed {
			return
		}
	}
	*v = s
	d.depth--
}

// ArrayFromMsgpack reads an array, which may be longer than that of the document.
func ArrayFromMsgpack[T any](d *MsgpackDecoder, v []T, element func(*MsgpackDecoder, *T)) {
	n, ok := d.array(0)
	if !ok {
		return
	}
	if n > len(v) {
		d.fail()
		return
	}
	for i := range v[:n] {
		if element(d, &v[i]); d.failed {
			return
		}
	}
	d.depth--
}

// array reads the head of an array and tells whether it is not nil.
func (d *MsgpackDecoder) array(size uintptr) (n int, ok bool) {
	if d.null() {
		return 0, false
	}
	n, ok = d.head(0x90, 0xdc)
	return n, ok && d.enter(n, 1) && d.takes(n, size)
}

// PointerFromMsgpack reads what *v is made to point to; nil is nil.
func PointerFromMsgpack[T any](d *MsgpackDecoder, v **T, element func(*MsgpackDecoder, *T)) {
	if d.null() || d.failed || !d.takes(1, unsafe.Sizeof(**v)) {
		return
	}
	p := new(T)
	element(d, p)
	*v = p
}

// MapFromMsgpack reads a map; nil is nil.
func MapFromMsgpack[M ~map[K]V, K ~string, V any](d *MsgpackDecoder, v *M, element func(*MsgpackDecoder, *V)) {
	n, ok := d.entries(unsafe.Sizeof(*new(K)) + unsafe.Sizeof(*new(V)))
	if !ok {
		return
	}
	m := make(M, n)
	value := borrowMsgpack[V](d.scratched())
	for range n {
		key := d.key()
		if element(d, value); d.failed {
			return
		}
		m[K(key)] = *value
		*value = *new(V)
	}
	d.scratch.giveBack(value)
	*v = m
	d.close(n, len(m))
}

// IntMapFromMsgpack reads a map; nil is nil.
func IntMapFromMsgpack[M ~map[K]V, K integer, V any](d *MsgpackDecoder, v *M, element func(*MsgpackDecoder, *V)) {
	n, ok := d.entries(unsafe.Sizeof(*new(K)) + unsafe.Sizeof(*new(V)))
	if !ok {
		return
	}
	m := make(M, n)
	value := borrowMsgpack[V](d.scratched())
	for range n {
		bits, negative, _ := d.integer()
		key := K(bits)
		if uint64(key) != bits || (key < 0) != negative {
			d.fail()
		}
		if element(d, value); d.failed {
			return
		}
		m[key] = *value
		*value = *new(V)
	}
	d.scratch.giveBack(value)
	*v = m
	d.close(n, len(m))
}

// entries reads the head of a map and tells whether it is not nil.
func (d *MsgpackDecoder) entries(size uintptr) (n int, ok bool) {
	if d.null() {
		return 0, false
	}
	n, ok = d.head(0x80, 0xde)
	return n, ok && d.enter(n, 2) && d.takes(n, strict.MsgpackEntry*size)
}

// key reads a key that is a string.
func (d *MsgpackDecoder) key() string {
	var key string
	if d.at < len(d.data) && d.data[d.at] == 0xc0 {
		d.fail()
		return ""
	}
	d.String(&key)
	return key
}

// close ends a map of n entries, all of which have a key of their own.
func (d *MsgpackDecoder) close(n, size int) {
	if n != size {
		d.fail()
	}
	d.depth--
}
