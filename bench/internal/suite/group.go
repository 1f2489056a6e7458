// Package suite compares this SDK with its peers: it runs short blocks of each,
// next to each other and in alternating order, and looks at the ratio of blocks
// that were neighbours. What slows a machine down for a while slows both of
// them, and so the ratio stays where times do not.
package suite

import (
	"context"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/bench/internal/block"
)

// Ours is the name of the side that the others are compared with.
const Ours = "typedstate"

// Side is one way to do what a group is about.
type Side struct {
	Name string
	// Check does it once for each value, and returns an error if what comes out is
	// not what went in.
	Check func() error
	Work  block.Work
}

// Group is one job, done by several sides.
type Group struct {
	Name string
	// About says what the job is, in one line.
	About string
	Plan  Plan
	Sides []Side
}

// Plan says how often each side of a group gets its turn, and for how long. In
// a block of no length each side does its work once.
type Plan struct {
	Rounds int
	Block  time.Duration
	// Limit is how long the rounds may take all together: once it has passed, and
	// there are three of them, no further one begins. 0 is no limit.
	Limit time.Duration
}

// enough is how many rounds there are whatever the limit.
const enough = 3

// over reports whether no further round is to begin.
func (p Plan) over(rounds int, start time.Time) bool {
	return rounds >= p.Rounds || p.Limit > 0 && rounds >= enough && time.Since(start) > p.Limit
}

// With returns the group with this SDK and the named peers only.
func (g Group) With(peers ...string) (Group, error) {
	chosen := g
	chosen.Sides = nil
	for _, name := range append([]string{Ours}, peers...) {
		side, ok := g.side(name)
		if !ok {
			return Group{}, fmt.Errorf("%s has no side %s", g.Name, name)
		}
		chosen.Sides = append(chosen.Sides, side)
	}
	return chosen, nil
}

func (g Group) side(name string) (Side, bool) {
	for _, s := range g.Sides {
		if s.Name == name {
			return s, true
		}
	}
	return Side{}, false
}

// Check checks all sides, or ends with the context.
func (g Group) Check(ctx context.Context) error {
	for _, s := range g.Sides {
		if err := check(ctx, s); err != nil {
			return fmt.Errorf("%s: %s: %w", g.Name, s.Name, err)
		}
	}
	return nil
}

func check(ctx context.Context, s Side) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return s.Check()
}

// Run runs a block of each side in each round, first to last and in the next
// round last to first, so that of two sides neither is always the first. Every
// second round begins one side further on. It ends with the context.
func (g Group) Run(ctx context.Context) (Result, error) {
	r := Result{Group: g, Blocks: make([][]block.Block, len(g.Sides))}
	start := time.Now()
	for round := 0; !g.Plan.over(round, start); round++ {
		if err := ctx.Err(); err != nil {
			return Result{}, err
		}
		for _, i := range order(len(g.Sides), round) {
			b, err := g.Sides[i].Work.Block(g.Plan.Block)
			if err != nil {
				return Result{}, fmt.Errorf("%s: %s: %w", g.Name, g.Sides[i].Name, err)
			}
			r.Blocks[i] = append(r.Blocks[i], b)
		}
	}
	return r, nil
}

// order returns the order of n sides in a round.
func order(n, round int) []int {
	sides := make([]int, n)
	for i := range sides {
		at := i
		if round%2 == 1 {
			at = n - 1 - i
		}
		sides[at] = (i + round/2) % n
	}
	return sides
}
