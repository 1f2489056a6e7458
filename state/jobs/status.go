package jobs

import (
	"time"

	"github.com/typedstate/typedstate/state"
)

// Status is what is known of a job, as of one moment. P is its progress, and R its result.
type Status[P, R any] struct {
	Info

	// Progress is what was reported last, or the zero P. It outlives the attempt that has
	// reported it until another reports.
	Progress P

	result R
}

// Info is what is known of a job besides its progress and its result.
//
// All times are those of the server, in microseconds, and zero for what has not happened.
type Info struct {
	State State
	// Revision is larger for each change than for all before, but for a heartbeat, which
	// changes LeaseUntil alone. It stays larger when a job is deleted and created again.
	Revision int64
	// Attempt is the number of the latest attempt, counted from 1 over the life of the
	// record, restarts included, and 0 before the first.
	Attempt int
	// AttemptsLeft is how many attempts may still fail before the job has, the one under
	// way included.
	AttemptsLeft int
	// Epoch is that of the latest attempt. See [Run.Epoch].
	Epoch int64
	// Worker is who runs the latest attempt, or has run it: its Options.Worker.
	Worker string

	// Reported is when the progress was reported, and ReportedBy the number of the attempt
	// that did.
	Reported   time.Time
	ReportedBy int

	// CancelRequested says that somebody has asked for the job to be cancelled, and
	// CancelReason why.
	CancelRequested bool
	CancelReason    string

	Created time.Time
	// NotBefore is when the next attempt may start, of a job that is pending.
	NotBefore time.Time
	// Started is when the latest attempt began.
	Started time.Time
	// Updated is when Revision changed last.
	Updated time.Time
	// LeaseUntil is when the lease of the attempt ends unless it is renewed, of a job that is
	// running.
	LeaseUntil time.Time
	// Finished is when the job has come to its final state.
	Finished time.Time
	// ServerTime is when all of this was so.
	ServerTime time.Time

	// History are the latest attempts that have ended, 8 at most, oldest first.
	History []Attempt

	failure *Failure
	hidden  bool // progress and result, as the store may not read
}

// Attempt is an attempt that has ended.
type Attempt struct {
	Number         int
	Epoch          int64
	Worker         string
	Started, Ended time.Time
	Outcome        Outcome
	// Failure is why, of one that has failed or was lost.
	Failure *Failure
}

// Outcome is how an attempt ended.
type Outcome string

// The outcomes of attempts.
const (
	// OutcomeSucceeded ended the job with a result.
	OutcomeSucceeded Outcome = "succeeded"
	// OutcomeFailed failed, whether or not another attempt followed.
	OutcomeFailed Outcome = "failed"
	// OutcomeCancelled ended since somebody had asked for that.
	OutcomeCancelled Outcome = "cancelled"
	// OutcomeReleased gave the job back, for another attempt in its place.
	OutcomeReleased Outcome = "released"
	// OutcomeLost was not heard of until its lease had ended.
	OutcomeLost Outcome = "lost"
)

// Result returns the result of a job that has succeeded. Otherwise it fails with
// [ErrNotFinished], a [*Failure], or [ErrCancelled], and with state.ErrGetDisabled where the store
// may not read.
func (s Status[P, R]) Result() (R, error) {
	var none R
	if err := s.outcome(); err != nil {
		return none, err
	}
	if s.hidden {
		return none, state.ErrGetDisabled
	}
	return s.result, nil
}

// outcome returns why there is no result, or nil.
func (i Info) outcome() error {
	switch i.State {
	case Succeeded:
		return nil
	case Failed:
		return i.failure
	case Cancelled:
		return ErrCancelled
	default:
		return ErrNotFinished
	}
}

// Failure returns why the job has failed, and nil if it has not.
func (i Info) Failure() *Failure { return i.failure }

// StartsIn returns how long it takes until the next attempt may start: 0 for a job that is not
// pending, or may start now.
func (i Info) StartsIn() time.Duration { return max(i.NotBefore.Sub(i.ServerTime), 0) }

// Stalled reports whether the lease of the attempt that is under way has ended: its
// worker has died, or cannot reach the server.
func (i Info) Stalled() bool {
	return i.State == Running && !i.ServerTime.Before(i.LeaseUntil)
}
