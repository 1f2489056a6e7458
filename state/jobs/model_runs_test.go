package jobs_test

import (
	"context"
	"runtime"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state/jobs"
)

func (m *machine) create() {
	r := &request{op: opCreate, key: m.IntN(keys), id: m.id()}
	var opts []jobs.CreateOption
	if m.chance(70) {
		r.existing = pick(m, jobs.ReturnExisting, jobs.RestartFailed, jobs.RestartFailed, jobs.RejectExisting)
		opts = append(opts, jobs.IfExists(r.existing))
	}
	if m.chance(20) {
		r.delay = pick(m, 1, second, hour, 30*hour)
		opts = append(opts, jobs.StartIn(time.Duration(r.delay)*time.Microsecond))
	}
	if m.chance(50) {
		r.attempts = pick(m, 1, 2, 50, 1000)
		opts = append(opts, jobs.Attempts(r.attempts))
	}
	_, w := m.worker()
	var s jobs.Status[int, string]
	created := false
	if want, told := m.sends(r, nil, func(ctx context.Context) (err error) {
		s, created, err = w.Create(ctx, keyOf(r.key), opts...)
		return err
	}); told && want.refusal == done {
		require.Equal(m, want.created, created)
		m.shows(m.jobs[r.key], s)
	}
}

func (m *machine) starts(key int) {
	i, w := m.worker()
	a := &holder{key: key, token: m.id(), worker: i}
	r := &request{op: opStart, key: a.key, id: a.token, worker: workerName(i)}
	want, told := m.sends(r, nil, func(call context.Context) (err error) {
		// The run ends with the context that it was started with.
		ctx, end := context.WithCancel(m.ctx)
		a.dies = end
		defer context.AfterFunc(call, end)()
		a.run, err = w.Start(ctx, keyOf(a.key))
		return err
	})
	if !told {
		m.givenBack(r)
	}
	if !told || want.refusal != done {
		return
	}
	j := m.jobs[a.key]
	require.Equal(m, j.Attempt, a.run.Attempt())
	require.Equal(m, j.Epoch, a.run.Epoch())
	p, ok, err := a.run.Resume()
	require.NoError(m, err)
	require.Equal(m, j.ReportedBy > 0, ok)
	require.Equal(m, j.Progress, p)
	m.attempts = append(m.attempts, a)
}

// an returns an attempt, the latest more often.
func (m *machine) an() *holder {
	if len(m.attempts) == 0 {
		return nil
	}
	return m.attempts[max(0, len(m.attempts)-1-m.IntN(pick(m, 1, 3, 3, 10)))]
}

func (m *machine) report() {
	a := m.an()
	if a == nil {
		return
	}
	p := m.id()
	if a.lost || a.told != nil {
		require.Error(m, a.run.Report(p))
		require.Empty(m, m.tape.take())
		return
	}
	if a.worker == 1 && a.sent {
		require.NoError(m, a.run.Report(p))
		require.Empty(m, m.tape.take())
		a.pending = &p
		return
	}
	a.sent = true
	a.seq++
	r := &request{op: opBeat, key: a.key, token: a.token, seq: a.seq, reports: true, progress: p}
	heard := m.tape.count(opBeat)
	require.NoError(m, a.run.Report(p))
	m.beats(a, heard)
	sent := m.tape.take()
	require.Len(m, sent, 1)
	r.wire = sent[0].args
	want := m.apply(r)
	m.delivered(r)
	m.settle(a.key)
	if want.stop {
		m.stops(a, want)
	}
}

// beats awaits that a heartbeat is sent, and that its reply has come to the run.
func (m *machine) beats(a *holder, heard int) {
	require.True(m, m.tape.await(opBeat, heard, m.patience), "a heartbeat is sent")
	for until := time.Now().Add(m.patience); !jobs.AtRest(a.run); runtime.Gosched() {
		require.True(m, time.Now().Before(until), "a heartbeat takes too long")
	}
}

// stops fails unless the run of an attempt ends for the right reason.
func (m *machine) stops(a *holder, why answer) {
	a.lost = a.lost || why.refusal != done
	switch {
	case a.stopped != nil:
	case a.lost:
		a.stopped = jobs.ErrLeaseLost
	default:
		a.stopped = jobs.ErrCancelRequested
	}
	select {
	case <-a.run.Context().Done():
		require.Equal(m, a.stopped, context.Cause(a.run.Context()))
	case <-time.After(m.patience):
		require.Fail(m, "the run does not stop")
	}
}
