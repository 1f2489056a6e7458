package main

import (
	"context"
	"errors"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/jobs"
)

// jobAttempt is an attempt that has begun.
type jobAttempt struct {
	*jobWorker
	key string
	run *jobRun
	ctx context.Context
	// alive is when the context had not ended for certain, looked when somebody looked, and
	// awake since when the process has run for certain.
	alive         int64
	looked, awake time.Time
}

// resume looks at what an attempt before has reported, which must be one before.
func (a *jobAttempt) resume() {
	p, ok, err := a.run.Resume()
	switch {
	case err != nil:
		a.wrong(a.key, "a progress that cannot be read")
	case ok && (p.Attempt >= a.run.Attempt() || p.Epoch >= a.run.Epoch()):
		a.wrong(a.key, "the progress of a later attempt is there when one begins")
	}
}

func (a *jobAttempt) report(step int) {
	err := a.run.Report(jobProgress{a.run.Attempt(), a.run.Epoch(), step})
	if err != nil && a.ctx.Err() == nil {
		a.complain("report", err)
	}
}

// look waits, and looks whether the context has ended. Where the process has stood still
// before, what ends the context may not have run yet.
func (a *jobAttempt) look(d time.Duration) {
	until := time.Now().Add(d)
	for a.ctx.Err() == nil {
		at := time.Now() // before the look, or it could stand still in between
		if at.Sub(a.looked) > onTime {
			a.awake = at
		}
		if at.Sub(a.awake) > onTime && a.ctx.Err() == nil {
			a.alive = at.UnixMicro()
		}
		if a.looked = at; at.After(until) {
			return
		}
		pause(a.ctx, min(lookPace, max(until.Sub(at), time.Millisecond)))
	}
}

// choose returns how the attempt is to end.
func (a *jobAttempt) choose() jobEnd {
	if errors.Is(context.Cause(a.ctx), jobs.ErrCancelRequested) && a.rand.IntN(5) > 0 {
		return jobEnd{outcome: jobs.OutcomeCancelled}
	}
	switch dice := a.rand.IntN(100); {
	case dice < 12:
		return jobEnd{outcome: jobs.OutcomeFailed, err: errWork}
	case dice < 18:
		return jobEnd{outcome: jobs.OutcomeFailed, err: jobs.RetryIn(errWork, time.Duration(1+a.rand.IntN(50))*time.Millisecond)}
	case dice < 22:
		return jobEnd{outcome: jobs.OutcomeFailed, err: jobs.Permanent(errWork)}
	case dice < 30:
		return jobEnd{outcome: jobs.OutcomeReleased}
	default:
		return jobEnd{outcome: jobs.OutcomeSucceeded}
	}
}

// haunt waits until the lease has ended, about, and goes on as if nothing had happened.
func (a *jobAttempt) haunt() {
	lease := a.order.Lease
	time.Sleep(lease*3/4 + time.Duration(a.rand.Int64N(int64(lease))))
	a.report(100)
	a.end(a.choose())
}

// outlast goes on while its context does, though no heartbeat gets through.
func (a *jobAttempt) outlast() {
	a.look(2 * a.order.Lease)
	a.end(a.choose())
}

// end ends the attempt, and repeats that until it knows what came of it; and sometimes once
// more.
func (a *jobAttempt) end(as jobEnd) {
	if a.alive > 0 {
		a.note(jobNote{
			Job: a.key, What: noteAlive, Since: a.alive, Until: a.alive, Attempt: a.run.Attempt(), Epoch: a.run.Epoch(),
		})
	}
	for i := range endRepeats {
		if a.endOnce(as, i > 0) != doubtful && (i > 0 || a.rand.IntN(10) > 0) {
			return
		}
	}
}

func (a *jobAttempt) endOnce(as jobEnd, again bool) fate {
	limit := jobPatience
	if a.rand.IntN(10) == 0 && !a.calm.Load() {
		limit = time.Duration(1+a.rand.IntN(40)) * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	n := jobNote{
		Job: a.key, What: noteEnd, Since: stamp(), Attempt: a.run.Attempt(), Epoch: a.run.Epoch(), Outcome: as.outcome, Again: again,
	}
	err := a.calls.end(ctx, a.hearing, a.key, a.run, as)
	n.Stale = errors.Is(err, jobs.ErrStale) || errors.Is(err, jobs.ErrGone)
	if n.Stale {
		a.stale.Add(1)
	} else if err != nil && !errors.Is(err, state.ErrUnknownOutcome) && !errors.Is(err, context.DeadlineExceeded) {
		a.complain("end", err)
	}
	return a.called(n, nil, err)
}
