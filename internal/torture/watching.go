package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

const (
	watchedKeys = 15
	// Of each key there are so many watchers, and one more of the first that is slow.
	watchersOfKey = 3
	// Of the family there are so many, and one more of half of it.
	watchersOfAll = 3

	// Connections are broken for a while, and then nothing is for another.
	breakTime = 3 * time.Second
	calmTime  = 1500 * time.Millisecond
	killPace  = 100 * time.Millisecond

	// watchesBegin is how long it may take until all watchers were shown something.
	watchesBegin = 20 * time.Second
	// standLimit is how long the connections may take to come back in the end.
	standLimit = 10 * time.Second
	// showLimit is how long after that a watcher may not yet show what is stored.
	showLimit = time.Second
)

// watching is a run of watchers beside writers, while the connections that the
// watchers' store hears by are killed.
type watching struct {
	*bench
	name  string
	lossy bool // what was acknowledged may be lost in a failover
	// The watchers have a store of their own, so that its connections are.
	writes, reads *state.Store
	killer        *killer
	// act breaks something else, in the given round, and returns when it is mended.
	act func(ctx context.Context, round int, r *rand.Rand) error

	keys       []*numbered
	spectators []*spectator
	calm       calm
	doubts     atomic.Int64 // failovers under way
	ending     atomic.Bool
	awake      context.Context // ends when the slow are to hurry
	wake       context.CancelFunc

	kills, acts, events, gaps, repeats atomic.Int64
	silent, failed, worst, refused     atomic.Int64
	odd                                *complaints
}

func (b *bench) watching(name string, writes, reads redis.UniversalClient, nodes []*redistest.Server) *watching {
	w := &watching{bench: b, name: name, writes: b.store(writes, "watch:"), reads: b.store(reads, "watch:"), killer: b.killer(nodes), odd: newComplaints()}
	w.awake, w.wake = context.WithCancel(context.Background())
	w.calm.end()
	for i := range watchedKeys {
		half, id := []string{"a", "b"}[i%2], fmt.Sprintf("key%d", i)
		w.keys = append(w.keys, &numbered{key: seen.Key(half, id), text: half + id})
	}
	for i, k := range w.keys {
		for range watchersOfKey {
			w.follow(k, false)
		}
		if i == 0 {
			w.follow(k, true)
		}
	}
	for range watchersOfAll {
		w.followAll(w.keys)
	}
	var half []*numbered
	for i := 0; i < len(w.keys); i += 2 {
		half = append(half, w.keys[i])
	}
	w.followAll(half, "a")
	return w
}

func (w *watching) spectator(keys ...*numbered) *spectator {
	p := &spectator{watching: w, keys: map[recordKey]*numbered{}, trails: map[recordKey]*trail{}, last: map[recordKey]scene{}}
	for _, k := range keys {
		p.keys[k.key] = k
	}
	w.spectators = append(w.spectators, p)
	return p
}

func (w *watching) follow(k *numbered, slow bool) {
	p := w.spectator(k)
	p.slow = slow
	p.watch = func(ctx context.Context, show func(recordKey, state.Event[record], error)) {
		for e, err := range w.calls.watch(ctx, w.reads, k.key) {
			show(k.key, e, err)
		}
	}
}

func (w *watching) followAll(keys []*numbered, fixed ...any) {
	w.spectator(keys...).watch = func(ctx context.Context, show func(recordKey, state.Event[record], error)) {
		for e, err := range w.calls.watchAll(ctx, w.reads, fixed...) {
			show(e.Key, e.Event, err)
		}
	}
}

// run has watchers watch and writers write until the share of the time is over, and
// compares what the watchers have shown last with what is stored.
func (w *watching) run(share time.Duration) (stale int64) {
	defer w.wake()
	r := w.rand()
	for _, k := range w.keys {
		w.must("store a first value", w.first(k))
	}
	watch, unwatch := context.WithCancel(context.Background())
	var watchers, writers sync.WaitGroup
	defer watchers.Wait()
	defer unwatch()
	for _, p := range w.spectators {
		watchers.Go(func() { p.attend(watch) })
	}
	w.await()
	write, stop := context.WithCancel(context.Background())
	defer writers.Wait()
	defer stop()
	for _, k := range w.keys {
		r := w.rand()
		writers.Go(func() { w.write(write, k, r) })
	}
	w.upset(share, r)
	stop()
	writers.Wait()
	w.ending.Store(true)
	w.wake()
	return w.settle()
}

