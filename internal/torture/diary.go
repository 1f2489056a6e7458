package main

import (
	"math"
	"slices"
	"sync"
	"time"
)

// deed is what a writer does to its key.
type deed uint8

const (
	storing  deed = iota // a value, which has the number of its deed
	fleeting             // a value that soon expires
	touching             // another time to live
	removing
)

// fate is what became of a deed.
type fate uint8

const (
	pending fate = iota
	// done: it was acknowledged, and so announced.
	done
	// idle: there was nothing to change, and nothing was announced.
	idle
	// doubtful: it may have been done, or is lost since.
	doubtful
)

// diary is what the one writer of a key has done to it, in the order in which it
// did. A deed is named by its number, from 1. Watchers read it while it is written.
type diary struct {
	mu    sync.RWMutex
	deeds []entry // of number 1 and so on
}

type entry struct {
	deed deed
	fate fate
	at   int64 // when it was acknowledged
	// until is about when the value's time is over from then on.
	until int64
	// sure is how many deeds up to this one were announced for certain.
	sure int64
}

// begin notes a deed that is about to be done, and gives a value so long to live, or
// leaves it the time that it has.
func (d *diary) begin(what deed, life time.Duration) (n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n = int64(len(d.deeds))
	e := entry{deed: what, sure: d.sure(n), until: now() + int64(life)}
	if life == 0 && n > 0 {
		e.until = d.deeds[n-1].until
	}
	d.deeds = append(d.deeds, e)
	return n + 1
}

// end notes what became of the last deed.
func (d *diary) end(became fate, at int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e := &d.deeds[len(d.deeds)-1]
	if e.fate, e.at = became, at; became == done {
		e.sure++
	}
}

func (d *diary) sure(n int64) int64 {
	if n == 0 {
		return 0
	}
	return d.deeds[n-1].sure
}

// around returns how many announcements there were for certain up to the value with
// that number, which somebody has seen, how many there may have been up to the one
// that has given it the time to live that was seen with it, and how many up to the
// end of its state.
func (d *diary) around(n, until int64) (least, shown, most int64) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	least = d.sure(n-1) + 1
	shown, most = least, least
	off := distance(until, d.deeds[n-1].until)
	for _, e := range d.deeds[n:] {
		if e.deed != touching {
			break
		}
		if e.fate != idle {
			most++
			if one := distance(until, e.until); one <= off {
				off, shown = one, most
			}
		}
	}
	return least, shown, most
}

func distance(a, b int64) int64 { return max(a-b, b-a) }

// all returns how many announcements there may have been until now.
func (d *diary) all() (most int64) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if len(d.deeds) == 0 {
		return 0
	}
	last := d.deeds[len(d.deeds)-1]
	if most = last.sure; last.fate == pending {
		most++
	}
	return most
}

// written returns how many deeds were begun.
func (d *diary) written() int64 {
	d.mu.RLock()
	defer d.mu.RUnlock()
	return int64(len(d.deeds))
}

// gone returns the last deed after which there may be no value.
func (d *diary) gone() (n int64) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for i, e := range slices.Backward(d.deeds) {
		if (e.deed == removing || e.deed == fleeting) && e.fate != idle {
			return int64(i + 1)
		}
	}
	return 0
}

// oldest returns when the first deed after number from and up to number to was
// acknowledged that was so after since, or MaxInt64 if none was.
func (d *diary) oldest(from, to, since int64) (at int64) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if from >= to {
		return math.MaxInt64
	}
	for _, e := range d.deeds[from:to] {
		if e.fate == done && e.at >= since {
			return e.at
		}
	}
	return math.MaxInt64
}
