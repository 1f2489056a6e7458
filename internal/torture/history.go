package main

import (
	"math"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"
)

// kind is what a call does to a register.
type kind uint8

const (
	kindGet    kind = iota
	kindSet         // stores a value, whatever is there
	kindChange      // stores a value in place of the base: Update and SetIf
)

// cell is what a register holds. No two calls write the same one.
type cell struct {
	n  int64
	by string
}

func cellOf(v record) cell { return cell{v.N, v.By} }

// input is what a call does to a register and output what its caller was told.
type input struct {
	kind  kind
	base  cell // what a change has read
	value cell // what is stored
}

type output struct {
	value cell // what a get returned
	known bool // false for a call that may have happened, now or at any time
}

// registerModel is what a key is to its callers: one register.
func registerModel(initial cell) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return initial },
		Step: func(state, in, out any) (bool, any) {
			s, i, o := state.(cell), in.(input), out.(output)
			switch i.kind {
			case kindGet:
				return s == o.value, s
			case kindSet:
				return true, i.value
			default:
				if s == i.base {
					return true, i.value
				}
				// A change whose outcome is unknown may have been refused.
				return !o.known, s
			}
		},
	}
}

// register is a key with its history. What is checked is one register at a time,
// since a history is linearizable if that of each register is.
type register struct {
	key     recordKey
	initial cell
	// pure says that calls only add 1 to it, so that what they add up to is known.
	pure bool

	mu      sync.Mutex
	history []porcupine.Operation

	acked, unknown atomic.Int64 // increments
}

// event is a call of a register under way.
type event struct {
	at   *register
	in   input
	call int64
}

var epoch = time.Now()

func now() int64 { return int64(time.Since(epoch)) }

func (g *register) begin(in input) event { return event{at: g, in: in, call: now()} }

// end notes a call that has returned.
func (e event) end(value cell) { e.note(output{value: value, known: true}, now()) }

// open notes a call whose outcome is unknown: to the history it never returns.
func (e event) open() { e.note(output{}, math.MaxInt64) }

func (e event) note(out output, returned int64) {
	e.at.mu.Lock()
	defer e.at.mu.Unlock()
	e.at.history = append(e.at.history, porcupine.Operation{Input: e.in, Call: e.call, Output: out, Return: returned})
}

// checkLimit bounds the search for an order of one register's calls.
const checkLimit = 20 * time.Second

// verdict is what became of the histories of some registers.
type verdict struct {
	operations int64
	illegal    int
	stale      int // of the illegal, those whose writes alone have an order
	undecided  int // the search took too long
}

// check looks for an order of the calls of each register that explains all that
// callers were told.
func check(registers []*register) (v verdict) {
	var mu sync.Mutex
	var all sync.WaitGroup
	room := make(chan struct{}, runtime.GOMAXPROCS(0))
	for _, g := range registers {
		room <- struct{}{}
		all.Go(func() {
			defer func() { <-room }()
			result := g.search(g.history)
			stale := result == porcupine.Illegal && g.search(g.writes()) == porcupine.Ok
			mu.Lock()
			defer mu.Unlock()
			v.operations += int64(len(g.history))
			switch result {
			case porcupine.Illegal:
				if v.illegal++; stale {
					v.stale++
				}
			case porcupine.Unknown:
				v.undecided++
			}
		})
	}
	all.Wait()
	return v
}

func (g *register) search(history []porcupine.Operation) porcupine.CheckResult {
	return porcupine.CheckOperationsTimeout(registerModel(g.initial), history, checkLimit)
}

// writes returns the history without its reads. If that has an order, nothing
// was lost or done twice, and somebody has read a value that was old.
func (g *register) writes() (history []porcupine.Operation) {
	for _, o := range g.history {
		if o.Input.(input).kind != kindGet {
			history = append(history, o)
		}
	}
	return history
}
