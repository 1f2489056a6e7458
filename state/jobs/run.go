package jobs

import (
	"context"
	"fmt"
	"io"
)

// Run is an attempt at a job that is under way. It is safe for concurrent use.
//
// A heartbeat renews its lease, each third of it, until the run is finished or the context that
// it was started with has ended; of [Tracker.Do], until that returns. What it writes is guarded
// by a token that no other attempt has: once another has replaced it, all of it fails with
// [ErrStale], and with [ErrGone] if the job is not there any more. Its other errors are those of
// a [Tracker].
type Run[P, R any] struct{ run *run }

// Start begins an attempt at a job and returns it. Whoever starts one finishes it, by one of
// the methods [Run.Succeed], [Run.Fail], [Run.Cancelled] and [Run.Release]; [Tracker.Do] does both.
//
// It fails with state.ErrNotFound, or with a [*RefusedError] that matches [ErrBusy],
// [ErrNotYet] or [ErrFinished]. If it fails with another error, an attempt that may have
// begun all the same is given back in the background.
//
// If the lease of an attempt before has ended, that counts as lost: the new one takes its
// place or, if no attempt is left, or somebody has asked to cancel the job, that ends, which is
// ErrFinished too.
func (t *Tracker[K, P, R]) Start(ctx context.Context, key K) (*Run[P, R], error) {
	r, err := t.tracker.start(ctx, t.keys.Name(key))
	if err != nil {
		return nil, err
	}
	return &Run[P, R]{r}, nil
}

// Context returns a context that ends with that of [Tracker.Start], and when the run must stop:
// its cause is [ErrCancelRequested] or [ErrLeaseLost] then. The latter comes at nine tenths of
// a lease that could not be renewed, by the monotonic clock of this process, so that there is
// time to stop before another attempt may begin. It also ends once the run is finished.
func (r *Run[P, R]) Context() context.Context { return r.run.context() }

// Attempt returns the number of the attempt, from 1.
func (r *Run[P, R]) Attempt() int { return r.run.attempt() }

// Epoch returns a number that is larger than that of every attempt at this job before: the
// time of the server in microseconds, or one more than the last. What else the attempt writes
// to can refuse those with a smaller one than it has seen, and so an attempt that does not
// know yet that it was replaced. It is less than 2^53.
func (r *Run[P, R]) Epoch() int64 { return r.run.epoch() }

// Resume returns the progress that an earlier attempt has reported last, and whether there
// is any; or a *state.DecodeError if it is no P.
func (r *Run[P, R]) Resume() (p P, ok bool, err error) {
	ok, err = r.run.resume(&p)
	return p, ok, err
}

// Report notes the progress, which is sent now or, if another was sent less than
// Options.ReportEvery ago, then; and with the finish at the latest. It does not wait. It
// fails with a *state.EncodeError or state.ErrTooLarge if p cannot be stored, and with
// [ErrLeaseLost] or [ErrFinished] once the context has ended for that. What has gone wrong on the way is tried again
// with the next heartbeat.
func (r *Run[P, R]) Report(p P) error { return r.run.report(&p) }

// Succeed ends the job with a result. It fails with a *state.EncodeError or state.ErrTooLarge if
// that cannot be stored, and then the run goes on. It may be repeated after an error, and
// returns nil if it was done before.
func (r *Run[P, R]) Succeed(ctx context.Context, result R) error { return r.run.succeed(ctx, &result) }

// Fail ends the attempt, and the job too if no attempt is left, or if err is [Permanent]. If
// another may start, when is as [RetryIn] or the family's options say; but if somebody has asked
// to cancel the job, it is cancelled. The text of err is stored; a [*Failure] in it is stored as
// it is. Fail(ctx, nil) is a failure without a text.
func (r *Run[P, R]) Fail(ctx context.Context, err error) error { return r.run.fail(ctx, err) }

// Cancelled ends the job as cancelled.
func (r *Run[P, R]) Cancelled(ctx context.Context) error { return r.run.cancelled(ctx) }

// Release gives the job back: it is pending again, another attempt may start at once, and this
// one does not count among those that have failed. It is for a worker that shuts down. If
// somebody has asked to cancel the job, it is cancelled.
func (r *Run[P, R]) Release(ctx context.Context) error { return r.run.release(ctx) }

// Format prints nothing of the run, as the key of its job can name a person.
func (Run[P, R]) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "jobs.Run") }
