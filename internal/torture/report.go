package main

import (
	"fmt"
	"io"
	"math"
)

// report prints figures and holds those with a bound against it.
type report struct {
	out    io.Writer
	broken []string

	// What the scenarios add up to. A figure that no scenario has is not printed.
	ops         int64
	counted     bool // duplicates were looked for
	duplicates  int64
	judged      bool // histories were checked
	linear      bool
	lostUpdates int64
	lowestShare float64
	watches     watchTotals
	measured    bool // what a stalled watcher keeps was measured
	buffered    int64
	limited     bool // clients took tokens of limiters
	limits      limitTotals
	tracked     bool // jobs were tracked
	jobs        jobTotals
	mortal      bool // keys without an end were looked for
	immortal    int64
}

// watchTotals is what the scenarios that watch come to.
type watchTotals struct {
	watchers, changes, kills int64
	stale, silent            int64
	lagMS                    int64
}

func newReport(out io.Writer) *report {
	return &report{out: out, linear: true, lowestShare: 1}
}

func (r *report) print(name string, value any) {
	if f, ok := value.(float64); ok {
		value = fmt.Sprintf("%.4g", f)
	}
	fmt.Fprintf(r.out, "%s=%v\n", name, value)
}

func (r *report) fail(format string, args ...any) {
	r.broken = append(r.broken, fmt.Sprintf(format, args...))
}

// figure prints a figure and holds it against its bound.
func (r *report) figure(scenario, name string, value any) {
	r.print(name, value)
	limits, bounded := boundOf(name)
	if !bounded {
		return
	}
	var v float64
	switch n := value.(type) {
	case int:
		v = float64(n)
	case int64:
		v = float64(n)
	case float64:
		v = n
	case bool:
		if n {
			v = 1
		}
	default:
		panic(fmt.Sprintf("torture: %s is a %T, which has no bound", name, value))
	}
	// A figure that is no number is no proof.
	if !(v >= limits.low && v <= limits.high) {
		r.fail("%s: %s is %v, and must be %s", scenario, name, value, limits)
	}
}

// totals prints the figures of all scenarios together.
func (r *report) totals() {
	r.figure("all", "ops", r.ops)
	if r.counted {
		r.figure("all", "duplicates", r.duplicates)
	}
	if r.judged {
		r.figure("all", "linearizable", r.linear)
		r.figure("all", "lost_updates", r.lostUpdates)
		r.figure("all", "known_share", r.lowestShare)
	}
	if w := r.watches; w.watchers > 0 {
		r.figure("all", "watchers", w.watchers)
		r.figure("all", "changes", w.changes)
		r.figure("all", "kills", w.kills)
		r.figure("all", "stale_at_end", w.stale)
		r.figure("all", "silent_misses", w.silent)
		r.figure("all", "max_lag_ms", w.lagMS)
	}
	if r.measured {
		r.figure("all", "max_buffered", r.buffered)
	}
	if r.mortal {
		r.figure("all", "immortal_keys", r.immortal)
	}
	if r.limited {
		r.limits.tell(r)
	}
	if r.tracked {
		r.jobs.each(func(name string, value any) { r.figure("all", name, value) })
	}
}

// section is the part of the report that one scenario writes. It is for one
// goroutine.
type section struct {
	report *report
	name   string
	lines  []line
}

type line struct {
	name  string
	value any
}

func (r *report) section(name string) *section { return &section{report: r, name: name} }

// set notes a figure.
func (s *section) set(name string, value any) { s.lines = append(s.lines, line{name, value}) }

// fail says what the scenario's bounds cannot.
func (s *section) fail(format string, args ...any) {
	s.report.fail(s.name+": "+format, args...)
}

// ops adds calls to the total.
func (s *section) ops(n int64) { s.report.ops += n }

// duplicates adds writes that were made twice to the total.
func (s *section) duplicates(n int64) {
	s.report.duplicates += n
	s.report.counted = true
}

// judged adds the verdict on a history to the total.
func (s *section) judged(linear bool, lost int64, known float64) {
	s.report.judged = true
	s.report.linear = s.report.linear && linear
	s.report.lostUpdates += lost
	s.report.lowestShare = min(s.report.lowestShare, known)
}

