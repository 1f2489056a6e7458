package jobs

import (
	"context"
	"errors"
	"fmt"
)

// Do starts an attempt at a job, calls f with a context that is [Run.Context], and notes what
// came of it: the result; a failure, if f has returned an error or panicked, or the deadline of
// ctx has passed; that the job is cancelled, if f has returned an error after somebody had asked
// for that; or that it is given back ([Run.Release]), if f has returned an error after ctx was
// cancelled, unless that is [Permanent]. A panic goes on after that.
//
// It returns the status of the job after that, and nil only if that is [Succeeded]. The error is
// that of [Tracker.Start] if f was not called; that of f, as it is; [ErrCancelled]; where f has
// finished the run itself and returned nil, that of [Status.Result];
// [ErrLeaseLost] or [ErrStale] if another attempt may own the job; or what kept it from being
// noted, joined with that of f. A queue acknowledges the message if the state is final, or
// the error matches [ErrFinished], and otherwise delivers it again, not before
// [Info.NotBefore].
//
// What is noted is noted within 10 seconds, or the lease, if that is shorter, even if ctx has
// ended.
func (t *Tracker[K, P, R]) Do(ctx context.Context, key K, f func(ctx context.Context, run *Run[P, R]) (R, error)) (Status[P, R], error) {
	var result R
	if f == nil {
		return Status[P, R]{}, t.tracker.refuse(ctx, "Do", errNoFunction)
	}
	r, err := t.tracker.do(ctx, t.keys.Name(key), &result, func(ctx context.Context, r *run) (err error) {
		result, err = f(ctx, &Run[P, R]{r})
		return err
	})
	return status[P, R](t.tracker, r, err)
}

// do runs f as an attempt at a job. f stores its result in what result points to.
func (t *tracker) do(ctx context.Context, name string, result any, f func(context.Context, *run) error) (*record, error) {
	// The lease lasts until what came of the attempt is noted, however long f takes to end.
	r, record, err := t.attempt(ctx, context.WithoutCancel(ctx), name)
	if err != nil {
		return record, err
	}
	defer r.end()
	returned := false
	defer func() {
		if !returned {
			after, cancel := t.detached(ctx)
			defer cancel()
			_, _ = r.failed(after, errPanic) // the panic goes on, and the lease ends by itself
		}
	}()
	err = f(r.ctx, r)
	returned = true

	after, cancel := t.detached(ctx)
	defer cancel()
	switch cause, last := context.Cause(r.ctx), r.finished(); {
	case last != nil: // f has finished the run itself
		if err == nil {
			err = last.outcome()
		}
		return last, err
	case err == nil:
		return r.note(after, result)
	case cause == nil:
		record, failed := r.failed(after, err)
		return record, join(err, failed)
	case errors.Is(cause, ErrCancelRequested):
		record, failed := r.finish(after, "Cancelled", endCancelled, nil, 0)
		return record, join(ErrCancelled, failed)
	case errors.Is(cause, ErrLeaseLost):
		record, _ := t.get(after, name)
		return record, fmt.Errorf("%w: %w", ErrLeaseLost, err)
	case errors.Is(ctx.Err(), context.DeadlineExceeded), isPermanent(err):
		record, failed := r.failed(after, err)
		return record, join(err, failed)
	default:
		record, failed := r.finish(after, "Release", endReleased, nil, 0)
		return record, join(err, failed)
	}
}

var errNoFunction = errors.New("there is no function to do it")

var errPanic = &Failure{Code: CodePanic}

// join returns err as it is unless there is another beside it.
func join(err, other error) error {
	if other == nil {
		return err
	}
	return errors.Join(err, other)
}

// note notes the result of the run. Whoever has lost the lease may note it nevertheless while
// nobody has taken the job.
func (r *run) note(ctx context.Context, result any) (*record, error) {
	data, err := r.encode("Succeed", r.tracker.family.Result, result)
	if err == nil {
		return r.finish(ctx, "Succeed", endSucceeded, data, 0)
	}
	record, failed := r.failed(ctx, Permanent(err))
	return record, join(err, failed)
}
