package main

import (
	"cmp"
	"slices"

	"github.com/typedstate/typedstate/state/jobs"
)

// trace gathers what is known of the attempts.
func (j *judge) trace() {
	known := map[int64]*trace{}
	of := func(s *sighting, p pastAttempt) *trace {
		t := known[p.Epoch]
		if t == nil {
			t = &trace{pastAttempt: p, created: s.Created}
			known[p.Epoch] = t
			j.attempts = append(j.attempts, t)
		}
		if t.Number != p.Number || t.Started != p.Started || t.created != s.Created {
			j.wrongly(&j.verdict.illegal, "epoch %d is that of %+v, and of %+v", p.Epoch, t.pastAttempt, p)
		}
		return t
	}
	for _, s := range j.sightings {
		for _, p := range s.History {
			t := of(s, p)
			if t.Outcome == "" {
				t.Outcome, t.Ended = p.Outcome, p.Ended
			}
			if t.Outcome != p.Outcome || t.Ended != p.Ended {
				j.wrongly(&j.verdict.illegal, "attempt %d ended as %+v, and as %+v", p.Number, t.pastAttempt, p)
			}
		}
		if s.State == jobs.Running {
			t := of(s, pastAttempt{Number: s.Attempt, Epoch: s.Epoch, Started: s.Started})
			t.lease = max(t.lease, s.Lease)
		}
	}
	slices.SortFunc(j.attempts, func(a, b *trace) int { return cmp.Compare(a.Epoch, b.Epoch) })
	j.verdict.attempts = int64(len(j.attempts))
}

// succession checks that each attempt began when the one before had ended.
func (j *judge) succession() {
	for i, t := range j.attempts {
		if t.Outcome == jobs.OutcomeLost {
			j.verdict.lost++
		}
		if t.Outcome != "" && t.Ended < t.Started {
			j.wrongly(&j.verdict.illegal, "attempt %d ended before it began", t.Number)
		}
		until := t.Ended
		if i+1 < len(j.attempts) {
			next := j.attempts[i+1]
			if next.created == t.created && next.Number <= t.Number || next.created < t.created {
				j.wrongly(&j.verdict.illegal, "attempt %d has a larger epoch than %d", t.Number, next.Number)
			}
			if t.Outcome != "" && next.Started < t.Ended {
				j.wrongly(&j.verdict.double, "attempt %d began %d us before %d had ended", next.Number, t.Ended-next.Started, t.Number)
			}
			until = max(until, next.Started)
		}
		if t.Outcome == jobs.OutcomeLost && until < t.lease {
			j.wrongly(&j.verdict.double, "attempt %d was replaced %d us before its lease had ended", t.Number, t.lease-until)
		}
	}
}

// newer returns when the first attempt began that is newer than an epoch.
func (j *judge) newer(epoch int64) (began int64, is bool) {
	for _, t := range j.attempts {
		if t.Epoch > epoch {
			return t.Started, true
		}
	}
	return 0, false
}

func (j *judge) of(epoch int64) *trace {
	for _, t := range j.attempts {
		if t.Epoch == epoch {
			return t
		}
	}
	return nil
}

// lateContext is how much later than it should a context may end, in microseconds.
const lateContext = 150_000

// starts checks what workers were told when they began, and how long they believed it.
func (j *judge) starts() {
	var begun []jobNote
	for _, n := range j.notes {
		began, is := j.newer(n.Epoch)
		switch {
		case n.What == noteStart && n.Fate == done:
			begun = append(begun, n)
		case n.What == noteAlive && is && began+lateContext < n.Since:
			j.wrongly(&j.verdict.double, "the context of attempt %d went on %d us after the next began", n.Attempt, n.Since-began)
		}
	}
	for i, a := range begun {
		for k, b := range begun {
			if k > i && a.Epoch == b.Epoch {
				j.wrongly(&j.verdict.double, "attempt %d was given to two workers", a.Attempt)
			}
			if a.Until < b.Since && a.Epoch > b.Epoch {
				j.wrongly(&j.verdict.double, "the epoch went back from %d to %d", a.Epoch, b.Epoch)
			}
		}
		if t := j.of(a.Epoch); t != nil && t.Number != a.Attempt {
			j.wrongly(&j.verdict.illegal, "attempt %d is shown as %d", a.Attempt, t.Number)
		}
	}
}

