package peer

import (
	"github.com/typedstate/typedstate/bench/internal/block"
	"github.com/typedstate/typedstate/bench/internal/suite"
)

// Kept is a way to keep values with the values of all users, which it reads and
// writes by their numbers.
type Kept struct {
	name string
	// check writes all values and reads them back, the first time that it is
	// called.
	check    func() error
	get, set func(n int) error
}

// Getting is reading by callers at the same time.
func (k Kept) Getting(callers int) suite.Side { return k.side(callers, k.get) }

// Setting is writing by callers at the same time.
func (k Kept) Setting(callers int) suite.Side { return k.side(callers, k.set) }

func (k Kept) side(callers int, do func(n int) error) suite.Side {
	return suite.Side{Name: k.name, Check: k.check, Work: load(callers, do)}
}

// load is the work of callers at the same time, each for one user after another.
func load(callers int, do func(n int) error) block.Load {
	return block.Load{Callers: callers, Call: func(caller, i int) error { return do(pick(caller, i)) }}
}

// pick returns the user of a caller's i-th operation: all of them in turn, far
// from its own last one and from those of the other callers.
func pick(caller, i int) int { return (caller*397 + i*271) % count }
