package rt

import (
	"bytes"
	"strconv"
	"unsafe"

	"github.com/typedstate/typedstate/internal/strict"
)

// integer is what may be the key of a map beside strings.
type integer interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64
}

// SliceFromJSON reads a slice.
func SliceFromJSON[S ~[]T, T any](d *JSONDecoder, v *S, element func(*JSONDecoder, *T)) {
	if !d.open('[') {
		*v = nil
		return
	}
	var s S
	size := int(unsafe.Sizeof(*new(T)))
	for n := 0; d.next(n); n++ {
		if n == cap(s) {
			grown := make(S, n, d.room(n, size))
			copy(grown, s)
			s = grown
			if n == cap(s) {
				return
			}
		}
		s = s[:n+1]
		element(d, &s[n])
	}
	if s == nil {
		s = S{}
	}
	d.settle((cap(s) - len(s)) * size)
	*v = s
}

// ArrayFromJSON reads an array, of which v is all elements.
func ArrayFromJSON[T any](d *JSONDecoder, v []T, element func(*JSONDecoder, *T)) {
	if !d.open('[') {
		return
	}
	for n := 0; d.next(n); n++ {
		if n == len(v) {
			d.fail()
			return
		}
		element(d, &v[n])
	}
}

// MapFromJSON reads a map with keys that are strings.
func MapFromJSON[M ~map[K]V, K ~string, V any](d *JSONDecoder, v *M, element func(*JSONDecoder, *V)) {
	if !d.open('{') {
		*v = nil
		return
	}
	m := make(M)
	size := int(unsafe.Sizeof(*new(K)) + unsafe.Sizeof(*new(V)))
	value := spare[V](&d.spares)
	for n := 0; d.entry(n, size); n++ {
		key := d.key()
		element(d, value)
		if m[K(key)] = *value; len(m) == n {
			d.fail()
		}
		*value = *new(V)
	}
	d.spares.put(value)
	*v = m
}

// IntMapFromJSON reads a map with keys that are integers.
func IntMapFromJSON[M ~map[K]V, K integer, V any](d *JSONDecoder, v *M, element func(*JSONDecoder, *V)) {
	if !d.open('{') {
		*v = nil
		return
	}
	m := make(M)
	size := int(unsafe.Sizeof(*new(K)) + unsafe.Sizeof(*new(V)))
	value := spare[V](&d.spares)
	for n := 0; d.entry(n, size); n++ {
		number, negative := d.intKey()
		key := K(number)
		// What does not fit is another number on the way back.
		if negative != (key < 0) || uint64(key) != number {
			d.fail()
		}
		element(d, value)
		if m[key] = *value; len(m) == n {
			d.fail()
		}
		*value = *new(V)
	}
	d.spares.put(value)
	*v = m
}

// PointerFromJSON reads what a pointer points to, or a null.
func PointerFromJSON[T any](d *JSONDecoder, v **T, element func(*JSONDecoder, *T)) {
	if d.peek() == 'n' {
		d.null()
		*v = nil
		return
	}
	if !d.charge(int(unsafe.Sizeof(**v))) {
		return
	}
	*v = new(T)
	element(d, *v)
}

// open begins an array or object at its bracket, which stays, or takes a null.
func (d *JSONDecoder) open(bracket byte) bool {
	if d.peek() != bracket {
		d.null()
		return false
	}
	return d.enter()
}

// next goes to element n of an array.
func (d *JSONDecoder) next(n int) bool {
	return d.step(n, ']')
}

func (d *JSONDecoder) step(n int, bracket byte) bool {
	c := d.peek()
	if n == 0 && c != 0 {
		d.at++
		if c = d.peek(); c != bracket {
			return true
		}
	}
	if c == ',' {
		d.at++
		return true
	}
	if c != bracket {
		d.fail()
		return false
	}
	d.at++
	d.depth--
	return false
}

// entry goes to entry n of a map whose entries are of that size.
func (d *JSONDecoder) entry(n, size int) bool {
	return d.step(n, '}') && d.charge(strict.MapMemory(n+1, size)-strict.MapMemory(n, size))
}

// key reads a key and the colon.
func (d *JSONDecoder) key() string {
	var key string
	if d.peek() != '"' {
		d.fail()
		return ""
	}
	d.String(&key)
	if d.peek() != ':' {
		d.fail()
		return ""
	}
	d.at++
	return key
}

// intKey reads a key in the one spelling of its number and the colon. A negative number
// is in the form of a uint64.
func (d *JSONDecoder) intKey() (number uint64, negative bool) {
	name, ok := d.name()
	if !ok {
		return 0, false
	}
	if len(name) > 1 && name[0] == '-' && name[1] != '0' {
		n, err := strconv.ParseInt(name, 10, 64)
		if err != nil {
			d.fail()
		}
		return uint64(n), true
	}
	if name == "" || name[0] == '-' || name[0] == '+' || len(name) > 1 && name[0] == '0' {
		d.fail()
		return 0, false
	}
	number, err := strconv.ParseUint(name, 10, 64)
	if err != nil {
		d.fail()
	}
	return number, false
}

// mostUnused is how much memory may stay unused because slices begin with more than one
// element.
const mostUnused = 1 << 20

// settle gives back what a slice has room for and does not hold.
func (d *JSONDecoder) settle(unused int) {
	d.left += unused
	d.unused += unused
}

// room returns the capacity of the slice to make for n elements of that size and more,
// n where the document makes too much.
func (d *JSONDecoder) room(n, size int) int {
	room := 2 * n
	if n == 0 {
		if room = 1; size <= 256 && d.unused <= mostUnused {
			room = d.expect()
		}
	}
	if size == 0 {
		return room
	}
	if !d.charge(0) {
		return n
	}
	if room = min(room, n+d.left/size); room == n {
		d.fail()
	}
	d.left -= (room - n) * size
	return room
}

// mostExpected is how many elements a slice is made for before it has one.
const mostExpected = 32

// expect returns how many elements the array is likely to have whose first one is next.
// Two searches of a few bytes are cheaper than to make a slice twice.
func (d *JSONDecoder) expect() int {
	rest := d.data[d.at:]
	rest = rest[:min(len(rest), shared)]
	end := bytes.IndexByte(rest, ']')
	if end < 0 {
		end = len(rest)
	}
	mark, more := []byte{','}, 1
	if len(rest) > 0 && rest[0] == '{' {
		mark, more = []byte{'{'}, 0
	}
	return min(bytes.Count(rest[:end], mark)+more, mostExpected)
}
