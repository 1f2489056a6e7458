package main

import (
	"context"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/state"
)

const (
	stalledKeys   = 32
	stalledWrites = 100_000
	stalledBytes  = 4096
	warmWrites    = 2000
	heapPace      = 200 * time.Millisecond
)

// stall has two consumers stall, one of a key and one of all, while large values are
// written to what they watch, and looks at what that costs in memory. A watcher that
// kept what it was not asked for would keep it all.
func (b *bench) stall(client redis.UniversalClient, share time.Duration, writes int64) {
	s := b.store(client, "stall:")
	var keys []recordKey
	for i := range stalledKeys {
		keys = append(keys, seen.Key("s", token(int64(i))))
	}
	st := &stalling{bench: b, store: s, keys: keys, hold: make(chan struct{})}
	st.write(warmWrites, time.Hour)
	watch, unwatch := context.WithCancel(context.Background())
	var watchers sync.WaitGroup
	defer watchers.Wait()
	defer unwatch()
	defer st.release()
	watchers.Go(func() {
		for _, err := range b.calls.watch(watch, s, keys[0]) {
			st.take(err)
		}
	})
	watchers.Go(func() {
		for _, err := range b.calls.watchAll(watch, s) {
			st.take(err)
		}
	})
	for limit := time.Now().Add(watchesBegin); st.taken.Load() < stalledKeys+1; time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			b.out.fail("a watch does not begin within %v", watchesBegin)
			return
		}
	}
	st.write(warmWrites, time.Hour)
	before := st.heap()
	st.stalled.Store(true)
	written := st.write(writes, share)
	values := max(0, st.most-before+stalledBytes-1) / stalledBytes
	b.out.set("stalled_writes", written)
	b.out.buffered(values)
	b.out.ops(written)
}

// stalling is a run of writers whose watchers take nothing.
type stalling struct {
	*bench
	store *state.Store
	keys  []recordKey

	taken   atomic.Int64
	stalled atomic.Bool
	once    sync.Once
	hold    chan struct{}

	gate sync.RWMutex // writers stand still while the heap is looked at
	most int64
}

// take is what a consumer does with an event.
func (s *stalling) take(error) {
	if s.taken.Add(1); s.stalled.Load() {
		<-s.hold
	}
}

func (s *stalling) release() { s.once.Do(func() { close(s.hold) }) }

// write writes so many values, or for so long, and looks at the heap meanwhile.
func (s *stalling) write(n int64, share time.Duration) (written int64) {
	q := s.quota(0, share)
	stop := s.background(func(ctx context.Context, _ *rand.Rand) {
		for pause(ctx, heapPace) {
			s.most = max(s.most, s.heap())
		}
	})
	s.most = 0
	padding := strings.Repeat("x", stalledBytes-64)
	var count atomic.Int64
	s.workers(len(s.keys), func(i int, _ *rand.Rand) {
		for count.Add(1) <= n && q.open(0) {
			s.gate.RLock()
			ctx, cancel := patient()
			if err := s.keys[i].Set(ctx, s.store, record{N: s.id(), By: padding}); err != nil {
				s.out.fail("a write beside a stalled watcher: %v", err)
			}
			cancel()
			s.gate.RUnlock()
		}
	})
	stop()
	s.most = max(s.most, s.heap())
	return min(count.Load(), n)
}

// heap returns how many bytes are in use while nobody writes.
func (s *stalling) heap() int64 {
	s.gate.Lock()
	defer s.gate.Unlock()
	time.Sleep(5 * time.Millisecond) // what is on its way comes
	var m runtime.MemStats
	runtime.GC() // and once more, as pools keep what they have for one round
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
