package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state/jobs"
)

// story is a job that failed once and then succeeded, as notes tell of it. Times are in
// milliseconds.
func story() []jobNote {
	first := pastAttempt{1, 110, 110, 200, jobs.OutcomeFailed}
	second := pastAttempt{2, 300, 300, 400, jobs.OutcomeSucceeded}
	show := func(at int64, s sighting) jobNote {
		s.At, s.Created = at, 100
		if s.Revision == 0 {
			s.Revision = at
		}
		return jobNote{What: noteSight, Since: at - 1, Until: at + 1, Seen: &s}
	}
	notes := []jobNote{
		{What: noteCreate, Fate: done, Created: true, Since: 99, Until: 101},
		show(105, sighting{State: jobs.Pending}),
		{What: noteStart, Fate: done, Since: 109, Until: 111, Attempt: 1, Epoch: 110},
		show(120, sighting{State: jobs.Running, Attempt: 1, Epoch: 110, Started: 110, Lease: 900}),
		show(130, sighting{State: jobs.Running, Attempt: 1, Epoch: 110, Started: 110, Lease: 900, ReportedBy: 1, Progress: jobProgress{1, 110, 1}}),
		{What: noteAlive, Since: 140, Until: 140, Attempt: 1, Epoch: 110},
		{What: noteEnd, Fate: done, Since: 199, Until: 201, Attempt: 1, Epoch: 110, Outcome: jobs.OutcomeFailed},
		show(210, sighting{State: jobs.Pending, Attempt: 1, Epoch: 110, Started: 110, ReportedBy: 1, Progress: jobProgress{1, 110, 1}, History: []pastAttempt{first}}),
		{What: noteStart, Fate: done, Since: 299, Until: 301, Attempt: 2, Epoch: 300},
		show(310, sighting{State: jobs.Running, Attempt: 2, Epoch: 300, Started: 300, Lease: 900, ReportedBy: 1, Progress: jobProgress{1, 110, 1}, History: []pastAttempt{first}}),
		{What: noteEnd, Fate: done, Since: 399, Until: 401, Attempt: 2, Epoch: 300, Outcome: jobs.OutcomeSucceeded},
		show(410, sighting{
			State: jobs.Succeeded, Attempt: 2, Epoch: 300, Started: 300, Finished: 400, ReportedBy: 1, Progress: jobProgress{1, 110, 1},
			Result: jobResult{2, 300}, History: []pastAttempt{first, second},
		}),
		{What: noteAwait, Fate: done, Since: 105, Until: 402},
	}
	for i := range notes {
		n := &notes[i]
		n.Job = "j1"
		for _, us := range []*int64{&n.Since, &n.Until, &n.Epoch} {
			*us *= 1000
		}
		s := n.Seen
		if s == nil {
			continue
		}
		for _, us := range []*int64{&s.At, &s.Created, &s.Epoch, &s.Started, &s.Lease, &s.Finished, &s.Progress.Epoch, &s.Result.Epoch} {
			*us *= 1000
		}
		for k, h := range s.History {
			s.History[k] = pastAttempt{h.Number, h.Epoch * 1000, h.Started * 1000, h.Ended * 1000, h.Outcome}
		}
	}
	return notes
}

// Where things are in the story.
const (
	storyCreate = iota
	storyPending
	storyStart
	storyRunning
	storyProgress
	storyAlive
	storyEnd
	storyAgain
	storySecond
	storyRerunning
	storySuccess
	storyFinal
	storyAwait
)

