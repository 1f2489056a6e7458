package jobs_test

import (
	"context"

	"github.com/stretchr/testify/require"

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

func (m *machine) worker() (int, *jobs.Tracker[string, int, string]) {
	i := m.IntN(len(m.workers))
	return i, m.workers[i]
}
