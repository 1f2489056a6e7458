package main

import (
	"fmt"
	"time"

	"github.com/typedstate/typedstate/bench/internal/table"
)

// gen prints what the generators take.
func (b *bench) gen() error {
	groups, err := b.generatorGroups()
	if err != nil {
		return err
	}
	t := table.Table{Head: []string{"structs, generator", "wall time", "peak memory", "ours is … times as fast", "least…most"}}
	for _, g := range groups {
		if err := g.Check(b.ctx); err != nil {
			return err
		}
		r, err := g.Run(b.ctx)
		if err != nil {
			return err
		}
		for _, row := range r.Rows() {
			times, interval := "-", "-"
			if row.Ratio != nil {
				times = table.Significant(row.Ratio.Median, 3)
				interval = table.Significant(row.Ratio.Low, 3) + "…" + table.Significant(row.Ratio.High, 3)
			}
			memory := "-"
			if row.RSS > 0 {
				memory = fmt.Sprintf("%.0f MB", float64(row.RSS)/1e6)
			}
			t.Add(g.Name[len("gen"):]+" "+row.Name, table.Duration(time.Duration(row.NsPerOp)), memory, times, interval)
		}
	}
	return t.Write(b.out)
}
