package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/typedstate/typedstate/bench/internal/chart"
	"github.com/typedstate/typedstate/bench/internal/peer"
	"github.com/typedstate/typedstate/bench/internal/suite"
	"github.com/typedstate/typedstate/bench/internal/table"
	"github.com/typedstate/typedstate/bench/model"
)

// plot measures throughput by callers, and writes a chart and a table of it.
func (b *bench) plot() error {
	curves, err := b.curves()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(b.docs, 0o755); err != nil { //nolint:gosec // part of a repository
		return err
	}
	var picture, figures bytes.Buffer
	if err := curves.WriteSVG(&picture); err != nil {
		return err
	}
	if err := b.figures(&figures, curves); err != nil {
		return err
	}
	for _, err := range []error{
		os.WriteFile(filepath.Join(b.docs, "performance.svg"), picture.Bytes(), 0o644), //nolint:gosec // as above
		writeSection(filepath.Join(b.docs, page), "", figures.String()),
	} {
		if err != nil {
			return err
		}
	}
	fmt.Fprintln(b.out, filepath.Join(b.docs, page))
	return nil
}

// curve is one line of the plot.
type curve struct {
	name string
	kept peer.Kept
}

// curves measures how many thousand operations there are in a second.
func (b *bench) curves() (chart.Chart, error) {
	env, err := b.env()
	if err != nil {
		return chart.Chart{}, err
	}
	users := peer.Sessions()
	all := []curve{
		{"typedstate, JSON", users.Keep(env.OursJSON())},
		{"typedstate, msgpack", users.Keep(env.OursMsgpack())},
		{"go-redis and encoding/json", users.Keep(peer.GoRedisJSON[model.Session](env, peer.SessionKind))},
		{"AutoPipeline and encoding/json", users.Keep(peer.GoRedisPipedJSON[model.Session](env, peer.SessionKind))},
		{"rueidis and encoding/json", users.Keep(peer.RueidisJSON[model.Session](env, peer.SessionKind))},
		{"rueidis and msgp", users.Keep(env.RueidisMsgp())},
	}
	c := chart.Chart{
		Title: "Sessions of 1 KB read and written on one Redis", X: []int{1, 4, 16, 64, 256},
		XLabel: "concurrent callers", YLabel: "thousand operations per second",
	}
	for _, side := range []struct {
		name string
		of   func(peer.Kept, int) suite.Side
	}{{"get", peer.Kept.Getting}, {"set", peer.Kept.Setting}} {
		p := chart.Panel{Title: side.name}
		for _, line := range all {
			p.Series = append(p.Series, chart.Series{Name: line.name})
		}
		for _, n := range c.X {
			g := suite.Group{Name: side.name, Plan: suite.Plan{Rounds: 20, Block: 50 * time.Millisecond}}
			for _, line := range all {
				g.Sides = append(g.Sides, side.of(line.kept, n))
			}
			if err := g.Check(b.ctx); err != nil {
				return c, err
			}
			r, err := g.Run(b.ctx)
			if err != nil {
				return c, err
			}
			for i, row := range r.Rows() {
				p.Series[i].Values = append(p.Series[i].Values, 1e6/row.NsPerOp)
			}
		}
		c.Panels = append(c.Panels, p)
	}
	return c, nil
}

// figures writes what is in the picture as tables, and what it was measured on.
func (b *bench) figures(w *bytes.Buffer, c chart.Chart) error {
	w.WriteString("# Performance\n\n![" + c.Title + "](performance.svg)\n\n" +
		"Made by `bench/run plot`: medians of alternating blocks, in " + c.YLabel + ". [bench/README.md](../bench/README.md) " +
		"says how they are measured and how to compare more; compare columns, since another machine has other figures.\n\n```text\n")
	if err := b.writeFacts(w); err != nil {
		return err
	}
	w.WriteString("```\n")
	for _, p := range c.Panels {
		t := table.Table{Head: []string{p.Title + ", callers"}}
		for _, n := range c.X {
			t.Add(strconv.Itoa(n))
		}
		for _, s := range p.Series {
			t.Head = append(t.Head, s.Name)
			for i, v := range s.Values {
				t.Rows[i] = append(t.Rows[i], table.Significant(v, 3))
			}
		}
		w.WriteString("\n")
		if err := t.Write(w); err != nil {
			return err
		}
	}
	return nil
}
