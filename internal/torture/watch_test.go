//go:build unix

package main

import (
	"context"
	"iter"
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

// watches returns calls whose watches show what change leaves of each event: an event
// that it returns false for is not shown.
func watches(change func(key recordKey, e *state.Event[record]) bool) func(*bench) {
	return func(b *bench) {
		b.calls.watch = func(ctx context.Context, s *state.Store, k recordKey) iter.Seq2[state.Event[record], error] {
			return func(yield func(state.Event[record], error) bool) {
				for e, err := range state.Watch(ctx, s, k) {
					if (err != nil || change(k, &e)) && !yield(e, err) {
						return
					}
				}
			}
		}
		b.calls.watchAll = func(ctx context.Context, s *state.Store, fixed ...any) iter.Seq2[state.KeyEvent[record], error] {
			return func(yield func(state.KeyEvent[record], error) bool) {
				for e, err := range state.WatchAll(ctx, s, seen, fixed...) {
					if (err != nil || change(e.Key, &e.Event)) && !yield(e, err) {
						return
					}
				}
			}
		}
	}
}

func TestSkipsThatAreNotToldAreNoticed(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	_, figures := noticed(t, watchSingle, time.Second, watches(func(_ recordKey, e *state.Event[record]) bool {
		if e.Skipped > 0 && n.Add(1)%50 == 0 {
			e.Skipped--
		}
		return true
	}), "silent_misses_single")
	assert.Equal(t, "50", figures["watchers"])
	assert.NotEqual(t, "0", figures["changes"])
	assert.NotEqual(t, "0", figures["kills"])
}

func TestGapsThatAreNotToldAreNoticed(t *testing.T) {
	t.Parallel()
	noticed(t, watchSingle, time.Second, watches(func(_ recordKey, e *state.Event[record]) bool {
		e.Gap = false
		return true
	}), "silent_misses_single")
}

func TestWatchersThatStayBehindAreNoticed(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	rep, _ := noticed(t, watchSingle, 700*time.Millisecond, watches(func(recordKey, *state.Event[record]) bool {
		return n.Add(1) < 200
	}), "stale_at_end_single")
	assert.False(t, broken(rep, "watches_failed_single"), rep.broken)
}

func TestWatchesThatEndAreNoticed(t *testing.T) {
	t.Parallel()
	noticed(t, watchSingle, 700*time.Millisecond, func(b *bench) {
		b.calls.watch = func(ctx context.Context, s *state.Store, k recordKey) iter.Seq2[state.Event[record], error] {
			return func(yield func(state.Event[record], error) bool) {
				n := 0
				for e, err := range state.Watch(ctx, s, k) {
					if n++; n > 3 || !yield(e, err) {
						return
					}
				}
			}
		}
	}, "watches_failed_single", "stale_at_end_single")
}

// It is not parallel, as it looks at the heap of the process.
func TestWatchersThatKeepAllAreNoticed(t *testing.T) {
	redistest.Require(t)
	stalled := func(change func(*bench)) int64 {
		rep := newReport(testingWriter{t})
		b := newBench(t, rep.section("stall"), settings{seed: 1}, 0)
		if change != nil {
			change(b)
		}
		b.stall(redistest.Start(t).Client(t), time.Minute, 5000)
		return rep.buffered
	}
	assert.LessOrEqual(t, stalled(nil), int64(bounds["max_buffered"].high))
	assert.Greater(t, stalled(func(b *bench) {
		b.calls.watchAll = func(ctx context.Context, s *state.Store, fixed ...any) iter.Seq2[state.KeyEvent[record], error] {
			return ahead(ctx, state.WatchAll(ctx, s, seen, fixed...))
		}
	}), int64(bounds["max_buffered"].high))
}

// ahead takes all that there is before it is asked for it.
func ahead[E any](ctx context.Context, events iter.Seq2[E, error]) iter.Seq2[E, error] {
	return func(yield func(E, error) bool) {
		type one struct {
			e   E
			err error
		}
		var mu sync.Mutex
		var all []one
		more := make(chan struct{}, 1)
		go func() {
			for e, err := range events {
				mu.Lock()
				all = append(all, one{e, err})
				mu.Unlock()
				select {
				case more <- struct{}{}:
				default:
				}
			}
		}()
		for ctx.Err() == nil {
			mu.Lock()
			now := all
			all = nil
			mu.Unlock()
			for _, o := range now {
				if !yield(o.e, o.err) {
					return
				}
			}
			select {
			case <-more:
			case <-ctx.Done():
			}
		}
	}
}

type testingWriter struct{ t *testing.T }

func (w testingWriter) Write(p []byte) (int, error) {
	w.t.Logf("%s", p)
	return len(p), nil
}

// acknowledged is a diary of deeds that were all acknowledged at once.
func acknowledged(deeds ...deed) *diary {
	d := &diary{}
	for i, what := range deeds {
		d.begin(what, time.Duration(i+1)*time.Hour)
		d.end(done, int64(i+1))
	}
	return d
}

func TestATrailIsHeldAgainstTheDiary(t *testing.T) {
	t.Parallel()
	d := acknowledged(storing, storing, touching, storing, removing, touching, storing, fleeting, storing)
	d.end(pending, 0)
	at := func(n int64, kind state.EventKind, skipped int64) glimpse {
		g := glimpse{n: n, kind: kind, skipped: skipped}
		if n > 0 {
			g.until = d.deeds[n-1].until
		}
		return g
	}
	gap := func(g glimpse) glimpse { g.gap = true; return g }
	later := func(g glimpse, deed int) glimpse { g.until = d.deeds[deed-1].until; return g }
	const set, removed, expired = state.EventSet, state.EventRemoved, state.EventExpired
	current := at(1, state.EventCurrent, 0)
	for name, c := range map[string]struct {
		shown []glimpse
		lossy bool
		want  error
	}{
		"each":                       {[]glimpse{current, at(2, set, 0), later(at(2, set, 0), 3), at(4, set, 0), at(0, removed, 0), at(7, set, 1), at(8, set, 0), at(0, expired, 0), at(9, set, 0)}, false, nil},
		"a skip":                     {[]glimpse{current, at(4, set, 2)}, false, nil},
		"a skip that is not told":    {[]glimpse{current, at(4, set, 1)}, false, errMissed},
		"a touch at once":            {[]glimpse{current, later(at(2, set, 0), 3), at(4, set, 0)}, false, nil},
		"a touch that is not told":   {[]glimpse{current, at(2, set, 0), at(4, set, 0)}, false, errMissed},
		"a removal that is not told": {[]glimpse{at(4, state.EventCurrent, 0), at(7, set, 1)}, false, errMissed},
		"an end is not announced":    {[]glimpse{at(7, state.EventCurrent, 0), at(0, expired, 0), at(9, set, 0)}, false, errMissed},
		"too many skips do not help": {[]glimpse{current, at(4, set, 9), at(7, set, 1)}, false, errMissed},
		"a gap":                      {[]glimpse{current, gap(at(7, set, 0)), at(8, set, 0)}, false, nil},
		"a skip after a gap":         {[]glimpse{current, gap(at(4, set, 0)), at(8, set, 2)}, false, errMissed},
		"back":                       {[]glimpse{current, at(4, set, 2), at(2, set, 0)}, false, errWentBack},
		"back after a gap":           {[]glimpse{current, at(4, set, 2), gap(at(2, set, 0))}, false, errWentBack},
		"what was lost":              {[]glimpse{current, at(8, set, 6), gap(at(4, set, 0)), at(9, set, 0)}, true, nil},
		"back where none is lost":    {[]glimpse{current, at(8, set, 6), at(4, set, 0)}, true, errWentBack},
		"from nowhere":               {[]glimpse{current, {n: 10, kind: set}}, false, errUnheard},
	} {
		trail := &trail{}
		var wrong error
		for _, g := range c.shown {
			require.NoError(t, wrong, name)
			wrong = trail.see(d, g, c.lossy)
		}
		require.ErrorIs(t, wrong, c.want, name)
	}
}

func TestAGapOfTheFamilyExcusesAKeyThatWasNotThere(t *testing.T) {
	t.Parallel()
	d := acknowledged(storing, removing, storing, removing, storing)
	tr := &trail{}
	require.NoError(t, tr.see(d, glimpse{n: 1, kind: state.EventCurrent}, false))
	tr.doubt(d, false)
	require.NoError(t, tr.see(d, glimpse{kind: state.EventRemoved}, false))
	tr.doubt(d, false)
	require.NoError(t, tr.see(d, glimpse{n: 5, kind: state.EventSet}, false))

	tr = &trail{}
	require.NoError(t, tr.see(d, glimpse{n: 1, kind: state.EventCurrent}, false))
	tr.doubt(d, false)
	require.ErrorIs(t, tr.see(d, glimpse{n: 5, kind: state.EventSet}, false), errMissed)
}

func TestWhatMayNotHaveBeenDoneIsNotMissed(t *testing.T) {
	t.Parallel()
	d := acknowledged(storing)
	for _, became := range []fate{idle, doubtful} {
		d.begin(storing, time.Hour)
		d.end(became, 0)
	}
	d.begin(storing, time.Hour)
	d.end(done, 0)
	tr := &trail{}
	require.NoError(t, tr.see(d, glimpse{n: 1, kind: state.EventCurrent}, false))
	require.NoError(t, tr.see(d, glimpse{n: 4, kind: state.EventSet}, false))
}

func TestTheLagIsThatOfTheOldestChange(t *testing.T) {
	t.Parallel()
	d := acknowledged(storing, storing, storing, fleeting, storing) // acknowledged at 1 to 5
	tr := &trail{}
	assert.Equal(t, int64(1), tr.lag(d, 1, 0))
	assert.Equal(t, int64(2), tr.lag(d, 3, 0))
	assert.Equal(t, int64(math.MaxInt64), tr.lag(d, 3, 0))
	assert.Equal(t, int64(5), tr.owed(d, 0)) // as nobody knows when the fourth ended
	assert.Equal(t, int64(math.MaxInt64), tr.owed(d, 6))
	assert.Equal(t, int64(4), tr.lag(d, 0, 0))
	assert.Equal(t, int64(math.MaxInt64), tr.lag(d, 5, 6))
}

func TestScenesAreComparedByTokenAndDeadline(t *testing.T) {
	t.Parallel()
	at := time.Now()
	a := scene{token: state.Absent(), until: at}
	assert.True(t, a.same(scene{token: state.Absent(), until: at.Add(100 * time.Millisecond)}))
	assert.False(t, a.same(scene{token: state.Absent(), until: at.Add(time.Second)}))
	assert.False(t, a.same(scene{until: at}))
}

// alone returns a spectator of one key, whose writer has done those deeds, and of no
// server.
func alone(t *testing.T, d *diary) *spectator {
	t.Helper()
	w := &watching{bench: newBench(t, nil, settings{}, 0), odd: newComplaints()}
	w.calm.from.Store(math.MinInt64)
	k := &numbered{key: seen.Key("a", "key0"), text: "akey0"}
	k.diary.deeds = d.deeds
	return w.spectator(k)
}

// first is the event of the first value of that key.
func first() state.Event[record] {
	return state.Event[record]{
		EventInfo: state.EventInfo{Kind: state.EventCurrent, Found: true, TTL: time.Hour},
		Value:     record{N: 1, Key: "akey0"},
	}
}

func TestEventsThatBelongElsewhereAreNoticed(t *testing.T) {
	t.Parallel()
	p := alone(t, acknowledged(storing))
	event := first()
	p.note(seen.Key("a", "key0"), &event)
	assert.Zero(t, p.silent.Load())
	assert.Zero(t, p.repeats.Load())
	p.note(seen.Key("a", "key0"), &event)
	assert.Equal(t, int64(1), p.repeats.Load())
	p.note(seen.Key("b", "key1"), &event)
	assert.Equal(t, int64(1), p.silent.Load())
	event.Value.Key = "bkey1"
	p.note(seen.Key("a", "key0"), &event)
	assert.Equal(t, int64(2), p.silent.Load())
}

func TestAWatcherThatIsLateIsNoticed(t *testing.T) {
	t.Parallel()
	d := acknowledged(storing, storing)
	key := seen.Key("a", "key0")
	event := first()
	d.deeds[0].at, d.deeds[1].at = now(), now()-int64(time.Minute)
	p := alone(t, d)
	p.note(key, &event)
	assert.Less(t, p.worst.Load(), int64(time.Minute))
	p.overdue()
	assert.GreaterOrEqual(t, p.worst.Load(), int64(time.Minute), "what was not shown")

	slow := alone(t, d)
	slow.slow = true
	slow.note(key, &event)
	slow.overdue()
	assert.Zero(t, slow.worst.Load())

	broken := alone(t, d)
	broken.calm.end()
	broken.note(key, &event)
	broken.overdue()
	assert.Zero(t, broken.worst.Load())
}

func TestAWatcherThatShowsAnotherSceneIsStale(t *testing.T) {
	t.Parallel()
	key := seen.Key("a", "key0")
	p := alone(t, acknowledged(storing))
	assert.Equal(t, int64(1), p.stale(map[recordKey]scene{key: {}}), "a value, and nothing was shown")
	assert.Zero(t, p.stale(map[recordKey]scene{key: {token: state.Absent()}}))
	event := state.Event[record]{EventInfo: state.EventInfo{Kind: state.EventCurrent, Token: state.Absent()}}
	p.note(key, &event)
	assert.Zero(t, p.stale(map[recordKey]scene{key: {token: state.Absent()}}))
	assert.Equal(t, int64(1), p.stale(map[recordKey]scene{key: {token: state.Absent(), until: time.Now()}}))
}
