package jobs

import (
	"context"
	"errors"
	"fmt"
)

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
	switch cause := context.Cause(r.ctx); {
	case err == nil:
		return r.note(after, result)
	case r.ctx.Err() == nil:
		record, failed := r.failed(after, err)
		return record, join(err, failed)
	case errors.Is(cause, ErrCancelRequested):
		record, failed := r.finish(after, "Cancelled", endCancelled, nil, 0)
		return record, join(ErrCancelled, failed)
	case errors.Is(cause, ErrFinished): // f has finished the run itself
		record, failed := t.get(after, name)
		return record, join(err, failed)
	case errors.Is(cause, ErrLeaseLost):
		record, _ := t.get(after, name)
		return record, fmt.Errorf("%w: %w", ErrLeaseLost, err)
	default:
		record, failed := r.finish(after, "Release", endReleased, nil, 0)
		return record, join(err, failed)
	}
}

var errPanic = &Failure{Code: "panic", Message: "the worker did not return"}

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
