package strict

import "math/bits"

const (
	// MsgpackEntry is how many times the size of its key and value an entry of a Go
	// map counts, since a map has room to spare.
	MsgpackEntry = 2

	// What an interface value holds, other than scalars, beside what is counted
	// where it stands: a slice, and a map without entries.
	anySlice, anyMap = 24, 48
)

// MsgpackMemory is how many bytes of memory the slices, maps and pointers of a
// document of that length may take. An element can be a single byte of the document
// and any size in memory.
func MsgpackMemory(length int) uint64 { return 24*uint64(length) + 1<<20 }

// MsgpackTakes adds the memory of n elements to a sum; ok is false where that is
// beyond counting.
func MsgpackTakes(sum uint64, n int, size uintptr) (total uint64, ok bool) {
	hi, lo := bits.Mul64(uint64(n), uint64(size))
	total, carry := bits.Add64(sum, lo, 0)
	return total, hi|carry == 0
}

// takes counts the memory of n elements of the value at i.
func (c *msgpackChecker) takes(i, n int, size uintptr) bool {
	total, ok := MsgpackTakes(c.memory, n, size)
	c.memory = total
	if !ok || total > c.most {
		c.stop(i, reasonMemory)
		return false
	}
	return true
}
