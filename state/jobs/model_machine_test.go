package jobs_test

import (
	"context"
	"errors"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/jobs"
)

// dice choose what happens next.
type dice interface{ IntN(n int) int }

// tb is a test, or a try of one.
type tb interface {
	require.TestingT
	Logf(format string, args ...any)
}

// machine makes random calls, and holds what comes of each against the model.
type machine struct {
	tb
	dice
	*lab

	ctx   context.Context
	jobs  [keys]*job
	found [keys]stored
	// requests were delivered; late ones were not yet.
	requests, late []*request
	attempts       []*holder
	// back is what was sent by itself after a request that was kept from the server.
	back []wire
	// reaping is a request of a Reap.
	reaping *request
	ids     int
	done    int
}

// holder is a worker with its run, and what it knows of that.
type holder struct {
	key, token, worker int
	run                *jobs.Run[int, string]
	dies               context.CancelFunc
	seq                int
	// sent says that a report was sent; pending is one that is not.
	sent    bool
	pending *int
	// stopped is why the run must stop, as far as the worker has heard.
	stopped error
	// lost says that it has heard that its attempt has ended.
	lost bool
	// told is how the attempt has ended.
	told *request
}

func newMachine(ctx context.Context, t tb, d dice, l *lab) *machine {
	l.clear(t)
	m := &machine{tb: t, dice: d, lab: l, ctx: ctx}
	for i := range m.jobs {
		m.jobs[i] = &job{rules: l.rules}
	}
	m.found = m.look(t)
	return m
}

func (m *machine) id() int { m.ids++; return m.ids }

// key returns a job, one that is there more often.
func (m *machine) key() int {
	i := m.IntN(keys)
	if !m.jobs[i].there {
		i = m.IntN(keys)
	}
	return i
}

// chance is n in 100.
func (m *machine) chance(n int) bool { return m.IntN(100) < n }

func pick[T any](m *machine, from ...T) T { return from[m.IntN(len(from))] }

// step does one thing, the common ones more often.
func (m *machine) step() {
	switch n := m.IntN(100); {
	case n < 14:
		m.starts(m.key())
	case n < 28:
		m.finish()
	case n < 46:
		m.replay()
	case n < 58:
		m.report()
	case n < 66:
		m.create()
	case n < 78:
		m.advance()
	case n < 83:
		m.restarts()
	case n < 87:
		m.cancels()
	case n < 90:
		m.reaps()
	case n < 92:
		m.deletes()
	case n < 94:
		m.counts()
	default:
		m.deliver()
	}
}

// advance lets some time pass, often to the edge of what the model knows of.
func (m *machine) advance() {
	j := m.jobs[m.IntN(keys)]
	edges := []int64{j.NotBefore, j.LeaseUntil, j.LeaseUntil, j.NotBefore, j.LeaseUntil, j.LeaseUntil, j.expires * 1000}
	switch edge := pick(m, edges...) - m.now; {
	case edge > 1000 && m.chance(60):
		// What expires does so at a whole millisecond, which is not that of every server.
		if d := pick(m, -1, 0, 1); j.expires*1000 == edge+m.now {
			m.pass(edge + int64(d)*2000)
		} else {
			m.pass(edge + int64(d))
		}
	default:
		m.pass(int64(m.IntN(int(pick(m, 1000, second, minute, 3*minute)))))
	}
	m.expire()
	m.settle(-1)
}

// expire removes what has expired, where the server's clock does not.
func (m *machine) expire() {
	for i := range keys {
		if ends := m.found[i].ends; m.ends && ends > 0 && m.now/1000 >= ends {
			hash, _, _ := m.names(m, i)
			require.NoError(m, m.raw.Del(m.ctx, hash).Err())
		}
	}
}

// sends makes one call that is a request, whose reply is lost at times, or which itself is late
// and keeps its caller waiting until the caller has no time left. It returns what the model says, and
// whether the caller was told.
func (m *machine) sends(r *request, dies context.CancelFunc, call func(ctx context.Context) error) (want answer, told bool) {
	ctx, cancel := context.WithCancel(m.ctx)
	defer cancel()
	isLate := false
	late := 8
	if r.op == opEnd {
		late = 16
	}
	switch n := m.IntN(100); {
	case n < late:
		isLate = true
		m.tape.withhold(r.op, func() {
			cancel()
			if dies != nil {
				dies()
			}
		})
	case n < late+4:
		m.tape.lose(pick(m, 1, 1, 2))
	}
	given := m.tape.count(opEnd)
	err := call(ctx)
	if isLate && r.op == opStart && errors.Is(err, state.ErrUnknownOutcome) {
		require.True(m, m.tape.await(opEnd, given, m.patience), "what may have begun is given back")
	}
	var back []wire
	for _, w := range m.tape.take() {
		switch {
		case w.op != r.op:
			back = append(back, w)
		case r.wire == nil:
			r.wire = w.args
		default:
			require.Equal(m, r.wire, w.args, "a request is repeated as it was")
		}
	}
	if isLate && r.wire != nil {
		require.Error(m, err)
		m.Logf("late: %v", r)
		m.late = append(m.late, r)
		if m.back = back; r.op != opStart && r.op != opEnd {
			m.settle(-1)
		}
		return answer{}, false
	}
	require.Empty(m, back)
	want = m.apply(r)
	m.answers(want, refusalOf(m, err), r.wire != nil)
	if r.wire != nil {
		m.delivered(r)
	}
	m.settle(r.key)
	return want, true
}

