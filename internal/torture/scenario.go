package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

// scenario is one way to torture the library.
type scenario struct {
	group string // what -only names, besides the scenario itself
	name  string
	on    string  // the deployment
	share float64 // of the time, in proportion to the others
	run   func(*bench)
}

// scenarios are run in this order, as each needs the machine to itself.
var scenarios = []scenario{
	{"writes", "lost", "single", 3, lostReplies},
	{"writes", "exact", "single", 2, exactCounts},
	{"writes", "linear", "single", 4, linearSingle},
	{"writes", "linear-cluster", "cluster", 4, linearCluster},
	{"writes", "moves", "cluster", 3, moves},
	{"writes", "dead", "cluster", 4, deadMaster},
	{"writes", "dark", "cluster", 4, darkMaster},
	{"writes", "expiry", "single", 2, expiry},
	{"writes", "pair", "pair", 3, partitions},
	{"writes", "reigns", "sentinel", 3, reigns},
	{"writes", "cancels", "single", 2, cancels},
	{"watch", "watch", "single", 4, watchSingle},
	{"watch", "watch-sentinel", "sentinel", 4, watchSentinel},
	{"watch", "watch-cluster", "cluster", 4, watchCluster},
	{"limits", "limits", "single", 4, limitSingle},
	{"limits", "limits-sentinel", "sentinel", 4, limitSentinel},
	{"limits", "limits-cluster", "cluster", 4, limitCluster},
	{"jobs", "jobs", "single", 4, jobSingle},
	{"jobs", "jobs-sentinel", "sentinel", 4, jobSentinel},
	{"jobs", "jobs-cluster", "cluster", 4, jobCluster},
	{"jobs", "jobs-crash", "sentinel", 3, jobCrash},
}

// names returns what -only may name.
func names() (all []string) {
	for _, sc := range scenarios {
		if !slices.Contains(all, sc.group) {
			all = append(all, sc.group)
		}
	}
	for _, sc := range scenarios {
		if !slices.Contains(all, sc.name) { // one may have the name of its group
			all = append(all, sc.name)
		}
	}
	return all
}

func choose(s settings) (chosen []scenario) {
	for _, sc := range scenarios {
		named := len(s.only) == 0 || slices.Contains(s.only, sc.group) || slices.Contains(s.only, sc.name)
		if named && (len(s.on) == 0 || slices.Contains(s.on, sc.on)) {
			chosen = append(chosen, sc)
		}
	}
	return chosen
}

// bench is what a scenario works with.
type bench struct {
	tb     redistest.TB
	out    *section
	counts counts
	share  time.Duration
	calls  calls
	seed   uint64
	faults faultRates
	ids    *atomic.Int64
	rands  *atomic.Uint64
	limits string        // the calls of limiters that are made, of limitCallsNamed
	jobs   string        // the calls of trackers that are made, of jobCallsNamed
	drain  time.Duration // how long jobs have to end once nothing is broken
	brief  bool          // in a test of the package: no waiting for what is only printed
}

func newBench(tb redistest.TB, out *section, s settings, share time.Duration) *bench {
	return &bench{
		tb: tb, out: out, counts: s.counts, share: share, calls: realCalls, seed: s.seed,
		faults: usualFaults, drain: jobDrain, ids: new(atomic.Int64), rands: new(atomic.Uint64),
	}
}

// rand returns a source of random choices that follows from the seed. Each
// goroutine has its own.
func (b *bench) rand() *rand.Rand {
	return rand.New(rand.NewPCG(b.seed, b.rands.Add(1))) //nolint:gosec // a run is to be repeatable, not secret
}

// id returns a number that no other call of the scenario has.
func (b *bench) id() int64 { return b.ids.Add(1) }

// quota says how much a scenario does: a number of things, or what it can in its
// share of the time.
type quota struct {
	n     int64
	until time.Time
	taken atomic.Int64
}

func (b *bench) quota(n int, share time.Duration) *quota {
	return &quota{n: int64(n), until: time.Now().Add(share)}
}

// take reports whether there is one more thing to do.
func (q *quota) take() bool {
	taken := q.taken.Add(1)
	if q.n > 0 {
		return taken <= q.n
	}
	return time.Now().Before(q.until)
}

// open reports whether there is more to do after so many things.
func (q *quota) open(done int64) bool {
	if q.n > 0 {
		return done < q.n
	}
	return time.Now().Before(q.until)
}

// workers runs work in so many goroutines at once until all have returned.
func (b *bench) workers(n int, work func(worker int, r *rand.Rand)) {
	var all sync.WaitGroup
	for i := range n {
		r := b.rand()
		all.Go(func() { work(i, r) })
	}
	all.Wait()
}

// background runs work beside what the caller does next. The function that it
// returns ends the context of work and waits for it.
func (b *bench) background(work func(ctx context.Context, r *rand.Rand)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	r := b.rand()
	go func() {
		defer close(done)
		work(ctx, r)
	}()
	return func() {
		cancel()
		<-done
	}
}

// pause waits for d and reports whether ctx still goes on.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// patient returns a context for a call that has all the time it needs.
func patient() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), 10*time.Second)
}

// store returns a store that may do everything, on a client that the caller
// closes.
func (b *bench) store(client redis.UniversalClient, prefix string) *state.Store {
	s, err := state.New(client, state.Options{
		Prefix: prefix, EnableSet: true, EnableRemove: true, EnableScan: true,
	})
	b.must("open a store", err)
	return s
}

// must ends the scenario if what prepares it fails. It belongs in the scenario's
// own goroutine.
func (b *bench) must(what string, err error) {
	if err != nil {
		b.tb.Fatalf("%s: %v", what, err)
	}
}

// streaming waits until what is written reaches so many replicas: up to a second
// after a replica has its copy and counts as online, a master sends it nothing.
func (b *bench) streaming(s *state.Store, replicas int) {
	ctx, cancel := patient()
	defer cancel()
	for {
		err := records.Key("streaming").Set(ctx, s, record{}, state.Replicated(replicas, time.Second))
		if !errors.Is(err, state.ErrNotReplicated) || ctx.Err() != nil {
			b.must("wait for the replicas", err)
			return
		}
	}
}

// options returns those of a client of the server, by way of addr, for a store. It
// repeats commands as go-redis does by default, which the library has to prevent.
func options(s *redistest.Server, addr string) *redis.Options {
	o := s.Options()
	o.Addr, o.MaxRetries, o.PoolSize = addr, 0, 32
	return o
}

// through returns a client of the server, by way of addr, for a store.
func (b *bench) through(s *redistest.Server, addr string) *redis.Client {
	c := redis.NewClient(options(s, addr))
	b.tb.Cleanup(func() { _ = c.Close() })
	return c
}
