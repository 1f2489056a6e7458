package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/jobs"
)

// jobWorker is a goroutine that works on jobs as they are delivered, which they are again and
// again, to several at a time, until they have ended.
type jobWorker struct {
	*jobSide
	rand  *rand.Rand
	later *sync.WaitGroup // of those who come back too late
}

const (
	jobPatience = 2 * time.Second
	// endRepeats bounds how often an end is repeated whose outcome is unknown.
	endRepeats = 6
	// onTime is how long after the last look a process may look again, or it did not run.
	onTime   = 50 * time.Millisecond
	lookPace = 8 * time.Millisecond
)

func (w *jobWorker) run(ctx context.Context, deliveries <-chan string) {
	for {
		select {
		case key := <-deliveries:
			w.one(key)
		case <-ctx.Done():
			return
		}
	}
}

// one works on a job, if it may.
func (w *jobWorker) one(key string) {
	if w.rand.IntN(3) == 0 {
		w.do(key)
		return
	}
	life, abandon := context.WithCancel(context.Background())
	var hasty *time.Timer
	if w.rand.IntN(20) == 0 {
		hasty = time.AfterFunc(time.Duration(1+w.rand.IntN(20))*time.Millisecond, abandon)
	}
	n := jobNote{Job: key, What: noteStart, Since: stamp()}
	t, muted := w.hearing, w.rand.IntN(16) == 0 && !w.calm.Load()
	if muted {
		t = w.mute
	}
	run, err := w.calls.start(life, t, key)
	if hasty != nil {
		hasty.Stop()
	}
	if err != nil {
		abandon()
		w.refused(n, err)
		return
	}
	n.Attempt, n.Epoch = run.Attempt(), run.Epoch()
	w.called(n, nil, nil)
	attempt := &jobAttempt{jobWorker: w, key: key, run: run, ctx: run.Context()}
	attempt.resume()
	if w.calm.Load() {
		attempt.end(jobEnd{outcome: jobs.OutcomeSucceeded})
		abandon()
		return
	}
	if muted {
		w.leave(attempt, func() {
			defer abandon()
			attempt.outlast()
		})
		return
	}
	for step := range w.rand.IntN(8) {
		attempt.report(step + 1)
		attempt.look(time.Duration(w.rand.IntN(30)) * time.Millisecond)
	}
	switch dice := w.rand.IntN(100); {
	case dice < 12: // it stops its heartbeats and comes back
		abandon()
		w.leave(attempt, attempt.haunt)
	case dice < 15: // it is never heard of again
		abandon()
	default:
		attempt.end(attempt.choose())
		abandon()
	}
}

// leave has an attempt go on by itself, while the worker does something else.
func (w *jobWorker) leave(a *jobAttempt, goOn func()) {
	ghost := *w
	ghost.rand = w.jobSide.rand()
	a.jobWorker = &ghost
	w.later.Go(goOn)
}

// refused notes an attempt that did not begin.
func (w *jobWorker) refused(n jobNote, err error) {
	if errors.Is(err, state.ErrNotFound) {
		n.Text = noJob
	}
	w.called(n, nil, err)
	refusal, refused := errors.AsType[*jobs.RefusedError](err)
	switch {
	case refused && refusal.State.Final() != errors.Is(err, jobs.ErrFinished):
		w.wrong(n.Job, fmt.Sprintf("a start that was refused, and need not be: %v", err))
	case refused && refusal.State.Final():
		w.sight(n.Job) // somebody may not know that yet
	case refused, errors.Is(err, state.ErrNotFound), errors.Is(err, state.ErrUnknownOutcome), errors.Is(err, context.Canceled):
	default:
		w.complain("start", err)
	}
}

// sight looks at a job.
func (s *jobSide) sight(key string) {
	ctx, cancel := context.WithTimeout(context.Background(), jobPatience)
	defer cancel()
	n := jobNote{Job: key, What: noteSight, Since: stamp()}
	seen, err := s.calls.get(ctx, s.hearing, key)
	if err == nil {
		s.called(n, &seen, nil)
	}
}

// do works on a job by one call.
func (w *jobWorker) do(key string) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n := jobNote{Job: key, What: noteStart, Since: stamp()}
	end := jobNote{Job: key, What: noteEnd}
	var own error
	seen, err := w.hearing.Do(ctx, key, func(ctx context.Context, run *jobRun) (jobResult, error) {
		n.Attempt, n.Epoch = run.Attempt(), run.Epoch()
		w.called(n, nil, nil)
		a := &jobAttempt{jobWorker: w, key: key, run: run, ctx: ctx}
		a.resume()
		as := jobEnd{outcome: jobs.OutcomeSucceeded}
		if !w.calm.Load() {
			for step := range w.rand.IntN(4) {
				a.report(step + 1)
				a.look(time.Duration(w.rand.IntN(30)) * time.Millisecond)
			}
			if as = a.choose(); as.outcome == jobs.OutcomeReleased {
				as.err = errWork
				cancel()
			}
		}
		end.Attempt, end.Epoch, end.Outcome, end.Since = run.Attempt(), run.Epoch(), as.outcome, stamp()
		own = as.err
		if as.outcome == jobs.OutcomeCancelled {
			own = context.Cause(ctx)
		}
		return jobResult{run.Attempt(), run.Epoch()}, own
	})
	if end.Epoch == 0 {
		w.refused(n, err)
		return
	}
	if errors.Is(err, jobs.ErrStale) || errors.Is(err, jobs.ErrLeaseLost) || errors.Is(err, jobs.ErrGone) {
		w.stale.Add(1)
	}
	if err == nil && seen.State != jobs.Succeeded {
		w.wrong(key, "Do has succeeded, and the job has not")
	}
	// Its error says what came of the function, and not what came of the end.
	end.Fate = doubtful
	end.Until = stamp()
	end.Seen = sighted(&seen, n.Since, end.Until)
	if err == nil && own == nil {
		end.Fate = done
	}
	w.note(end)
}

var errWork = errors.New("this is how it ends")
