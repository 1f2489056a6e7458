package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/internal/jobspec"
	"github.com/typedstate/typedstate/state"
)

func (r *run) succeed(ctx context.Context, result any) error {
	if r == nil {
		return state.ErrNoStore
	}
	data, err := r.encode("Succeed", r.tracker.family.Result, result)
	if err == nil {
		_, err = r.finish(ctx, "Succeed", endSucceeded, data, 0)
	}
	return err
}

func (r *run) fail(ctx context.Context, why error) error {
	if r == nil {
		return state.ErrNoStore
	}
	_, err := r.failed(ctx, why)
	return err
}

func (r *run) failed(ctx context.Context, why error) (*record, error) {
	f := new(Failure)
	if why != nil {
		f = failureOf(why)
	}
	data, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	verdict, _ := errors.AsType[*verdictError](why)
	if isPermanent(why) {
		return r.finish(ctx, "Fail", endFailed, data, 0)
	}
	delay := r.tracker.family.delay(r.first.failed)
	if verdict != nil && verdict.delayed {
		delay = min(max(verdict.delay, 0), jobspec.Longest)
	}
	return r.finish(ctx, "Fail", endRetry, data, delay)
}

// delay returns when the next attempt may start after so many have failed before this one.
func (f *family) delay(failed int) time.Duration {
	d := f.RetryDelay
	for range failed {
		if d >= f.MaxRetryDelay/2 {
			d = f.MaxRetryDelay
			break
		}
		d *= 2
	}
	return d - rand.N(d/5+1) //nolint:gosec // nobody gains by guessing it
}

func (r *run) cancelled(ctx context.Context) error {
	if r == nil {
		return state.ErrNoStore
	}
	_, err := r.finish(ctx, "Cancelled", endCancelled, nil, 0)
	return err
}

func (r *run) release(ctx context.Context) error {
	if r == nil {
		return state.ErrNoStore
	}
	_, err := r.finish(ctx, "Release", endReleased, nil, 0)
	return err
}

// finish ends the attempt, with the progress that was not sent.
func (r *run) finish(ctx context.Context, op, outcome string, data []byte, delay time.Duration) (*record, error) {
	select {
	case r.finishing <- struct{}{}:
		defer func() { <-r.finishing }()
	case <-ctx.Done():
		return nil, r.tracker.refuse(ctx, op, ctx.Err())
	}
	more := []any{outcome, data, microseconds(delay), strconv.Itoa(r.first.Attempt), strconv.FormatInt(r.first.Epoch, 10)}
	r.mu.Lock()
	r.ending = true
	if r.progress != nil {
		r.number++
		more = append(more, strconv.FormatInt(r.number, 10), r.progress)
	}
	r.mu.Unlock()

	record, err := r.tracker.call(ctx, request{operation: op, needs: bridge.Set, name: r.name, op: opEnd, id: r.token, more: more})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ending = false
	switch {
	case err == nil:
		if r.last == nil {
			r.last = record
		}
		r.abandon(ErrFinished)
	case errors.Is(err, ErrStale), errors.Is(err, ErrGone):
		r.abandon(ErrLeaseLost)
	default:
		r.due = time.Now()
		r.plan()
	}
	return record, err
}

// finished returns what the job was at the end of the attempt, or nothing before.
func (r *run) finished() *record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}
