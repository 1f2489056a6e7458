package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/typedstate/typedstate/bench/internal/suite"
)

// quick prints the figures of lines as soon as they are known.
func (b *bench) quick() error {
	all, err := b.groups()
	if err != nil {
		return err
	}
	wanted := slices.DeleteFunc(slices.Clone(lines), func(l line) bool { return !b.only.MatchString(l.name) })
	results := make(map[string]suite.Result)
	missed := false
	for _, l := range wanted {
		r, ok := results[l.group]
		if !ok {
			if r, err = measure(b.ctx, all, l.group, peersOf(wanted, l.group)); err != nil {
				return err
			}
			results[l.group] = r
		}
		text, good, err := l.figure(r)
		if err != nil {
			return err
		}
		mark := ""
		if b.targets && !good {
			missed, mark = true, fmt.Sprintf(" missed %v", l.target)
		}
		fmt.Fprintf(b.out, "%s %s%s\n", l.name, text, mark)
	}
	if missed {
		return errMissed
	}
	return nil
}

// peersOf returns the peers that lines need in a group, so that one run of it
// serves them all.
func peersOf(wanted []line, group string) (peers []string) {
	for _, l := range wanted {
		if l.group == group && l.peer != "" {
			peers = append(peers, l.peer)
		}
	}
	return peers
}

// measure checks and runs a group with some of its peers.
func measure(ctx context.Context, all []suite.Group, name string, peers []string) (suite.Result, error) {
	g, err := choose(all, name, peers)
	if err != nil {
		return suite.Result{}, err
	}
	if err := g.Check(ctx); err != nil {
		return suite.Result{}, err
	}
	return g.Run(ctx)
}

// choose returns the group of a name with some of its peers.
func choose(all []suite.Group, name string, peers []string) (suite.Group, error) {
	i := slices.IndexFunc(all, func(g suite.Group) bool { return g.Name == name })
	if i < 0 {
		return suite.Group{}, fmt.Errorf("there is no group %s", name)
	}
	return all[i].With(peers...)
}
