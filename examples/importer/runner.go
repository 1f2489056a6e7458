package main

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/jobs"
)

// sweep is how often a runner looks for imports whose process has died.
const sweep = 2 * time.Second

// runner does imports in the background, those that it is given and those that others have
// left.
type runner struct {
	tracker *ImportTracker
	pace    time.Duration
	ctx     context.Context
	cancel  context.CancelFunc

	mu      sync.Mutex
	stopped bool
	wg      sync.WaitGroup
}

// newRunner returns a runner that works until ctx has ended or it is stopped.
func newRunner(ctx context.Context, t *ImportTracker, pace time.Duration) *runner {
	ctx, cancel := context.WithCancel(ctx)
	r := &runner{tracker: t, pace: pace, ctx: ctx, cancel: cancel}
	r.background(r.sweeper)
	return r
}

// stop has all imports given back, so that another process goes on with them at once, and
// waits for that.
func (r *runner) stop() {
	r.cancel()
	r.mu.Lock()
	r.stopped = true
	r.mu.Unlock()
	r.wg.Wait()
}

// background runs f, unless the runner has stopped.
func (r *runner) background(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.stopped {
		r.wg.Go(f)
	}
}

// begin has an import done that is pending.
func (r *runner) begin(key ImportJobKey) { r.background(func() { r.finish(key) }) }

// finish makes attempts at an import until it has ended, or is another's to do.
func (r *runner) finish(key ImportJobKey) {
	for {
		status, err := r.tracker.Do(r.ctx, key, func(ctx context.Context, run *ImportRun) (Report, error) {
			return load(ctx, key.Source, r.pace, run)
		})
		var wait time.Duration
		refused, _ := errors.AsType[*jobs.RefusedError](err)
		switch {
		case status.State == jobs.Pending:
			wait = status.NotBefore.Sub(status.ServerTime)
		case errors.Is(err, jobs.ErrNotYet):
			wait = refused.RetryAfter
		case status.State.Final(), refused != nil, errors.Is(err, state.ErrNotFound), r.ctx.Err() != nil:
			return
		default:
			slog.ErrorContext(r.ctx, "an import is left to who finds it", "error", err)
			return
		}
		select {
		case <-time.After(wait):
		case <-r.ctx.Done():
			return
		}
	}
}

// sweeper does what waits as the program starts, and then what dead processes have left.
func (r *runner) sweeper() {
	for job, err := range r.tracker.List(r.ctx, jobs.Pending) {
		switch {
		case err == nil:
			r.begin(job.Key)
		case r.ctx.Err() == nil:
			slog.ErrorContext(r.ctx, "imports may wait", "error", err)
		}
	}
	tick := time.NewTicker(sweep)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-r.ctx.Done():
			return
		}
		found, err := r.tracker.Reap(r.ctx, 100)
		if err != nil && r.ctx.Err() == nil {
			slog.ErrorContext(r.ctx, "imports of a dead process may wait", "error", err)
		}
		for _, job := range found {
			if job.State == jobs.Pending {
				r.begin(job.Key)
			}
		}
	}
}
