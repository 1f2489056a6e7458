package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/typedstate/typedstate/bench/internal/machine"
	"github.com/typedstate/typedstate/bench/internal/suite"
	"github.com/typedstate/typedstate/bench/internal/table"
)

// full prints the machine, the peers, and a table for each group.
func (b *bench) full() error {
	groups, err := b.groups()
	if err != nil {
		return err
	}
	if err := b.writeFacts(b.out); err != nil {
		return err
	}
	ran := 0
	for _, g := range groups {
		if !b.only.MatchString(g.Name) {
			continue
		}
		ran++
		if err := g.Check(b.ctx); err != nil {
			return err
		}
		r, err := g.Run(b.ctx)
		if err != nil {
			return err
		}
		fmt.Fprintf(b.out, "\n%s: %s\n\n", g.Name, g.About)
		t := rows(r)
		if err := t.Write(b.out); err != nil {
			return err
		}
	}
	if ran == 0 {
		return errors.New("no group has such a name")
	}
	return nil
}

// writeFacts writes what is measured on and with.
func (b *bench) writeFacts(w io.Writer) error {
	version, err := b.clients.ServerVersion(b.ctx)
	if err != nil {
		return err
	}
	for _, fact := range machine.Facts(b.ctx, version) {
		fmt.Fprintln(w, fact)
	}
	for _, peer := range machine.Peers() {
		fmt.Fprintln(w, "peer    "+peer)
	}
	return nil
}

// rows is the table of a group. What was not looked at is a dash.
func rows(r suite.Result) table.Table {
	t := table.Table{Head: []string{r.Group.Name, "ns/op", "allocs/op", "B/op", "p50", "p99", "ours is … times as fast", "95 %"}}
	for _, row := range r.Rows() {
		times, interval := "-", "-"
		if row.Ratio != nil {
			times = table.Significant(row.Ratio.Median, 3)
			interval = table.Significant(row.Ratio.Low, 3) + "…" + table.Significant(row.Ratio.High, 3)
		}
		allocs, bytes := "-", "-"
		if row.RSS == 0 { // else it was another process
			allocs, bytes = fmt.Sprintf("%.1f", row.Allocs), fmt.Sprintf("%.0f", row.Bytes)
		}
		t.Add(row.Name, table.Significant(row.NsPerOp, 4), allocs, bytes,
			table.Duration(row.P50), table.Duration(row.P99), times, interval)
	}
	return t
}
