package jobs

import (
	"errors"
	"fmt"
	"time"
)

// What went wrong, to be matched with [errors.Is].
var (
	// ErrBusy says that an attempt is under way whose lease has not ended.
	ErrBusy = errors.New("an attempt is under way")
	// ErrNotYet says that the next attempt may not start yet.
	ErrNotYet = errors.New("the next attempt may not start yet")
	// ErrFinished says that the job has come to its final state.
	ErrFinished = errors.New("the job has finished")
	// ErrNotFinished says that the job has not come to its final state.
	ErrNotFinished = errors.New("the job has not finished")
	// ErrCancelled says that the job was cancelled.
	ErrCancelled = errors.New("the job was cancelled")
	// ErrStale says that the attempt has ended: another may own the job by now, and what
	// this one has to say of it was not written.
	ErrStale = errors.New("the attempt has ended; another may own the job")
	// ErrGone says that the job was there and is not any more: it was deleted, or has
	// expired.
	ErrGone = errors.New("the job is gone")

	// ErrCancelRequested is the cause with which the context of a run ends when somebody has
	// asked for the job to be cancelled.
	ErrCancelRequested = errors.New("somebody has asked for the job to be cancelled")
	// ErrLeaseLost is the cause with which the context of a run ends when its lease could
	// not be renewed in time, or another attempt has replaced it.
	ErrLeaseLost = errors.New("the lease was lost; another attempt may own the job")
)

// RefusedError says that the state of a job does not allow what was asked for. Nothing
// was written. It matches one of the errors of this package with [errors.Is], or
// state.ErrExists.
type RefusedError struct {
	// State is the state that the job is in.
	State State
	// RetryAfter is how long it takes, of [ErrBusy] until the lease ends unless it is
	// renewed, and of [ErrNotYet] until an attempt may start. It is 0 for all others.
	RetryAfter time.Duration

	err error
}

// Error returns what the job's state does not allow.
func (e *RefusedError) Error() string {
	text := fmt.Sprintf("%v; it is %v", e.err, e.State)
	if e.RetryAfter > 0 {
		text += fmt.Sprintf(", for another %v", e.RetryAfter)
	}
	return text
}

// Unwrap returns the error that it matches.
func (e *RefusedError) Unwrap() error { return e.err }
