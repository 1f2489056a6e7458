package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/typedstate/typedstate/state/jobs"
)

// jobVerdict counts what must not be.
type jobVerdict struct {
	illegal, stale, double, wrong, replays int64
	// finishes are results that were acknowledged and are not there.
	finishes int64
	// attempts are those that anybody knows of, and lost those of them whose lease has ended.
	attempts, lost int64
}

func (v *jobVerdict) add(o jobVerdict) {
	v.illegal += o.illegal
	v.stale += o.stale
	v.double += o.double
	v.wrong += o.wrong
	v.replays += o.replays
	v.finishes += o.finishes
	v.attempts += o.attempts
	v.lost += o.lost
}

func (v *jobVerdict) sum() int64 { return v.illegal + v.stale + v.double + v.wrong + v.replays }

// judge holds what was noted of one job against what may be. It knows nothing of how the
// library works.
type judge struct {
	notes     []jobNote
	sightings []*sighting // in the order of their revisions
	attempts  []*trace    // in the order of their epochs
	verdict   jobVerdict
	blame     func(string)
}

// trace is what is known of an attempt from all that was shown of it.
type trace struct {
	pastAttempt
	created int64 // that of the record
	lease   int64 // until when the server has said that it holds the job
}

// judgeJob returns what is wrong with a job.
func judgeJob(notes []jobNote, blame func(string)) jobVerdict {
	j := &judge{notes: notes, blame: blame}
	for i := range notes {
		if s := notes[i].Seen; s != nil {
			j.sightings = append(j.sightings, s)
		}
	}
	slices.SortStableFunc(j.sightings, func(a, b *sighting) int {
		return cmp.Or(cmp.Compare(a.Created, b.Created), cmp.Compare(a.Revision, b.Revision))
	})
	j.order()
	for i := 1; i < len(j.sightings); i++ {
		j.step(j.sightings[i-1], j.sightings[i])
	}
	for _, s := range j.sightings {
		j.face(s)
	}
	j.trace()
	j.succession()
	j.starts()
	j.ends()
	j.answers()
	return j.verdict
}

func (j *judge) wrongly(n *int64, format string, args ...any) {
	*n++
	j.blame(fmt.Sprintf(format, args...))
}

// order checks that no moment shows less than one before.
func (j *judge) order() {
	byTime := slices.Clone(j.sightings)
	slices.SortStableFunc(byTime, func(a, b *sighting) int { return cmp.Compare(a.At, b.At) })
	for i := 1; i < len(byTime); i++ {
		a, b := byTime[i-1], byTime[i]
		if a.At < b.At && (a.Created > b.Created || a.Created == b.Created && a.Revision > b.Revision) {
			j.wrongly(&j.verdict.illegal, "revision %d was there, and later %d", a.Revision, b.Revision)
		}
	}
}

// steps are the changes of state that one change can make. A record that was deleted is
// another.
var steps = map[jobs.State][]jobs.State{
	jobs.Pending:   {jobs.Pending, jobs.Running, jobs.Cancelled},
	jobs.Running:   {jobs.Running, jobs.Pending, jobs.Succeeded, jobs.Failed, jobs.Cancelled},
	jobs.Failed:    {jobs.Pending},
	jobs.Cancelled: {jobs.Pending},
}

// reachable reports whether n changes or fewer can lead from one state to another.
func reachable(from, to jobs.State, n int64) bool {
	reached := []jobs.State{from}
	for range min(n, 5) {
		for _, s := range reached {
			reached = append(reached, steps[s]...)
		}
		slices.Sort(reached)
		reached = slices.Compact(reached)
	}
	return slices.Contains(reached, to)
}

// step checks what was shown after something else.
func (j *judge) step(a, b *sighting) {
	illegal := &j.verdict.illegal
	if a.Created != b.Created {
		expired := a.State == jobs.Cancelled && b.Created-a.Finished >= jobBrief.Microseconds()-graceTime
		if !j.between(a, b, noteDelete) && !expired {
			j.wrongly(illegal, "a job that was created again, and that nobody has deleted")
		}
		if b.Revision <= a.Revision && !expired {
			j.wrongly(illegal, "a job that was created again with revision %d after %d", b.Revision, a.Revision)
		}
		return
	}
	if a.Revision == b.Revision {
		if !a.same(b) {
			j.wrongly(illegal, "revision %d was shown twice and not the same: %+v and %+v", a.Revision, *a, *b)
		}
		return
	}
	switch {
	case !reachable(a.State, b.State, b.Revision-a.Revision):
		j.wrongly(illegal, "from %v to %v in %d revisions", a.State, b.State, b.Revision-a.Revision)
	case b.State == jobs.Running && a.State != jobs.Running && a.Attempt == b.Attempt:
		j.wrongly(illegal, "from %v to %v, and no attempt has begun", a.State, b.State)
	case a.State.Final() && !j.between(a, b, noteRestart):
		j.wrongly(illegal, "from %v to %v, and nobody has restarted it", a.State, b.State)
	case a.Attempt > b.Attempt || a.Epoch > b.Epoch || (a.Attempt == b.Attempt) != (a.Epoch == b.Epoch):
		j.wrongly(illegal, "from attempt %d, epoch %d to attempt %d, epoch %d", a.Attempt, a.Epoch, b.Attempt, b.Epoch)
	}
	if a.ReportedBy > b.ReportedBy || a.ReportedBy == b.ReportedBy && a.Progress.Step > b.Progress.Step {
		j.wrongly(&j.verdict.stale, "the progress %+v was there, and then %+v", a.Progress, b.Progress)
	}
}

// between reports whether somebody may have made such a call that explains the step.
func (j *judge) between(a, b *sighting, what string) bool {
	return slices.ContainsFunc(j.notes, func(n jobNote) bool {
		is := n.What == what || what == noteRestart && n.What == noteCreate && n.Anew
		return is && n.Fate != idle && n.Since <= b.At+graceTime && (n.Fate == doubtful || n.Until >= a.At-graceTime)
	})
}

// face checks a sighting by itself.
func (j *judge) face(s *sighting) {
	asked := slices.ContainsFunc(j.notes, func(n jobNote) bool {
		return n.What == noteCancel && n.Fate != idle && n.Since <= s.At+graceTime
	})
	if (s.State == jobs.Cancelled || s.CancelRequested) && !asked {
		j.wrongly(&j.verdict.illegal, "nobody has asked to cancel it, and it is %v", s.State)
	}
	if s.State == jobs.Succeeded && (s.Result.Epoch != s.Epoch || s.Result.Attempt != s.Attempt) {
		j.wrongly(&j.verdict.stale, "the result is that of attempt %d, and the last is %d", s.Result.Attempt, s.Attempt)
	}
	if s.ReportedBy > s.Attempt || s.Progress.Attempt != s.ReportedBy || s.ReportedBy == s.Attempt && s.ReportedBy > 0 && s.Progress.Epoch != s.Epoch {
		j.wrongly(&j.verdict.stale, "the progress of attempt %d is told to be that of %d, and the last is %d", s.Progress.Attempt, s.ReportedBy, s.Attempt)
	}
	ended := s.Attempt
	if s.State == jobs.Running {
		ended--
	}
	const remembered = 8
	if len(s.History) != min(ended, remembered) || ended > 0 && s.History[len(s.History)-1].Number != ended {
		j.wrongly(&j.verdict.illegal, "%d attempts have ended, and its history is %+v", ended, s.History)
	}
}
