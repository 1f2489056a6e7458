package jobs_test

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/jobs"
)

// fieldState and its like are the fields of a record that a test looks at.
const (
	fieldState   = "s"
	fieldLease   = "l"
	fieldToken   = "t"
	fieldResult  = "r"
	fieldFailure = "f"
	fieldDenied  = "j"
)

// refusalOf returns why a call was refused, and the job's state and how long to wait if the error
// tells.
func refusalOf(t require.TestingT, err error) answer {
	if err == nil {
		return answer{}
	}
	a := answer{refusal: refusal("unexpected: " + err.Error())}
	for why, target := range map[refusal]error{
		notFound: state.ErrNotFound, exists: state.ErrExists, busy: jobs.ErrBusy, notYet: jobs.ErrNotYet,
		finished: jobs.ErrFinished, notFinished: jobs.ErrNotFinished, stale: jobs.ErrStale, gone: jobs.ErrGone,
	} {
		if errors.Is(err, target) {
			a.refusal = why
		}
	}
	if refused, ok := errors.AsType[*jobs.RefusedError](err); ok {
		a.state, a.retry = refused.State, refused.RetryAfter.Microseconds()
	}
	_, ok := errors.AsType[*state.Error](err)
	require.True(t, ok, "%T", err)
	return a
}

func factsOf(s jobs.Status[int, string]) facts {
	f := facts{
		State: s.State, Revision: s.Revision, Attempt: s.Attempt, Left: s.AttemptsLeft, Epoch: s.Epoch, Worker: s.Worker,
		Progress: s.Progress, Reported: us(s.Reported), ReportedBy: s.ReportedBy,
		Asked: s.CancelRequested, Reason: s.CancelReason,
		Created: us(s.Created), NotBefore: us(s.NotBefore), Started: us(s.Started), Updated: us(s.Updated),
		LeaseUntil: us(s.LeaseUntil), Finished: us(s.Finished),
	}
	for _, a := range s.History {
		p := past{Number: a.Number, Epoch: a.Epoch, Worker: a.Worker, Started: us(a.Started), Ended: us(a.Ended), Outcome: a.Outcome}
		p.Failure, p.HasFailed = deref(a.Failure)
		f.History = append(f.History, p)
	}
	f.Failure, f.HasFailed = deref(s.Failure())
	f.Result, _ = s.Result()
	return f
}

func deref(f *jobs.Failure) (jobs.Failure, bool) {
	if f == nil {
		return jobs.Failure{}, false
	}
	return *f, true
}

func us(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// shows holds what a caller was shown of a job against the model.
func (m *machine) shows(j *job, s jobs.Status[int, string]) {
	require.Equal(m, j.facts, factsOf(s))
	require.Equal(m, m.now, us(s.ServerTime))
	require.Equal(m, j.stalled(m.now), s.Stalled())
	_, err := s.Result()
	switch j.State {
	case jobs.Succeeded:
		require.NoError(m, err)
	case jobs.Failed:
		require.Equal(m, error(s.Failure()), err)
	case jobs.Cancelled:
		require.Equal(m, jobs.ErrCancelled, err)
	default:
		require.Equal(m, jobs.ErrNotFinished, err)
	}
}

// settle looks at all jobs after a request about one of them, or about none, which is -1. What
// the model leaves open is as it is found.
func (m *machine) settle(key int) {
	found := m.look(m)
	for i, j := range m.jobs {
		before, after := m.found[i], found[i]
		if key != i {
			j.pass(m.now)
			j.touched, j.noted = false, false
		}
		if !j.touched {
			m.unchanged(j, before, after)
		}
		if key == i {
			m.get(i)
		}
		m.sound(j, after)
	}
	m.found = found
}

// get reads a job and holds it against the model.
func (m *machine) get(i int) {
	j := m.jobs[i]
	s, err := m.workers[m.IntN(len(m.workers))].Get(context.Background(), keyOf(i))
	m.tape.take()
	if !j.there {
		require.ErrorIs(m, err, state.ErrNotFound)
		return
	}
	require.NoError(m, err)
	if j.delay[1] > 0 {
		after := us(s.NotBefore) - m.now
		require.True(m, j.delay[0] <= after && after <= j.delay[1], "%d is not in %v", after, j.delay)
		j.NotBefore, j.delay = us(s.NotBefore), [2]int64{}
		j.lives(m.now)
	}
	if j.revisions > 0 {
		require.GreaterOrEqual(m, s.Revision, j.Revision, "each change has a larger revision")
		require.LessOrEqual(m, s.Revision, j.Revision+1)
		j.Revision, j.revisions = s.Revision, 0
	}
	m.shows(j, s)
}

// unchanged fails if what is stored of a job has changed without a reason. What has expired may be
// in the index still.
func (m *machine) unchanged(j *job, before, after stored) {
	if !j.there && !j.dead {
		return
	}
	if j.noted {
		delete(before.fields, fieldDenied)
		after.fields = maps.Clone(after.fields)
		delete(after.fields, fieldDenied)
	}
	require.True(m, maps.Equal(before.fields, after.fields), "changed from %v to %v", before.fields, after.fields)
	require.Equal(m, before.score, after.score)
}

// endsAt holds when a key expires against when it must, in milliseconds. The embedded server keeps
// how long that is from now, and rounds.
func (m *machine) endsAt(want, got int64) {
	if !m.ends && got == want-1 {
		return
	}
	require.Equal(m, want, got, "when a key expires")
}

func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}

// indexBase is by how much the scores of one state are larger than those of the one before.
const indexBase = 1 << 42

// sound fails unless what is stored of a job is what must always hold.
func (m *machine) sound(j *job, s stored) {
	switch {
	case j.there:
		ends := j.expires
		if j.State == jobs.Running {
			ends = rounded(j.LeaseUntil)
		}
		require.Equal(m, strconv.Itoa(int(j.State)), s.fields[fieldState])
		m.endsAt(j.expires, s.ends)
		require.Equal(m, int64(j.State)*indexBase+ends, s.score, "the place in the index")
		require.Equal(m, j.LeaseUntil, int64(number(s.fields[fieldLease])), "a lease is of a job that is running")
		require.GreaterOrEqual(m, s.indexEnds, s.ends, "the index lives as long as its jobs")
		require.Equal(m, j.State == jobs.Running, s.fields[fieldToken] != "", "a token is of a job that is running")
		require.Equal(m, j.State == jobs.Succeeded, s.fields[fieldResult] != "", "a result is of a job that has succeeded")
		require.Equal(m, j.State == jobs.Failed, s.fields[fieldFailure] != "", "a failure is of a job that has failed")
	case j.dead:
		require.Equal(m, "0", s.fields[fieldState])
		m.endsAt(j.expires, s.ends)
		require.Zero(m, s.score, "a job that was deleted is in no index")
	default:
		require.Empty(m, s.fields, "a job that is gone")
		require.LessOrEqual(m, s.score%indexBase, m.now/1000, "a job that is gone is in no index")
	}
	if s.score != 0 {
		require.NotZero(m, s.indexEnds, "an index without TTL")
	}
}
