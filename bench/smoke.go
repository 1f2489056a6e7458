package main

import (
	"fmt"
	"time"

	"github.com/typedstate/typedstate/bench/internal/suite"
)

// smoke checks all sides and runs each once. Its figures mean nothing; that the
// values are right, and that nothing fails, does.
func (b *bench) smoke() error {
	groups, err := b.groups()
	if err != nil {
		return err
	}
	for _, l := range lines {
		if _, err := choose(groups, l.group, peersOf([]line{l}, l.group)); err != nil {
			return fmt.Errorf("%s: %w", l.name, err)
		}
	}
	for _, g := range groups {
		// The generators take seconds for many structs, and do the same for few.
		if g.Name == "gen100" || g.Name == "gen1000" {
			continue
		}
		g.Plan = suite.Plan{Rounds: 1, Block: 2 * time.Millisecond}
		if err := g.Check(b.ctx); err != nil {
			return err
		}
		if _, err := g.Run(b.ctx); err != nil {
			return err
		}
		fmt.Fprintf(b.out, "%s: %d sides agree\n", g.Name, len(g.Sides))
	}
	return nil
}
