//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9/logging"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

// TestMain lets more tests run at once than there are processors: most of their
// time is that of a cluster which waits for a master that is gone.
//
// It may be a worker of one of them, too.
func TestMain(m *testing.M) {
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	logging.Disable()
	brokenLimiters()
	brokenTrackers()
	if isWorker() {
		os.Exit(work(os.Stdin, os.Stdout, os.Stderr))
	}
	if isJobWorker() {
		os.Exit(workOnJobs(os.Stdin, os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// briefly runs a scenario for a short time and returns what it reports.
func briefly(t *testing.T, sc func(*bench), share time.Duration, change func(*bench)) (rep *report, figures map[string]string) {
	t.Helper()
	redistest.Require(t)
	var out bytes.Buffer
	rep = newReport(&out)
	section := rep.section("brief")
	b := newBench(t, section, settings{seed: 1}, share)
	b.brief = true
	if change != nil {
		change(b)
	}
	sc(b)
	section.close()
	rep.totals()
	figures = map[string]string{}
	for line := range strings.Lines(out.String()) {
		name, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		require.True(t, ok, line)
		require.NotContains(t, figures, name, "it is printed twice")
		figures[name] = value
	}
	return rep, figures
}

// noticed runs a scenario that something is wrong with until a run breaks all of these figures. Each
// is twice as long as the one before, since a loaded machine may do too little in a short one.
func noticed(t *testing.T, sc func(*bench), share time.Duration, change func(*bench), broke ...string) (rep *report, figures map[string]string) {
	t.Helper()
	for range 5 {
		rep, figures = briefly(t, sc, share, change)
		if !slices.ContainsFunc(broke, func(figure string) bool { return !broken(rep, figure) }) {
			return rep, figures
		}
		share *= 2
	}
	assert.Fail(t, "not noticed", "of %v there is only %v", broke, rep.broken)
	return rep, figures
}

// documented checks that doc.go tells of each figure.
func documented(t *testing.T, figures map[string]string) {
	t.Helper()
	doc, err := os.ReadFile("doc.go")
	require.NoError(t, err)
	words := map[string]bool{}
	for _, w := range strings.FieldsFunc(string(doc), func(r rune) bool { return strings.ContainsRune(" \n,.:;", r) }) {
		words[w] = true
	}
	for name := range figures {
		assert.True(t, words[name], "doc.go does not tell of %s", name)
	}
}

// broken is what a report says that one invariant did not hold.
func broken(rep *report, figure string) bool {
	for _, why := range rep.broken {
		if strings.Contains(why, figure) {
			return true
		}
	}
	return false
}

// idleLimiters says that limiters had less to do than they could.
func idleLimiters(why string) bool {
	return strings.Contains(why, "utilisation") || strings.Contains(why, "admitted_over") && strings.Contains(why, " is 0.")
}

// untimely are figures that need a machine which keeps time: writes that are counted a moment
// before a kill, and workers that are late.
var untimely = []string{"late_returns", "recovery_", "unknown_at_kill", "stale_refused"}

func TestScenarios(t *testing.T) {
	redistest.Require(t)
	for _, sc := range scenarios {
		t.Run(sc.name, func(t *testing.T) {
			if sc.name != "cancels" { // which counts all goroutines of the process
				t.Parallel()
			}
			for share := 700 * time.Millisecond; ; share *= 2 {
				rep, figures := briefly(t, sc.run, share, func(b *bench) {
					b.out.name = sc.name
					b.faults.jobs = 0.5 // a storm is short
				})
				documented(t, figures)
				// Where all scenarios share the machine, nothing is on time.
				wrong := slices.DeleteFunc(slices.Clone(rep.broken), func(why string) bool {
					return idleLimiters(why) || slices.ContainsFunc(untimely, func(figure string) bool { return strings.Contains(why, figure) })
				})
				little := func(why string) bool { return strings.Contains(why, "must be at least") }
				if len(wrong) > 0 && !slices.ContainsFunc(wrong, func(why string) bool { return !little(why) }) && share < 5*time.Second {
					continue // it has only done too little
				}
				assert.Empty(t, wrong)
				return
			}
		})
	}
}

func TestCommandLine(t *testing.T) {
	var errs bytes.Buffer
	assert.Equal(t, exitOK, run([]string{"-h"}, io.Discard, &errs))
	assert.Contains(t, errs.String(), "-partitions")
	for _, args := range [][]string{
		{"-on", "nowhere"}, {"-only", "watch,nothing"}, {"-for", "0s"}, {"-for", "x"}, {"-lost", "-1"}, {"more"}, {"-nothing"},
	} {
		var out, errs bytes.Buffer
		assert.Equal(t, exitUsage, run(args, &out, &errs), args)
		assert.NotEmpty(t, errs.String(), args)
		assert.Empty(t, out.String(), args)
	}
	t.Setenv("PATH", "")
	errs.Reset()
	var out bytes.Buffer
	assert.Equal(t, exitBroken, run([]string{"-seed", "7"}, &out, &errs))
	assert.Contains(t, out.String(), "seed=7\n")
	assert.Contains(t, errs.String(), "apt-get install redis-server")
}

func TestAScenarioThatBreaksOffIsAFailure(t *testing.T) {
	t.Parallel()
	var errs bytes.Buffer
	var cleaned []int
	assert.False(t, guarded(&errs, "x", func(tb *programTB) {
		tb.Cleanup(func() { cleaned = append(cleaned, 1) })
		dir := tb.TempDir()
		tb.Cleanup(func() {
			cleaned = append(cleaned, 2)
			_, err := os.Stat(dir)
			assert.NoError(t, err)
			tb.Cleanup(func() { cleaned = append(cleaned, 3) })
		})
		tb.Fatalf("it is %s", "broken")
	}))
	assert.Equal(t, []int{2, 3, 1}, cleaned)
	assert.Contains(t, errs.String(), "torture: x: it is broken")
}

func TestBounds(t *testing.T) {
	t.Parallel()
	rep := newReport(io.Discard)
	s := rep.section("s")
	s.set("known_share", 0.95)
	s.set("linearizable", true)
	s.set("recovery_after_promotion_ms", int64(1000))
	s.set("unreported", 0)
	s.set("no_bound", "x")
	s.close()
	assert.Empty(t, rep.broken)
	s.set("known_share", 0.94)
	s.set("linearizable", false)
	s.set("recovery_after_promotion_ms", int64(1001))
	s.set("unreported", 1)
	s.set("confirmed", int64(0))
	s.close()
	assert.Equal(t, []string{
		"s: known_share is 0.94, and must be from 0.95 to 1",
		"s: linearizable is false, and must be 1",
		"s: recovery_after_promotion_ms is 1001, and must be at most 1000",
		"s: unreported is 1, and must be 0",
		"s: confirmed is 0, and must be at least 1",
	}, rep.broken)
}

func TestRequestsAreRecognized(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		request string
		key     string
		id      int64
	}{
		{"SET lost:rec:call12zk0 {} PX 5", "lost:rec:call12zk0", 12},
		{`SET k {"by":"call7z"}`, "k", 7},
		{"GET call1z", "", 1},
		{"EVALSHA sha 1 k", "", 0},
		{"EVALSHA sha 2 k receipt", "", 0},
		{"EVALSHA sha 1 k a b call3z", "k", 3},
		{"UNLINK acall call calls call1 call4z", "acall", 4},
		{"EVALSHA sha x k", "", 0},
		{"PEXPIRE", "", 0},
	} {
		request := strings.Fields(c.request)
		key, _ := writeOf(request)
		id, _ := callOf(request)
		assert.Equal(t, c.key, key, c.request)
		assert.Equal(t, c.id, id, c.request)
	}
}

// The tests below put a broken call in the place of one of the library, and see
// that the scenario notices.

// blind is an update that is not atomic.
func blind(ctx context.Context, s *state.Store, k recordKey, change func(*record) error, _ ...state.UpdateOption) (record, error) {
	v, err := k.Get(ctx, s)
	if err != nil {
		return v, err
	}
	if err := change(&v); err != nil {
		return v, err
	}
	return v, k.Set(ctx, s, v)
}

// stubborn is an update that is repeated when its outcome is unknown.
func stubborn(ctx context.Context, s *state.Store, k recordKey, change func(*record) error, opts ...state.UpdateOption) (v record, err error) {
	for range attempts {
		if v, err = state.Update(ctx, s, k, change, opts...); !errors.Is(err, state.ErrUnknownOutcome) {
			return v, err
		}
	}
	return v, err
}

func TestLostRepliesThatAreSentAgainAreNoticed(t *testing.T) {
	t.Parallel()
	noticed(t, lostReplies, 700*time.Millisecond, func(b *bench) {
		b.calls.set = func(ctx context.Context, s *state.Store, k recordKey, v record, opts ...state.SetOption) error {
			err := k.Set(ctx, s, v, opts...)
			if errors.Is(err, state.ErrUnknownOutcome) && ctx.Err() == nil {
				return k.Set(ctx, s, v, opts...)
			}
			return err
		}
	}, "duplicates", "unreported")
}

func TestWrongCountsAreNoticed(t *testing.T) {
	t.Parallel()
	noticed(t, exactCounts, time.Second, func(b *bench) {
		b.calls.update = func(ctx context.Context, s *state.Store, k recordKey, change func(*record) error, _ ...state.UpdateOption) (record, error) {
			return state.Update(ctx, s, k, change) // without its id
		}
	}, "exact_count_errors")
}

func TestAnswersThatAreWrongAreNoticed(t *testing.T) {
	t.Parallel()
	redistest.Require(t)
	e := &exact{bench: newBench(t, nil, settings{}, 0), odd: newComplaints()}
	assert.False(t, e.repeat(func(context.Context) error { return state.ErrExists }, state.ErrExists))
	assert.Equal(t, int64(1), e.wrong.Load())
	assert.False(t, e.repeat(func(context.Context) error { return errors.New("always") }, state.ErrExists))
	assert.Equal(t, int64(1), e.gaveUp.Load())
}

func TestUpdatesThatAreNotAtomicAreNoticed(t *testing.T) {
	t.Parallel()
	noticed(t, linearSingle, 700*time.Millisecond, func(b *bench) { b.calls.update = blind }, "linearizable", "lost_updates")
}

func TestIncrementsThatAreAppliedAgainAreNoticed(t *testing.T) {
	t.Parallel()
	noticed(t, linearSingle, 1500*time.Millisecond, func(b *bench) {
		b.calls.update, b.faults.linear = stubborn, 0.05
	}, "linearizable", "duplicates")
}

func TestARunThatKnowsTooLittleIsNoticed(t *testing.T) {
	t.Parallel()
	noticed(t, linearSingle, 700*time.Millisecond, func(b *bench) { b.faults.linear = 0.3 }, "known_share")
}

func TestAReadOfAnOldValueIsNoticed(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	old := map[recordKey]record{}
	noticed(t, linearSingle, 700*time.Millisecond, func(b *bench) {
		b.calls.get = func(ctx context.Context, s *state.Store, k recordKey) (record, error) {
			mu.Lock()
			defer mu.Unlock()
			if v, known := old[k]; known {
				return v, nil
			}
			v, err := k.Get(ctx, s)
			if err == nil {
				old[k] = v
			}
			return v, err
		}
	}, "linearizable")
}

func TestJournalsThatAreWrongAreNoticed(t *testing.T) {
	t.Parallel()
	redistest.Require(t)
	b := newBench(t, nil, settings{}, 0)
	m := &moving{bench: b, store: b.store(redistest.Start(t).Client(t), "moves:"), odd: newComplaints(), current: make([]*journal, 1)}
	m.renew(0)
	j := m.current[0]
	j.acked, j.both = []int64{11, 12, 13, 14}, []int64{13, 14}
	require.NoError(t, j.key.Set(t.Context(), m.store, record{Log: []int64{11, 12, 12, 13, 14}}))
	require.NoError(t, m.beside(j.key).Set(t.Context(), m.store, record{Log: []int64{13, 14}}))
	lost, again, torn, ghosts := m.compare()
	assert.Equal(t, []int64{0, 1, 0, 0}, []int64{lost, again, torn, ghosts})
	require.NoError(t, j.key.Set(t.Context(), m.store, record{Log: []int64{11, 13, 15}}))
	lost, again, torn, ghosts = m.compare()
	assert.Equal(t, []int64{2, 0, 1, 1}, []int64{lost, again, torn, ghosts})
	m.settle("x", errors.New("an error"))
	m.settle("x", state.ErrUnknownOutcome)
	m.settle("x", state.ErrConflict)
	assert.Equal(t, int64(1), m.visible.Load())
}

func TestADeathThatCallersNoticeIsNoticed(t *testing.T) {
	t.Parallel()
	const slow = 1200 * time.Millisecond
	noticed(t, deadMaster, 700*time.Millisecond, func(b *bench) {
		b.calls.get = func(ctx context.Context, s *state.Store, k recordKey) (record, error) {
			ctx, cancel := context.WithTimeout(ctx, time.Second) // not what the caller gave it
			defer cancel()
			v, err := k.Get(ctx, s)
			time.Sleep(slow)
			return v, err
		}
		b.calls.update = func(ctx context.Context, s *state.Store, k recordKey, change func(*record) error, opts ...state.UpdateOption) (record, error) {
			v, err := state.Update(ctx, s, k, change, opts...)
			time.Sleep(slow)
			return v, err
		}
		b.calls.set = func(context.Context, *state.Store, recordKey, record, ...state.SetOption) error {
			return state.ErrUnknownOutcome
		}
	}, "visible_errors_dead_master", "unknown_at_kill", "recovery_after_promotion_ms")
}

func TestKeysThatOutliveTheirTTLAreNoticed(t *testing.T) {
	t.Parallel()
	noticed(t, expiry, 700*time.Millisecond, func(b *bench) {
		b.calls.update = func(ctx context.Context, s *state.Store, k recordKey, _ func(*record) error, _ ...state.UpdateOption) (record, error) {
			v, err := k.Get(ctx, s)
			if err != nil {
				return v, err
			}
			name, err := k.Name(s)
			if err != nil {
				return v, err
			}
			time.Sleep(2 * time.Millisecond)
			// What Redis does where there is no TTL left to keep.
			return v, s.Client().Do(ctx, "SET", name, `{"n":0}`, "KEEPTTL").Err()
		}
	}, "immortal_keys")
}

func TestValuesThatComeBackAreNoticed(t *testing.T) {
	t.Parallel()
	rep, _ := noticed(t, expiry, 700*time.Millisecond, func(b *bench) { b.calls.update = blind }, "resurrections")
	assert.False(t, broken(rep, "immortal_keys"), rep.broken)
}

func TestConfirmationsThatAreNoneAreNoticed(t *testing.T) {
	t.Parallel()
	noticed(t, partitions, 700*time.Millisecond, func(b *bench) {
		b.calls.set = func(ctx context.Context, s *state.Store, k recordKey, v record, _ ...state.SetOption) error {
			return k.Set(ctx, s, v)
		}
	}, "confirmed_lost", "confirmed_while_cut")

	noticed(t, partitions, 200*time.Millisecond, func(b *bench) {
		b.calls.set = func(context.Context, *state.Store, recordKey, record, ...state.SetOption) error {
			return state.ErrNotReplicated
		}
	}, "confirmed is 0")
}

// It is not parallel, as it counts all goroutines of the process.
func TestCallsThatDoNotLetGoAreNoticed(t *testing.T) {
	end := make(chan struct{})
	t.Cleanup(func() { close(end) })
	noticed(t, cancels, 1500*time.Millisecond, func(b *bench) {
		b.calls.get = func(ctx context.Context, s *state.Store, k recordKey) (record, error) {
			go func() { <-end }()
			_, err := k.Get(ctx, s)
			time.Sleep(600 * time.Millisecond)
			return record{Key: "value0"}, err
		}
		b.calls.update = func(ctx context.Context, _ *state.Store, _ recordKey, _ func(*record) error, _ ...state.UpdateOption) (record, error) {
			time.Sleep(600 * time.Millisecond)
			return record{}, ctx.Err()
		}
	}, "wrong_replies", "goroutines_leaked", "late_returns")
}

func TestTheClockExcusesWhatTheMachineDid(t *testing.T) {
	t.Parallel()
	at := func(ms int) time.Time { return time.Unix(0, 0).Add(time.Duration(ms) * time.Millisecond) }
	c := &clock{slips: []slip{{at(10), at(30)}, {at(50), at(60)}}}
	assert.Equal(t, 20*time.Millisecond, c.late(at(0), at(40)))
	assert.Equal(t, 15*time.Millisecond, c.late(at(25), at(100)))
	assert.Zero(t, c.late(at(30), at(50)))
	assert.Zero(t, c.late(at(60), at(100)))
}

func TestAReignIsAHistoryOfItsOwn(t *testing.T) {
	t.Parallel()
	g := &register{initial: cell{1, "a"}}
	call := func(in input, out output, from, to int64) {
		event{at: g, in: in, call: from}.note(out, to)
	}
	b, c := cell{2, "b"}, cell{3, "c"}
	call(input{kind: kindChange, base: g.initial, value: b}, output{known: true}, 1, 2)
	call(input{kind: kindChange, base: b, value: c}, output{known: true}, 3, 4)
	call(input{kind: kindGet}, output{value: b, known: true}, 6, 7) // c was lost in between
	assert.Equal(t, 1, check([]*register{g}).illegal)
	v := check(until([]*register{g}, 5))
	assert.Equal(t, verdict{operations: 2}, v)
	// What had not returned at the end may have been lost before it.
	call(input{kind: kindChange, base: c, value: cell{4, "d"}}, output{known: true}, 4, 8)
	assert.Equal(t, verdict{operations: 3}, check(until([]*register{g}, 5)))
}
