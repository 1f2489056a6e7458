package jobs_test

import (
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state/jobs"
)

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
		j := m.jobs[indexOf(found.Key)]
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
	m.lists(w, jobs.State(1+m.IntN(int(jobs.Cancelled))))
	m.tape.take()
	m.settle(-1)
}

// lists holds what a List of a state shows, and a GetMany of all jobs, against the model.
func (m *machine) lists(w *jobs.Tracker[string, int, string], state jobs.State) {
	want, got := map[string]bool{}, map[string]bool{}
	var names []string
	for i, j := range m.jobs {
		names = append(names, keyOf(i))
		if j.there && j.State == state {
			want[keyOf(i)] = true
		}
	}
	for l, err := range w.List(m.ctx, state) {
		require.NoError(m, err)
		require.False(m, got[l.Key], "a job comes once while nothing moves")
		got[l.Key] = true
		m.shows(m.jobs[indexOf(l.Key)], l.Status)
	}
	require.Equal(m, want, got)
	all, err := w.GetMany(m.ctx, names...)
	require.NoError(m, err)
	for i, j := range m.jobs {
		if !j.there {
			require.Zero(m, all[i].State)
			continue
		}
		m.shows(j, all[i])
	}
}
