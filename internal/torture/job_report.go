package main

import "strings"

// jobTotals are the figures of a deployment that are told of all together, too.
type jobTotals struct {
	jobs, executions, unknown, replays, faults               int64
	illegal, stale, double, hung, index, orphans, unfinished int64
	again, wrong                                             int64
	p99                                                      int64 // in microseconds
}

// each shows them one by one.
func (t jobTotals) each(set func(name string, value any)) {
	set("jobs", t.jobs)
	set("illegal_transitions", t.illegal)
	set("stale_writes_accepted", t.stale)
	set("double_owners", t.double)
	set("awaits_hung", t.hung)
	set("await_p99_ms", milliseconds(t.p99))
	set("index_errors", t.index)
	set("orphan_keys", t.orphans)
	set("unfinished_jobs", t.unfinished)
	set("replays_accepted", t.again)
	set("job_wrong_answers", t.wrong)
	set("job_executions", t.executions)
	set("job_unknown", t.unknown)
	set("job_replays", t.replays)
	set("job_faults", t.faults)
}

// tracked adds what a scenario of trackers came to: the sums, and the latest await.
func (s *section) tracked(t jobTotals) {
	s.report.tracked = true
	j := &s.report.jobs
	for _, n := range []struct {
		to   *int64
		more int64
	}{
		{&j.jobs, t.jobs}, {&j.illegal, t.illegal}, {&j.stale, t.stale}, {&j.double, t.double}, {&j.hung, t.hung},
		{&j.index, t.index}, {&j.orphans, t.orphans}, {&j.unfinished, t.unfinished}, {&j.again, t.again}, {&j.wrong, t.wrong},
		{&j.executions, t.executions}, {&j.unknown, t.unknown}, {&j.replays, t.replays}, {&j.faults, t.faults},
	} {
		*n.to += n.more
	}
	j.p99 = max(j.p99, t.p99)
}

// jobEndings are those of the figures of each scenario.
var jobEndings = []string{"single", "sentinel", "cluster", "crash"}

// jobBound returns the bound of a figure of jobs.
func jobBound(name string) (b bound, bounded bool) {
	for _, on := range jobEndings {
		name = strings.TrimSuffix(name, "_"+on)
	}
	b, bounded = jobBounds[name]
	return b, bounded
}

// jobBounds are those of jobs, on each deployment and on all together.
var jobBounds = map[string]bound{
	"jobs":                  atLeast(5),
	"illegal_transitions":   exactly(0),
	"stale_writes_accepted": exactly(0),
	"double_owners":         exactly(0),
	"awaits_hung":           exactly(0),
	"await_p99_ms":          atMost(2000),
	"index_errors":          exactly(0),
	"orphan_keys":           exactly(0),
	"unfinished_jobs":       exactly(0),
	"replays_accepted":      exactly(0),
	"job_wrong_answers":     exactly(0),
	"job_executions":        atLeast(5),
	"job_replays":           atLeast(1),
	"job_faults":            atLeast(1),
	"awaits":                atLeast(1),
	"awaits_deaf":           atLeast(1),
	"job_attempts_lost":     atLeast(1),
	"job_stale_refused":     atLeast(1),
	"job_workers_stopped":   atLeast(1),
	"job_workers_killed":    atLeast(1),
	"job_kills":             atLeast(1),
	"job_flushes":           atLeast(1),
	"job_stalls":            atLeast(1),
	"job_handovers":         atLeast(1),
	"job_moves":             atLeast(1),
}
