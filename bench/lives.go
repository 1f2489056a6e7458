package main

import (
	"fmt"
	"time"

	"github.com/typedstate/typedstate/bench/internal/table"
)

// lives prints what the life of a job takes of the server.
func (b *bench) lives() error {
	env, err := b.env()
	if err != nil {
		return err
	}
	t := table.Table{Head: []string{"a job's life, callers", "round trips", "commands, those in scripts included", "processor time of Redis"}}
	for _, n := range []int{1, 64} {
		costs, err := env.LifeCosts(b.ctx, n, time.Second)
		if err != nil {
			return err
		}
		for _, c := range costs {
			t.Add(fmt.Sprintf("%s, %d", c.Name, n), fmt.Sprintf("%.1f", c.Reads), fmt.Sprintf("%.1f", c.Commands), table.Duration(c.CPU))
		}
	}
	return t.Write(b.out)
}