func TestTheJudgeFindsWhatIsWrongWithAJob(t *testing.T) {
	t.Parallel()
	fair := judgeJob(story(), func(why string) { assert.Fail(t, "a story that is right", why) })
	require.Equal(t, jobVerdict{attempts: 2}, fair)
	deletion := jobNote{What: noteDelete, Fate: done, Since: 415_000, Until: 416_000}
	for name, c := range map[string]struct {
		change func(n []jobNote) []jobNote
		wrong  func(v jobVerdict) int64
	}{
		"a revision that goes back": {func(n []jobNote) []jobNote {
			n[storyAgain].Seen.Revision = 1
			return n
		}, illegal},
		"one revision of two statuses": {func(n []jobNote) []jobNote {
			n[storyProgress].Seen.Revision = n[storyRunning].Seen.Revision
			return n
		}, illegal},
		"a state that cannot be reached": {func(n []jobNote) []jobNote {
			n[storyPending].Seen.Revision = 119
			n[storyRunning].Seen.State = jobs.Succeeded
			return n
		}, illegal},
		"a running job without a new attempt": {func(n []jobNote) []jobNote {
			n[storyRerunning].Seen.Attempt, n[storyRerunning].Seen.Epoch, n[storyRerunning].Seen.Started = 1, 110_000, 110_000
			return n
		}, illegal},
		"a final state that nobody has left": {func(n []jobNote) []jobNote {
			n[storyAgain].Seen.State = jobs.Failed
			return n
		}, illegal},
		"an epoch that goes back": {func(n []jobNote) []jobNote {
			n[storyRerunning].Seen.Epoch = 100_000
			return n
		}, illegal},
		"a cancellation that nobody asked for": {func(n []jobNote) []jobNote {
			n[storyRunning].Seen.CancelRequested = true
			return n
		}, illegal},
		"a job of two creations": {func(n []jobNote) []jobNote {
			n[storyFinal].Seen.Created++
			return n
		}, illegal},
		"an attempt that the history lacks": {func(n []jobNote) []jobNote {
			n[storyFinal].Seen.History = n[storyFinal].Seen.History[1:]
			return n
		}, illegal},
		"an attempt with two ends": {func(n []jobNote) []jobNote {
			n[storyFinal].Seen.History[0].Outcome = jobs.OutcomeLost
			return n
		}, illegal},
		"the result of an old attempt": {func(n []jobNote) []jobNote {
			n[storyFinal].Seen.Result = jobResult{1, 110_000}
			return n
		}, stale},
		"the progress of an old attempt": {func(n []jobNote) []jobNote {
			n[storyFinal].Seen.ReportedBy = 2
			return n
		}, stale},
		"progress that goes back": {func(n []jobNote) []jobNote {
			n[storyAgain].Seen.Progress.Step = 0
			return n
		}, stale},
		"an end after the next attempt began": {func(n []jobNote) []jobNote {
			n[storyEnd].Since, n[storyEnd].Until = 320_000, 321_000
			return n
		}, stale},
		"an end that came to something else": {func(n []jobNote) []jobNote {
			n[storyEnd].Outcome = jobs.OutcomeReleased
			return n
		}, stale},
		"a success that is not there": {func(n []jobNote) []jobNote {
			n[storyEnd].Outcome = jobs.OutcomeSucceeded
			n[storyFinal].Seen = n[storyAgain].Seen
			n[storyFinal].Seen.At, n[storyFinal].Seen.Revision = 410_000, 410
			return append(n[:storyRerunning], n[storyFinal])
		}, stale},
		"an attempt that began before the one before ended": {func(n []jobNote) []jobNote {
			for _, at := range []int{storyAgain, storyRerunning, storyFinal} {
				n[at].Seen.History[0].Ended = 301_000
			}
			return n
		}, double},
		"an attempt that was lost before its lease": {func(n []jobNote) []jobNote {
			for _, at := range []int{storyAgain, storyRerunning, storyFinal} {
				n[at].Seen.History[0].Outcome = jobs.OutcomeLost
			}
			n[storyEnd].Fate = doubtful
			return n
		}, double},
		"an attempt of two workers": {func(n []jobNote) []jobNote {
			return append(n, n[storyStart])
		}, double},
		"a smaller epoch of a later start": {func(n []jobNote) []jobNote {
			n[storySecond].Epoch = 100_000
			return n
		}, double},
		"a context that goes on": {func(n []jobNote) []jobNote {
			n[storyAlive].Since = 460_000
			return n
		}, double},
		"an end that its worker was not told of": {func(n []jobNote) []jobNote {
			n[storyEnd].Fate, n[storyEnd].Stale = idle, true
			return n
		}, wrong},
		"a creation too many": {func(n []jobNote) []jobNote {
			return append(n, n[storyCreate])
		}, wrong},
		"no creation": {func(n []jobNote) []jobNote {
			n[storyCreate].Created = false
			return n
		}, wrong},
		"an await of nothing": {func(n []jobNote) []jobNote {
			n[storyAwait].Text = noJob
			return n
		}, wrong},
		"a wrong answer": {func(n []jobNote) []jobNote {
			return append(n, jobNote{What: noteWrong, Text: "x"})
		}, wrong},
		"a repeated request": {func(n []jobNote) []jobNote {
			return append(n, jobNote{What: noteReplay, Text: "x"})
		}, func(v jobVerdict) int64 { return v.replays }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told := 0
			v := judgeJob(c.change(story()), func(string) { told++ })
			assert.Positive(t, c.wrong(v))
			assert.Equal(t, v.sum(), int64(told))
		})
	}
	for name, change := range map[string]func(n []jobNote) []jobNote{
		"a restart": func(n []jobNote) []jobNote {
			n[storyAgain].Seen.State = jobs.Failed
			return append(n, jobNote{What: noteRestart, Fate: doubtful, Since: 250_000, Until: 251_000})
		},
		"a creation that restarts": func(n []jobNote) []jobNote {
			n[storyAgain].Seen.State = jobs.Failed
			return append(n, jobNote{What: noteCreate, Anew: true, Created: true, Fate: done, Since: 250_000, Until: 251_000})
		},
		"a cancellation": func(n []jobNote) []jobNote {
			n[storyRunning].Seen.CancelRequested = true
			return append(n, jobNote{What: noteCancel, Fate: done, Since: 115_000, Until: 116_000})
		},
		"a deletion": func(n []jobNote) []jobNote {
			s := n[storyPending].Seen
			again := *s
			again.Created, again.At, again.Revision = 420_000, 430_000, 430
			n[storyAwait].Text = noJob
			return append(n, deletion, jobNote{What: noteSight, Seen: &again})
		},
		"an end that is repeated late": func(n []jobNote) []jobNote {
			again := n[storyEnd]
			again.Again, again.Since, again.Until = true, 350_000, 351_000
			return append(n, again)
		},
		"a context that ends in time": func(n []jobNote) []jobNote {
			n[storyAlive].Since = 440_000
			return n
		},
	} {
		judgeJob(change(story()), func(why string) { assert.Fail(t, name, why) })
	}
}

func illegal(v jobVerdict) int64 { return v.illegal }
func stale(v jobVerdict) int64   { return v.stale }
func double(v jobVerdict) int64  { return v.double }
func wrong(v jobVerdict) int64   { return v.wrong }