// ends checks what workers were told when they ended their attempts.
func (j *judge) ends() {
	deleted := slices.ContainsFunc(j.notes, func(n jobNote) bool { return n.What == noteDelete && n.Fate != idle })
	maybe := map[int64]bool{} // somebody may have ended it
	told := map[int64]bool{}
	for _, n := range j.notes {
		if n.What != noteEnd {
			continue
		}
		maybe[n.Epoch] = maybe[n.Epoch] || n.Fate != idle
		told[n.Epoch] = told[n.Epoch] || n.Stale
		if n.Fate != done {
			continue
		}
		began, is := j.newer(n.Epoch)
		if is && !n.Again && n.Since > began+graceTime {
			j.wrongly(&j.verdict.stale, "attempt %d ended as %s %d us after the next began", n.Attempt, n.Outcome, n.Since-began)
		}
		t := j.of(n.Epoch)
		if t != nil && t.Outcome != "" && !covers(n.Outcome, t.Outcome) {
			j.wrongly(&j.verdict.stale, "attempt %d ended as %s, and its worker was told as %s", n.Attempt, t.Outcome, n.Outcome)
		}
		if last := j.last(); n.Outcome == jobs.OutcomeSucceeded && !deleted && last != nil && last.At > n.Until &&
			(last.State != jobs.Succeeded || last.Epoch != n.Epoch) {
			j.verdict.finishes++
			j.wrongly(&j.verdict.stale, "attempt %d has succeeded, and the job is %v by attempt %d", n.Attempt, last.State, last.Attempt)
		}
	}
	for _, t := range j.attempts {
		// Of a job that was deleted nobody knows how it has ended.
		if told[t.Epoch] && !maybe[t.Epoch] && !deleted && t.Outcome != "" && t.Outcome != jobs.OutcomeLost {
			j.wrongly(&j.verdict.wrong, "attempt %d has ended as %s, and its worker was told that it had not", t.Number, t.Outcome)
		}
	}
}

// covers reports whether what a worker has asked for can come to that.
func covers(asked, came jobs.Outcome) bool {
	return asked == came || came == jobs.OutcomeCancelled && (asked == jobs.OutcomeFailed || asked == jobs.OutcomeReleased)
}

func (j *judge) last() (last *sighting) {
	for _, s := range j.sightings {
		if last == nil || s.At > last.At {
			last = s
		}
	}
	return last
}

// answers checks the answers that callers were given.
func (j *judge) answers() {
	var creations, created, anew, doubts, deletions, cancels int
	for _, n := range j.notes {
		switch {
		case n.What == noteWrong:
			j.wrongly(&j.verdict.wrong, "%s", n.Text)
		case n.What == noteReplay:
			j.wrongly(&j.verdict.replays, "%s", n.Text)
		case n.What == noteDelete && n.Fate != idle:
			deletions++
		case n.What == noteCancel && n.Fate != idle:
			cancels++
		case n.What == noteRestart && n.Fate != idle || n.What == noteCreate && n.Anew:
			anew++
		case n.What == noteCreate:
			creations++
			if n.Fate == doubtful {
				doubts++
			}
		}
		if n.What == noteCreate && n.Created {
			created++
		}
	}
	if deletions == 0 && anew == 0 && cancels == 0 && created > 1 {
		j.wrongly(&j.verdict.wrong, "%d callers were told that they have created it", created)
	}
	if deletions == 0 && anew == 0 && created+doubts == 0 && creations > 0 {
		j.wrongly(&j.verdict.wrong, "nobody has created it, and it is there")
	}
	for _, n := range j.notes {
		if n.What == noteAwait && n.Text == noJob && deletions+cancels == 0 {
			j.wrongly(&j.verdict.wrong, "somebody was told that it is gone")
		}
	}
}
