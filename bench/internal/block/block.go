// Package block measures one block: a piece of work that is repeated for a
// short while, with what it took on the whole and for each operation.
//
// Blocks of different work that lie next to each other in time are what is
// compared; see package suite.
package block

import (
	"runtime"
	"time"
)

// Work is what can be repeated for a while.
type Work interface {
	// Block does the work for about d and measures it.
	Block(d time.Duration) (Block, error)
}

// Block is what a block of work took.
type Block struct {
	Ops     int
	Elapsed time.Duration
	// Mallocs and Bytes are what the whole process allocated meanwhile.
	Mallocs, Bytes uint64
	// P50 and P99 are of the time that single operations took; 0 where that was
	// not looked at.
	P50, P99 time.Duration
	// RSS is the most memory of the program that the block ran, in bytes.
	RSS int64
}

// NsPerOp returns how many nanoseconds there were for each operation, over all
// callers.
func (b Block) NsPerOp() float64 { return float64(b.Elapsed) / float64(b.Ops) }

// AllocsPerOp returns how many allocations there were for each operation.
func (b Block) AllocsPerOp() float64 { return float64(b.Mallocs) / float64(b.Ops) }

// BytesPerOp returns how many bytes were allocated for each operation.
func (b Block) BytesPerOp() float64 { return float64(b.Bytes) / float64(b.Ops) }

// measured runs f and returns what it took. It collects garbage before, so that
// no block pays for what the one before it left behind.
func measured(f func()) (b Block) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	start := time.Now()
	f()
	b.Elapsed = time.Since(start)
	runtime.ReadMemStats(&after)
	b.Mallocs = after.Mallocs - before.Mallocs
	b.Bytes = after.TotalAlloc - before.TotalAlloc
	return b
}
