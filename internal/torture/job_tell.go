package main

import (
	"context"
	"errors"
	"math"
	"slices"

	"github.com/typedstate/typedstate/state/jobs"
)

// judge holds all that was noted against what may be, and tells what came of it.
func (t *tracking) judge() {
	sound, lossy := jobVerdict{}, jobVerdict{}
	var doubtfulJobs int64
	for _, name := range t.book.allNames() {
		notes := t.book.of(name)
		touched := t.doubts.touched(notes)
		v := judgeJob(notes, func(why string) {
			if !touched {
				t.odd.add("a job", errors.New(why))
			}
		})
		if !touched {
			sound.add(v)
			continue
		}
		lossy.add(v)
		doubtfulJobs++
	}
	sound.add(judgeJob(t.book.of(""), func(why string) { t.odd.add("jobs", errors.New(why)) }))
	t.judgeAwaits()
	indexErrors, orphans := t.stored()
	total := jobTotals{
		jobs: int64(len(t.book.allNames())), executions: sound.attempts + lossy.attempts, unknown: t.sum.Unknown,
		illegal: sound.illegal, stale: sound.stale, double: sound.double, hung: t.hung, index: indexErrors,
		orphans: orphans + t.immortal.immortal.Load(), unfinished: t.unfinished, replays: t.sum.Replays, again: sound.replays,
		wrong: sound.wrong, p99: quantile(append(slices.Clone(t.awaits), t.deafAwaits...), 0.99), faults: t.dice.n.Load(),
	}
	t.out.ops(t.sum.Calls)
	t.out.tracked(total)
	set := func(name string, value any) { t.out.set(name+"_"+t.name, value) }
	total.each(set)
	set("await_heard_p99_ms", milliseconds(quantile(t.awaits, 0.99)))
	set("await_deaf_p99_ms", milliseconds(quantile(t.deafAwaits, 0.99)))
	set("awaits", int64(len(t.awaits)))
	set("awaits_deaf", int64(len(t.deafAwaits)))
	set("await_errors", t.awaitErrors)
	set("job_calls", t.sum.Calls)
	set("job_attempts_lost", sound.lost+lossy.lost)
	set("job_stale_refused", t.sum.Stale)
	set("job_workers_stopped", t.stopped.Load())
	set("job_workers_killed", t.killed.Load())
	set("job_kills", t.kills.Load())
	set("job_flushes", t.flushes.Load())
	set("job_stalls", t.stalls.Load())
	if t.name != "single" {
		set("job_handovers", t.handovers.Load())
		set("job_acts_failed", t.actsFailed.Load())
	}
	if t.name == "cluster" {
		set("job_moves", t.moves.Load())
	}
	if t.order.On == "sentinel" {
		set("jobs_doubtful", doubtfulJobs)
		set("jobs_lost", t.lost)
		set("job_finishes_lost", lossy.finishes)
		set("job_changes_lost", lossy.sum())
	}
	for text, n := range t.sum.Complaints {
		t.tb.Logf("%d times: %s", n, text)
	}
	t.odd.tell(t.bench)
}

// touched reports whether something of a job may be lost: it was under way in one of the
// spans, or something was done to it.
func (s spans) touched(notes []jobNote) bool {
	from, to := int64(math.MaxInt64), int64(0)
	for _, n := range notes {
		if n.What == noteCreate && n.Fate != idle {
			from = min(from, n.Since)
		}
		if n.Seen != nil {
			to = max(to, n.Seen.Updated, n.Seen.Lease)
		}
		if n.What != noteAwait && n.What != noteSight && n.Fate != idle {
			to = max(to, n.Until)
		}
	}
	return from <= to && s.meet(from, to)
}

// judgeAwaits looks at how late those were who awaited the end of a job.
func (t *tracking) judgeAwaits() {
	for _, name := range t.book.allNames() {
		for _, n := range t.book.of(name) {
			if n.What == noteAwait {
				t.judgeAwait(n)
			}
		}
	}
}

func (t *tracking) judgeAwait(n jobNote) {
	limit, slack := awaitLimit.Microseconds(), awaitSlack.Microseconds()
	switch {
	case n.Text == noAnswer:
		t.awaitErrors++
	case n.Limit > 0 && n.Until > n.Limit+slack:
		t.hung++
		t.odd.add("an await", errors.New("it went on after its context had ended"))
	case n.Fate != done || n.Seen == nil:
		// Nothing has ended that somebody could be late for, or it will be found below.
		if n.Limit == 0 && n.Text == "" {
			t.hung++
			t.odd.add("an await", errors.New("it has not returned though its job has ended"))
		}
	default:
		late := n.Until - max(n.Since, n.Seen.Finished)
		// What breaks in between can hold up any answer.
		late -= t.acts.within(max(n.Since, n.Seen.Finished), n.Until)
		if late > limit+slack {
			t.hung++
			t.odd.add("an await", errors.New("it was too late"))
		}
		switch {
		case n.Since >= n.Seen.Finished || late < 0:
		case n.Deaf:
			t.deafAwaits = append(t.deafAwaits, late)
		default:
			t.awaits = append(t.awaits, late)
		}
	}
}

// within returns how much of what lies between two times is in one of the spans or shortly
// after.
func (s spans) within(from, to int64) (sum int64) {
	for _, one := range s {
		sum += max(0, min(to, one.to+aftermath.Microseconds())-max(from, one.from))
	}
	return sum
}

// stored compares what is stored with what it should be.
func (t *tracking) stored() (wrong, orphans int64) {
	ctx, cancel := patient()
	defer cancel()
	s, err := scanJobs(ctx, t.direct)
	t.must("read what is stored", err)
	for _, o := range s.check() {
		orphans++
		t.odd.add("an orphan", errors.New(o))
	}
	for _, e := range s.errors {
		t.odd.add("an index", errors.New(e))
	}
	wrong = int64(len(s.errors))
	counts, err := t.side.hearing.Count(ctx)
	t.must("count jobs", err)
	for of, n := range map[jobs.State]int64{
		jobs.Pending: counts.Pending, jobs.Running: counts.Running, jobs.Succeeded: counts.Succeeded, jobs.Failed: counts.Failed,
		jobs.Cancelled: counts.Cancelled,
	} {
		// Those that were cancelled expire by and by.
		if there := s.counts[int64(of)]; n != there && (of != jobs.Cancelled || n > there) {
			wrong++
			t.odd.add("a count", errors.New("there are other "+of.String()+" jobs than are counted"))
		}
		wrong += t.listed(ctx, of, s.counts[int64(of)])
	}
	return wrong, orphans
}

// listed returns 1 if a list has not as many jobs as there are.
func (t *tracking) listed(ctx context.Context, of jobs.State, there int64) int64 {
	seen := map[string]bool{}
	for l, err := range t.side.hearing.List(ctx, of) {
		t.must("list jobs", err)
		seen[l.Key] = true
	}
	if n := int64(len(seen)); n != there && (of != jobs.Cancelled || n > there) {
		t.odd.add("a list", errors.New("there are other "+of.String()+" jobs than are listed"))
		return 1
	}
	return 0
}

// quantile returns the value below which that share of all is, or 0 of none.
func quantile(of []int64, share float64) int64 {
	if len(of) == 0 {
		return 0
	}
	slices.Sort(of)
	return of[int(share*float64(len(of)-1))]
}

func milliseconds(us int64) float64 { return float64(us) / 1000 }
