package rt

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"github.com/typedstate/typedstate/internal/strict"
)

// SliceToJSON writes a slice.
func SliceToJSON[S ~[]T, T any](e *JSONEncoder, v S, element func(*JSONEncoder, *T)) {
	if v == nil {
		e.null()
		return
	}
	e.memory += len(v) * int(unsafe.Sizeof(*new(T)))
	copies := e.copies
	e.copies = false
	ArrayToJSON(e, v, element)
	e.copies = copies
}

// ArrayToJSON writes an array, of which v is all elements.
func ArrayToJSON[T any](e *JSONEncoder, v []T, element func(*JSONEncoder, *T)) {
	e.open('[')
	for i := range v {
		if e.failed {
			return
		}
		if i > 0 {
			e.buf = append(e.buf, ',')
		}
		element(e, &v[i])
	}
	e.close(']')
}

// MapToJSON writes a map with keys that are strings, in their order.
func MapToJSON[M ~map[K]V, K ~string, V any](e *JSONEncoder, v M, element func(*JSONEncoder, *V)) {
	if v == nil {
		e.null()
		return
	}
	m := e.openMap(len(v), int(unsafe.Sizeof(*new(K))+unsafe.Sizeof(*new(V))))
	values := spare[[]V](&e.spares)
	for key, value := range v {
		e.keys = append(e.keys, keyOf(string(key), len(*values)))
		*values = append(*values, value)
	}
	writeMap(e, m, values, element)
}

// IntMapToJSON writes a map with keys that are integers, in the order of their texts.
func IntMapToJSON[M ~map[K]V, K integer, V any](e *JSONEncoder, v M, element func(*JSONEncoder, *V)) {
	if v == nil {
		e.null()
		return
	}
	m := e.openMap(len(v), int(unsafe.Sizeof(*new(K))+unsafe.Sizeof(*new(V))))
	values := spare[[]V](&e.spares)
	for key, value := range v {
		e.keys = append(e.keys, keyOf(intText(uint64(key), key < 0), len(*values)))
		*values = append(*values, value)
	}
	writeMap(e, m, values, element)
}

// PointerToJSON writes what a pointer points to, or a null.
func PointerToJSON[T any](e *JSONEncoder, v *T, element func(*JSONEncoder, *T)) {
	if v == nil {
		e.null()
		return
	}
	if e.failed {
		return
	}
	e.memory += int(unsafe.Sizeof(*v))
	copies := e.copies
	e.copies = false
	element(e, v)
	e.copies = copies
}

// jsonKey is a key of a map and the place of its value.
type jsonKey struct {
	text  string
	value int
	// first are the first bytes of the text as a number, in the order of texts.
	first uint64
}

func keyOf(text string, value int) jsonKey {
	var first uint64
	if len(text) >= 8 {
		first = binary.BigEndian.Uint64(bytesOf(text))
	} else {
		for i := range len(text) {
			first |= uint64(text[i]) << (56 - 8*i)
		}
	}
	return jsonKey{text, value, first}
}

// jsonMap is what to go back to at the end of a map.
type jsonMap struct {
	base   int
	copies bool
}

func (e *JSONEncoder) openMap(entries, size int) jsonMap {
	m := jsonMap{len(e.keys), e.copies}
	e.memory += strict.MapMemory(entries, size)
	e.copies = true
	e.open('{')
	return m
}

func writeMap[V any](e *JSONEncoder, m jsonMap, values *[]V, element func(*JSONEncoder, *V)) {
	sortKeys(e.keys[m.base:])
	for i := range *values {
		if e.failed {
			break
		}
		// Inner maps may move the keys.
		key := e.keys[m.base+i]
		if i > 0 {
			e.buf = append(e.buf, ',')
		}
		e.String(key.text)
		e.buf = append(e.buf, ':')
		element(e, &(*values)[key.value])
	}
	clear(*values)
	if *values = (*values)[:0]; cap(*values) <= keptEntries {
		e.spares.put(values)
	}
	e.closeMap(m)
}

// keptEntries is how many entries of a map are kept room for.
const keptEntries = 256

func (e *JSONEncoder) closeMap(m jsonMap) {
	clear(e.keys[m.base:])
	e.keys = e.keys[:m.base]
	e.copies = m.copies
	e.close('}')
}

func sortKeys(keys []jsonKey) {
	if len(keys) > fewKeys || !sortFew(keys) {
		slices.SortFunc(keys, func(a, b jsonKey) int { return strings.Compare(a.text, b.text) })
	}
}

// fewKeys is up to how many keys are compared each with each.
const fewKeys = 8

// sortFew sorts keys that differ in their first bytes. The order in which a map gives
// them is random, so that a sort that branches would guess wrong at every second one.
func sortFew(keys []jsonKey) bool {
	var sorted [fewKeys]jsonKey
	alike := 0
	for i := range keys {
		rank := uint64(0)
		for j := range keys {
			_, less := bits.Sub64(keys[j].first, keys[i].first, 0)
			rank += less
			if keys[j].first == keys[i].first {
				alike++
			}
		}
		sorted[rank%fewKeys] = keys[i]
	}
	if alike > len(keys) {
		return false
	}
	copy(keys, sorted[:])
	return true
}

func intText(key uint64, negative bool) string {
	if negative {
		return strconv.FormatInt(int64(key), 10)
	}
	return strconv.FormatUint(key, 10)
}
