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

const (
	// sweep is how often a pool looks for jobs whose worker has died.
	sweep = lease / 4
	// pause is when to try again what could not even be begun.
	pause = time.Second
)

// pool is some workers and the channel from which they take the names of jobs. A name may
// be in it twice, or in those of several processes: only one attempt begins.
type pool struct {
	tracker *Tracker
	work    func(ctx context.Context, file string, run *Run) (Converted, error)
	queue   chan string
	ctx     context.Context
	cancel  context.CancelFunc
	wg      sync.WaitGroup
}

// start starts a pool of n workers. It takes up all that waits already.
func start(ctx context.Context, t *Tracker, n int, work func(ctx context.Context, file string, run *Run) (Converted, error)) (*pool, error) {
	ctx, cancel := context.WithCancel(ctx)
	p := &pool{tracker: t, work: work, queue: make(chan string), ctx: ctx, cancel: cancel}
	for range n {
		p.wg.Go(p.worker)
	}
	p.wg.Go(p.sweeper)
	for job, err := range t.List(ctx, jobs.Pending) {
		if err != nil {
			p.stop()
			return nil, err
		}
		p.later(job.Key, job.NotBefore.Sub(job.ServerTime))
	}
	return p, nil
}

// submit creates a job and has a worker do it. A process that dies in between has created
// it all the same, and the next one finds it.
func (p *pool) submit(ctx context.Context, file string) error {
	if _, _, err := p.tracker.Create(ctx, file); err != nil {
		return err
	}
	p.later(file, 0)
	return nil
}

// stop has the workers give back what they have in hand, and waits for that. Nothing may be
// submitted after it.
func (p *pool) stop() {
	p.cancel()
	p.wg.Wait()
}

// later puts a job into the queue in d. Whoever asks need not wait.
func (p *pool) later(file string, d time.Duration) {
	p.wg.Go(func() {
		select {
		case <-time.After(d):
		case <-p.ctx.Done():
			return
		}
		select {
		case p.queue <- file:
		case <-p.ctx.Done():
		}
	})
}

func (p *pool) worker() {
	for {
		select {
		case file := <-p.queue:
			p.attempt(file)
		case <-p.ctx.Done():
			return
		}
	}
}

// attempt makes an attempt at a job, and sees to it that another follows if it takes one.
func (p *pool) attempt(file string) {
	status, err := p.tracker.Do(p.ctx, file, func(ctx context.Context, run *Run) (Converted, error) {
		return p.work(ctx, file, run)
	})
	refused, _ := errors.AsType[*jobs.RefusedError](err)
	switch {
	case status.State.Final(), errors.Is(err, jobs.ErrFinished), errors.Is(err, state.ErrNotFound):
	case status.State == jobs.Pending:
		p.later(file, status.NotBefore.Sub(status.ServerTime))
	case errors.Is(err, jobs.ErrNotYet):
		p.later(file, refused.RetryAfter)
	case errors.Is(err, jobs.ErrBusy), errors.Is(err, jobs.ErrLeaseLost), errors.Is(err, jobs.ErrStale):
		// Another has it; if that dies, the sweeper finds it.
	case p.ctx.Err() != nil:
		// It is another process's to do, with all that is pending.
	default:
		slog.ErrorContext(p.ctx, "an attempt did not begin, or what came of it could not be noted", "error", err)
		p.later(file, pause)
	}
}

// sweeper finds jobs whose worker has died, in whichever process, and has them done.
func (p *pool) sweeper() {
	tick := time.NewTicker(sweep)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-p.ctx.Done():
			return
		}
		found, err := p.tracker.Reap(p.ctx, 100)
		if err != nil && p.ctx.Err() == nil {
			slog.ErrorContext(p.ctx, "jobs may wait for a worker that has died", "error", err)
		}
		for _, job := range found {
			if job.State == jobs.Pending {
				p.later(job.Key, 0)
			}
		}
	}
}
