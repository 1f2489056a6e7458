package jobs_test

import (
	"context"
	"errors"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/jobs"
)

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