// watched adds what a scenario that watches came to.
func (s *section) watched(t watchTotals) {
	w := &s.report.watches
	w.watchers += t.watchers
	w.changes += t.changes
	w.kills += t.kills
	w.stale += t.stale
	w.silent += t.silent
	w.lagMS = max(w.lagMS, t.lagMS)
}

// buffered notes how many values a stalled watcher was found to keep.
func (s *section) buffered(values int64) {
	s.report.measured = true
	s.report.buffered = max(s.report.buffered, values)
}

// immortal adds keys without an end to the total.
func (s *section) immortal(keys int64) {
	s.report.mortal = true
	s.report.immortal += keys
}

// close prints the section, also that of a scenario that broke off.
func (s *section) close() {
	for _, l := range s.lines {
		s.report.figure(s.name, l.name, l.value)
	}
	s.lines = nil
}

// bound is what a figure must be.
type bound struct{ low, high float64 }

func (b bound) String() string {
	switch {
	case b.low == b.high:
		return fmt.Sprintf("%g", b.low)
	case math.IsInf(b.high, 1):
		return fmt.Sprintf("at least %g", b.low)
	case math.IsInf(b.low, -1):
		return fmt.Sprintf("at most %g", b.high)
	}
	return fmt.Sprintf("from %g to %g", b.low, b.high)
}

func exactly(v float64) bound { return bound{v, v} }
func atMost(v float64) bound  { return bound{math.Inf(-1), v} }
func atLeast(v float64) bound { return bound{v, math.Inf(1)} }

// dialTimeout is that of the clients, which a network that swallows everything
// can cost a call before it tries another server.
const dialTimeoutMS = 2000

// bounds are the invariants. The figures that are not here are only printed.
var bounds = map[string]bound{
	"ops":          atLeast(1),
	"duplicates":   exactly(0),
	"linearizable": exactly(1),
	"lost_updates": exactly(0),
	"known_share":  {0.95, 1},

	"visible_errors_single":  exactly(0),
	"visible_errors_cluster": exactly(0),

	"lost_replies":       atLeast(1),
	"lost_shared":        atLeast(1),
	"lost_kinds":         atLeast(float64(len(lostOps))),
	"unreported":         exactly(0),
	"exact_calls":        atLeast(1),
	"exact_count_errors": exactly(0),
	"wrong_answers":      exactly(0),

	"visible_errors":      exactly(0),
	"moves_lost":          exactly(0),
	"moves_torn":          exactly(0),
	"moves_ghosts":        exactly(0),
	"moves_wrong_replies": exactly(0),
	"moves_slots":         atLeast(1),

	"visible_errors_dead_master":             exactly(0),
	"recovery_after_promotion_ms":            atMost(1000),
	"visible_errors_blackholed":              exactly(0),
	"recovery_after_promotion_ms_blackholed": atMost(1000 + dialTimeoutMS),

	"expiries":      atLeast(1),
	"resurrections": exactly(0),

	"confirmed":           atLeast(1),
	"confirmed_lost":      exactly(0),
	"confirmed_while_cut": exactly(0),
	"pair_visible_errors": exactly(0),

	"cancels_cut":       atLeast(1),
	"wrong_replies":     exactly(0),
	"late_returns":      exactly(0),
	"goroutines_leaked": exactly(0),

	"changes_single":          atLeast(1),
	"changes_sentinel":        atLeast(1),
	"changes_cluster":         atLeast(1),
	"kills_single":            atLeast(1),
	"kills_sentinel":          atLeast(1),
	"kills_cluster":           atLeast(1),
	"stale_at_end_single":     exactly(0),
	"stale_at_end_sentinel":   exactly(0),
	"stale_at_end_cluster":    exactly(0),
	"silent_misses_single":    exactly(0),
	"silent_misses_sentinel":  exactly(0),
	"silent_misses_cluster":   exactly(0),
	"watches_failed_single":   exactly(0),
	"watches_failed_sentinel": exactly(0),
	"watches_failed_cluster":  exactly(0),
	"max_buffered":            atMost(64),

	"limit_handovers_sentinel": atLeast(1),
	"limit_handovers_cluster":  atLeast(1),
	"limit_moves_cluster":      atLeast(1),
}
