package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state/jobs"
)

// finish ends an attempt, or says again how it has ended, or something else.
func (m *machine) finish() {
	a := m.an()
	if a == nil {
		return
	}
	r := &request{op: opEnd, key: a.key, token: a.token, number: a.run.Attempt(), epoch: a.run.Epoch()}
	call := m.ending(a, r)
	if a.told != nil && m.chance(50) {
		*r = *a.told
		r.wire = nil
		call = m.again(a, r)
	}
	if a.pending != nil {
		a.seq++
		r.seq, r.reports, r.progress = a.seq, true, *a.pending
	}
	dies := a.dies
	if m.chance(50) {
		dies = nil
	}
	heard := m.tape.count(opBeat)
	want, told := m.sends(r, dies, call)
	switch {
	case !told && dies == nil && a.told == nil && !a.lost:
		if m.goesOn(a, heard); m.chance(50) {
			m.deliverTo(r)
		}
	case !told:
		m.settle(-1)
		m.attempts = slices.DeleteFunc(m.attempts, func(other *holder) bool { return other == a })
	case want.refusal == done && a.told == nil:
		// Another may start at the same time.
		if a.told, a.pending = r, nil; m.chance(20) || r.outcome == jobs.OutcomeReleased && m.chance(60) {
			m.starts(a.key)
		}
	case want.refusal != done:
		if a.lost = true; a.stopped == nil {
			a.stopped = jobs.ErrLeaseLost
		}
	}
}

// goesOn has a worker live on that has not heard whether it has ended its attempt: it sends a
// heartbeat at once, with the progress if there is any.
func (m *machine) goesOn(a *holder, heard int) {
	m.beats(a, heard)
	sent := slices.Concat(m.back, m.tape.take())
	require.Len(m, sent, 1)
	require.Equal(m, opBeat, sent[0].op)
	a.seq++
	r := &request{op: opBeat, key: a.key, token: a.token, seq: a.seq, wire: sent[0].args}
	if a.pending != nil {
		r.reports, r.progress, a.pending = true, *a.pending, nil
	}
	want := m.apply(r)
	m.delivered(r)
	m.settle(a.key)
	if want.stop {
		m.stops(a, want)
	}
}

// ending returns a random call that ends an attempt, and has r say what it says.
func (m *machine) ending(a *holder, r *request) func(context.Context) error {
	switch n := m.IntN(12); {
	case n < 3:
		r.outcome, r.result = jobs.OutcomeSucceeded, fmt.Sprint("result ", m.id())
	case n < 4:
		r.outcome = jobs.OutcomeCancelled
	case n < 6:
		r.outcome = jobs.OutcomeReleased
	default:
		r.outcome = jobs.OutcomeFailed
		r.failure = jobs.Failure{Message: fmt.Sprint("failure ", m.id())}
		if m.chance(30) {
			r.failure.Code = "code"
		}
		r.permanent = m.chance(15)
		if r.delayed = !r.permanent && m.chance(30); r.delayed {
			r.delay = pick(m, 0, second, hour)
		}
	}
	return m.again(a, r)
}

// again returns the call that r is.
func (m *machine) again(a *holder, r *request) func(context.Context) error {
	return func(ctx context.Context) error {
		switch r.outcome {
		case jobs.OutcomeSucceeded:
			return a.run.Succeed(ctx, r.result)
		case jobs.OutcomeCancelled:
			return a.run.Cancelled(ctx)
		case jobs.OutcomeReleased:
			return a.run.Release(ctx)
		}
		err := errors.New(r.failure.Message)
		if r.failure.Code != "" {
			err = fmt.Errorf("wrapped: %w", &r.failure)
		}
		switch {
		case r.permanent:
			err = jobs.Permanent(err)
		case r.delayed:
			err = jobs.RetryIn(err, time.Duration(r.delay)*time.Microsecond)
		}
		return a.run.Fail(ctx, err)
	}
}

// changes makes a call that returns the status of a job.
func (m *machine) changes(r *request, call func(ctx context.Context, w *jobs.Tracker[string, int, string]) (jobs.Status[int, string], error)) {
	_, w := m.worker()
	var s jobs.Status[int, string]
	if want, told := m.sends(r, nil, func(ctx context.Context) (err error) {
		s, err = call(ctx, w)
		return err
	}); told && want.refusal == done {
		m.shows(m.jobs[r.key], s)
	}
}

func (m *machine) cancels() {
	r := &request{op: opCancel, key: m.key(), id: m.id()}
	r.reason = fmt.Sprint("reason ", r.id)
	m.changes(r, func(ctx context.Context, w *jobs.Tracker[string, int, string]) (jobs.Status[int, string], error) {
		return w.Cancel(ctx, keyOf(r.key), r.reason)
	})
}

func (m *machine) restarts() {
	r := &request{op: opRestart, key: m.key(), id: m.id()}
	m.changes(r, func(ctx context.Context, w *jobs.Tracker[string, int, string]) (jobs.Status[int, string], error) {
		return w.Restart(ctx, keyOf(r.key))
	})
}

func (m *machine) deletes() {
	r := &request{op: opDelete, key: m.key(), id: m.id()}
	_, w := m.worker()
	m.sends(r, nil, func(ctx context.Context) error { return w.Delete(ctx, keyOf(r.key)) })
}

// replay sends a request again that was delivered, or some: what the model says of that is
// nothing, but of a request so old that its record has forgotten it.
func (m *machine) replay() {
	if len(m.requests) == 0 {
		return
	}
	back := m.IntN(pick(m, 3, 10, 100, len(m.requests)))
	r := m.requests[max(0, len(m.requests)-1-back)]
	for range pick(m, 1, 1, 2, 3) {
		m.deliverTo(r)
	}
}

// deliver has a request arrive that its sender has given up, or the last Reap again, or one by
// somebody who has looked for jobs to reap long ago.
func (m *machine) deliver() {
	if m.reaping != nil && m.chance(20) {
		// Another lease may have ended since, or it ends before it arrives.
		if j := m.jobs[m.reaping.key]; j.there && j.State == jobs.Running {
			m.pass(max(0, j.LeaseUntil-m.now))
			m.expire()
			m.settle(-1)
		}
		m.deliverTo(m.reaping)
		return
	}
	if m.reaping != nil && m.chance(20) {
		r := *m.reaping
		r.key, r.id = m.IntN(keys), m.id()
		hash, index, member := m.names(m, r.key)
		r.wire = slices.Clone(r.wire)
		r.wire[3], r.wire[4], r.wire[6], r.wire[7] = hash, index, member, fmt.Sprintf("%016x", r.id)
		m.deliverTo(&r)
		m.requests = append(m.requests, &r)
		return
	}
	if len(m.late) == 0 {
		m.replay()
		return
	}
	// The one that was given up last, more often.
	i := max(0, len(m.late)-1-m.IntN(pick(m, 1, 1, 3, len(m.late))))
	r := m.late[i]
	m.late = append(m.late[:i:i], m.late[i+1:]...)
	m.deliverTo(r)
	m.requests = append(m.requests, r)
}

func (m *machine) deliverTo(r *request) {
	m.done++
	if m.chance(30) {
		m.pass(int64(m.IntN(3)))
	}
	m.apply(r)
	if r.op == opStart && m.jobs[r.key].touched {
		// The job has forgotten that start, and so its worker is long gone.
		m.attempts = slices.DeleteFunc(m.attempts, func(a *holder) bool { return a.token == r.id })
	}
	require.NoError(m, m.raw.Do(m.ctx, r.wire...).Err())
	m.settle(r.key)
}