// givenBack has the model know of what has given back an attempt of which nobody knows whether
// it has begun.
func (m *machine) givenBack(start *request) {
	for _, w := range m.back {
		require.Equal(m, opEnd, w.op)
		r := &request{op: opEnd, key: start.key, token: start.id, outcome: jobs.OutcomeReleased, wire: w.args}
		m.apply(r)
		m.delivered(r)
	}
	if len(m.back) == 0 {
		m.settle(-1)
	} else {
		m.settle(start.key)
	}
}

// apply has the model get a request.
func (m *machine) apply(r *request) answer {
	a := m.jobs[r.key].apply(r, m.now)
	m.Logf("%v: %v: %+v", time.Duration(m.now-begun)*time.Microsecond, r, a)
	return a
}

// answers holds what a caller was told against the model. Who asked nobody may not know that
// the job is gone.
func (m *machine) answers(want, got answer, asked bool) {
	if !asked && want.refusal == gone && got.refusal == stale {
		return
	}
	require.Equal(m, want.refusal, got.refusal)
	switch want.refusal {
	case busy, notYet, finished, notFinished, exists:
		require.Equal(m, want.state, got.state)
		require.Equal(m, want.retry, got.retry)
	}
}

func (m *machine) delivered(r *request) {
	m.done++
	m.requests = append(m.requests, r)
}

func (m *machine) worker() (int, *jobs.Tracker[string, int, string]) {
	i := m.IntN(len(m.workers))
	return i, m.workers[i]
}

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
	if a.stopped != nil || a.told != nil {
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
	require.True(m, m.tape.await(opBeat, heard, m.patience), "the report is sent")
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

func (m *machine) reaps() {
	limit := 1 + m.IntN(keys)
	stalled := 0
	for _, j := range m.jobs {
		j.touched, j.revisions = false, 0
		if j.pass(m.now); j.listedAsStalled(m.now) {
			stalled++
		}
	}
	_, w := m.worker()
	reaped, err := w.Reap(m.ctx, limit)
	require.NoError(m, err)
	require.Len(m, reaped, min(stalled, limit))
	for _, sent := range m.tape.take() {
		require.Equal(m, opReap, sent.op)
		r := &request{op: opReap, key: m.keyIn(sent.args), id: m.id(), wire: sent.args}
		m.reaping = r
		m.apply(r)
		m.delivered(r)
	}
	for _, found := range reaped {
		j := m.jobs[int(found.Key[1]-'0')]
		require.True(m, j.touched, "the lease has ended")
		require.Equal(m, j.State, found.State)
	}
	// Each is looked at by itself, as settle takes one.
	after := m.look(m)
	for i, j := range m.jobs {
		if j.touched {
			m.found[i] = after[i]
		}
		m.get(i)
	}
	m.settle(-1)
}

// keyIn returns which job a request is about.
func (m *machine) keyIn(args []any) int {
	for i := range keys {
		if hash, _, _ := m.names(m, i); args[3] == hash {
			return i
		}
	}
	require.Fail(m, "a request of no job")
	return -1
}

func (m *machine) counts() {
	var want jobs.Counts
	for _, j := range m.jobs {
		if j.pass(m.now); !j.there {
			continue
		}
		*map[jobs.State]*int64{
			jobs.Pending: &want.Pending, jobs.Running: &want.Running, jobs.Succeeded: &want.Succeeded,
			jobs.Failed: &want.Failed, jobs.Cancelled: &want.Cancelled,
		}[j.State]++
		if j.listedAsStalled(m.now) {
			want.Stalled++
		}
	}
	_, w := m.worker()
	got, err := w.Count(m.ctx)
	require.NoError(m, err)
	require.Equal(m, want, got)
	m.tape.take()
	m.settle(-1)
}