// first stores a value, so that each watcher begins with one.
func (w *watching) first(k *numbered) error {
	ctx, cancel := patient()
	defer cancel()
	n := k.diary.begin(storing, hour)
	err := k.key.Set(ctx, w.writes, record{N: n, Key: k.text})
	k.diary.end(done, now())
	return err
}

// await waits until all watchers have begun.
func (w *watching) await() {
	limit := time.Now().Add(watchesBegin)
	for _, p := range w.spectators {
		for !p.begun() {
			if time.Now().After(limit) {
				w.out.fail("a watch does not begin within %v", watchesBegin)
				return
			}
			time.Sleep(time.Millisecond)
		}
	}
}

// write is the one writer of a key, as fast as it can.
func (w *watching) write(ctx context.Context, k *numbered, r *rand.Rand) {
	for ctx.Err() == nil {
		if err := k.one(w.writes, r, func() bool { return w.doubts.Load() > 0 }); err != nil {
			w.refused.Add(1)
			w.odd.add("a write", err)
			pause(ctx, 10*time.Millisecond)
		}
	}
}

// doubtful runs what may lose acknowledged writes.
func (w *watching) doubtful(f func() error) error {
	w.doubts.Add(1)
	defer w.doubts.Add(-1)
	return f()
}

// upset breaks connections, and more, for a share of the time.
func (w *watching) upset(share time.Duration, r *rand.Rand) {
	ctx := context.Background()
	q := w.quota(0, share)
	breaks, rests := min(breakTime, share/3), min(calmTime, max(share/6, 2*aftermath))
	for round := 0; q.open(0); round++ {
		w.calm.end()
		done := w.background(func(ctx context.Context, r *rand.Rand) {
			if err := w.act(ctx, round, r); err != nil {
				w.odd.add("to break something", err)
				return
			}
			w.acts.Add(1)
		})
		acted := make(chan struct{})
		go func() {
			defer close(acted)
			time.Sleep(breaks)
			done()
		}()
		for over := false; !over; {
			if w.killer.one(ctx, r) {
				w.kills.Add(1)
			}
			select {
			case <-acted:
				over = true
			case <-time.After(killPace):
			}
		}
		w.calm.begin()
		time.Sleep(rests)
		for _, p := range w.spectators {
			p.overdue()
		}
	}
	w.calm.end()
}

// settle breaks all connections once more and waits until each watcher shows what is
// stored, for as long as that may take.
func (w *watching) settle() (stale int64) {
	ctx := context.Background()
	over := time.Now()
	killed := w.killer.all(ctx)
	w.kills.Add(killed)
	for limit := over.Add(standLimit); time.Now().Before(limit) && w.killer.standing(ctx) < killed; {
		time.Sleep(time.Millisecond)
	}
	stand := time.Now()
	for {
		// The values that are read are younger than the time that is left to show them.
		at := time.Now()
		if stale = w.stale(); stale == 0 || at.Sub(stand) > showLimit {
			w.out.set("reconnect_ms_"+w.name, stand.Sub(over).Milliseconds())
			w.out.set("settle_ms_"+w.name, time.Since(stand).Milliseconds())
			return stale
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// stale counts what watchers show and is not stored.
func (w *watching) stale() (n int64) {
	stored := map[recordKey]scene{}
	for _, k := range w.keys {
		ctx, cancel := patient()
		e, err := state.GetEntry(ctx, w.writes, k.key)
		cancel()
		if err != nil && !errors.Is(err, state.ErrNotFound) {
			w.odd.add("read in the end", err)
			return int64(len(w.spectators))
		}
		stored[k.key] = sceneOf(e.Token, e.TTL)
	}
	for _, p := range w.spectators {
		n += p.stale(stored)
	}
	return n
}

// tell reports what came of it.
func (w *watching) tell(stale int64) {
	var changes int64
	for _, k := range w.keys {
		changes += k.diary.all()
	}
	w.out.ops(changes)
	w.out.watched(watchTotals{int64(len(w.spectators)), changes, w.kills.Load(), stale, w.silent.Load(), w.worst.Load() / int64(time.Millisecond)})
	set := func(name string, value any) { w.out.set(name+"_"+w.name, value) }
	set("watchers", len(w.spectators))
	set("changes", changes)
	set("kills", w.kills.Load())
	set("stale_at_end", stale)
	set("silent_misses", w.silent.Load())
	set("watches_failed", w.failed.Load())
	set("max_lag_ms", w.worst.Load()/int64(time.Millisecond))
	set("watch_events", w.events.Load())
	set("watch_gaps", w.gaps.Load())
	set("watch_repeats", w.repeats.Load())
	set("watch_acts", w.acts.Load())
	set("write_errors", w.refused.Load())
	w.odd.tell(w.bench)
}
