package main

import (
	"fmt"
	"strings"
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
	for _, g := range groups {
		// The generators take seconds for many structs, and do the same for few.
		if strings.HasPrefix(g.Name, "gen1") && g.Name != "gen10" {
			continue
		}
		g.Plan = suite.Plan{Rounds: 1, Block: 2 * time.Millisecond}
		if err := g.Check(); err != nil {
			return err
		}
		r, err := g.Run()
		if err != nil {
			return err
		}
		for _, l := range lines {
			if l.group != g.Name {
				continue
			}
			if _, _, err := l.figure(r); err != nil {
				return err
			}
		}
		fmt.Fprintf(b.out, "%s: %d sides agree\n", g.Name, len(g.Sides))
	}
	return nil
}
