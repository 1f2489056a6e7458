package main

import (
	"errors"
	"reflect"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/jobs"
)

// What a note tells of.
const (
	noteCreate  = "create"
	noteCancel  = "cancel"
	noteRestart = "restart"
	noteDelete  = "delete"
	noteStart   = "start"
	noteEnd     = "end"
	noteAlive   = "alive" // until when the context of a run had not ended
	noteSight   = "sight" // a status that somebody was shown
	noteAwait   = "await"
	noteReplay  = "replay" // a request of long ago that changed something
	noteWrong   = "wrong"  // an answer that contradicts itself
)

// What a note says of a job besides.
const (
	noJob     = "it is not there"
	noAnswer  = "it has failed"
	graceTime = 5000 // microseconds by which the clocks of processes may seem to differ
)

// jobNote is what a caller keeps of one thing that has happened to a job, for the judge. All
// times are in microseconds since 1970, those of the servers and of the callers alike, as all
// run on one machine.
type jobNote struct {
	Job  string
	What string
	Fate fate
	// Since and Until are the times of the call. A process that stands still does so in a call.
	Since, Until int64
	// Attempt and Epoch are those of a run.
	Attempt int
	Epoch   int64
	// Outcome is how a run was to end, and Again that it was to end before.
	Outcome jobs.Outcome
	Again   bool
	// Stale says that the run was told that it has ended.
	Stale bool
	// Created says that the job begins with the call, and Anew that the call may restart or
	// replace one.
	Created, Anew bool
	// Deaf is who awaits without hearing messages, and Limit is when its context ends.
	Deaf  bool
	Limit int64
	// Text says what was wrong, or why an await has failed.
	Text string
	Seen *sighting
}

// sighting is a status that somebody was shown.
type sighting struct {
	State             jobs.State
	Revision, Epoch   int64
	Attempt           int
	CancelRequested   bool
	Created, Started  int64
	Lease, Finished   int64
	At                int64 // ServerTime
	ReportedBy        int
	Progress          jobProgress
	Result            jobResult
	History           []pastAttempt
	Since, Until      int64 // those of its note
	AttemptsLeft      int
	Updated, Reported int64
}

// pastAttempt is one that has ended.
type pastAttempt struct {
	Number         int
	Epoch          int64
	Started, Ended int64
	Outcome        jobs.Outcome
}

// sighted returns what a status shows, or nil of none.
func sighted(s *jobStatus, since, until int64) *sighting {
	if !s.State.Valid() {
		return nil
	}
	g := &sighting{
		State: s.State, Revision: s.Revision, Epoch: s.Epoch, Attempt: s.Attempt, CancelRequested: s.CancelRequested,
		Created: micros(s.Created), Started: micros(s.Started), Lease: micros(s.LeaseUntil), Finished: micros(s.Finished),
		At: micros(s.ServerTime), ReportedBy: s.ReportedBy, Progress: s.Progress, Since: since, Until: until,
		AttemptsLeft: s.AttemptsLeft, Updated: micros(s.Updated), Reported: micros(s.Reported),
	}
	g.Result, _ = s.Result() // the judge looks at that of one that has succeeded
	for _, a := range s.History {
		g.History = append(g.History, pastAttempt{a.Number, a.Epoch, micros(a.Started), micros(a.Ended), a.Outcome})
	}
	return g
}

func micros(t interface {
	IsZero() bool
	UnixMicro() int64
}) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// same reports whether two sightings show one revision, of which only the lease
// may differ.
func (g *sighting) same(o *sighting) bool {
	a, b := *g, *o
	for _, f := range []*sighting{&a, &b} { // what is not the same in each
		f.Lease, f.At, f.Since, f.Until = 0, 0, 0, 0
	}
	return reflect.DeepEqual(a, b)
}

// fateOf returns what a caller knows of a call that failed so, or did not.
func fateOf(err error) fate {
	switch {
	case err == nil:
		return done
	case errors.Is(err, state.ErrUnknownOutcome):
		return doubtful
	default:
		return idle
	}
}
