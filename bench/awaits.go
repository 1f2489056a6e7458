package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/typedstate/typedstate/bench/internal/awaits"
	"github.com/typedstate/typedstate/bench/internal/machine"
	"github.com/typedstate/typedstate/bench/internal/table"
)

// settle is longer, by more than a window of it, than it takes until those who wait ask as rarely as they ever do.
const settle = 3*time.Second + awaits.Window

// sites are where jobs are awaited.
var sites = []struct {
	name  string
	start func() (*awaits.Site, error)
}{{"one server", awaits.Single}, {"Cluster of 3", awaits.Cluster}}

// awaits measures many that wait for the end of a job each, prints the figures, and puts them
// into the page of plot. It fails if any was later than it may be.
func (b *bench) awaits() error {
	t := table.Table{Head: []string{
		"", "late by p50", "p99", "most", "connections", "subscribed", "all wait: program", "Redis", "whole: program", "Redis",
	}}
	over, version := 0, ""
	for _, on := range sites {
		s, err := on.start()
		if err != nil {
			return err
		}
		n, err := b.awaitsOn(s, on.name, &t)
		if err == nil {
			version, err = s.ServerVersion(b.ctx)
		}
		if err := errors.Join(err, s.Close()); err != nil {
			return fmt.Errorf("%s: %w", on.name, err)
		}
		over += n
	}
	section := b.awaited(t, version)
	fmt.Fprint(b.out, section)
	if err := writeSection(filepath.Join(b.docs, page), awaitsTitle, section); err != nil {
		return err
	}
	if over > 0 {
		return errors.Join(errMissed, fmt.Errorf("%d were late by more than %v", over, awaits.Bound))
	}
	return nil
}

// awaitsOn adds the rows of a site, and returns how many were later than they may be.
func (b *bench) awaitsOn(s *awaits.Site, name string, t *table.Table) (over int, err error) {
	for _, h := range []awaits.Hearing{awaits.Nobody, awaits.Heard, awaits.Lost, awaits.Refused} {
		f, err := awaits.Run(b.ctx, s, h, awaits.Plan{Jobs: b.jobs, Settle: settle, Span: b.span})
		if err != nil {
			return over, fmt.Errorf("%v: %w", h, err)
		}
		over += f.Over
		busy := func(d, of time.Duration) string { return fmt.Sprintf("%.1f %%", 100*d.Seconds()/of.Seconds()) }
		t.Add(name+", "+h.String(), table.Duration(f.Late50), table.Duration(f.Late99), table.Duration(f.LateMost),
			strconv.Itoa(f.All), strconv.Itoa(f.Subscribed), busy(f.Idle.Process, awaits.Window), busy(f.Idle.Redis, awaits.Window),
			fmt.Sprintf("%.1f s", f.Process.Seconds()), fmt.Sprintf("%.1f s", f.Redis.Seconds()))
	}
	return over, nil
}

const awaitsTitle = "Many that await a job"

// awaited is the section of the page.
func (b *bench) awaited(t table.Table, version string) string {
	var w strings.Builder
	fmt.Fprintf(&w, "Made by `bench/run awaits`: %d goroutines of one program await the end of a job each. They all wait for %v, and "+
		"then the jobs, which the same program has started before, end at random moments of the next %v. How late is from the "+
		"moment at which a job has finished, as the server says, until `Await` has returned, by the clock of the same machine. The "+
		"connections are the most that those who wait had at a time, and those of them that were subscribed; a pool has at most "+
		"%d for each server. Then there is the time of processors, of one core during the last %v in which all wait, and on the "+
		"whole, where ending the jobs takes what it takes when nobody waits.\n\n```text\n",
		b.jobs, settle, b.span, 10*runtime.GOMAXPROCS(0), awaits.Window)
	for _, fact := range machine.Facts(b.ctx, version) {
		fmt.Fprintln(&w, fact)
	}
	w.WriteString("```\n\n")
	_ = t.Write(&w) // a strings.Builder takes all
	return w.String()
}
