package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

const (
	deadTags = 48
	// deadPace is the time between two calls of the library, and between two of
	// go-redis.
	deadPace = 5 * time.Millisecond
	// drain is how long after its death the last replies of a server may need
	// to get through the proxy.
	drain = 50 * time.Millisecond
	// slowness holds the replies to writes until the master goes, so that some are
	// under way then.
	slowness = 300 * time.Millisecond
	// recoveryLimit bounds how long the library is waited for.
	recoveryLimit = 20 * time.Second
	// plainCap bounds how long go-redis is waited for.
	plainCap = 15 * time.Second
)

// death is a run of calls to a Cluster of which one master goes.
type death struct {
	*bench
	cluster *redistest.Cluster
	proxies *redistest.ProxySet
	store   *state.Store
	names   [deadTags]string
	lost    [deadTags]bool // keys of the master that goes
	slow    atomic.Bool

	mu      sync.Mutex
	wire    map[int64]*redistest.Server // where a call's write last went to
	results []result
	odd     *complaints
}

// result is a call that has returned.
type result struct {
	id         int64
	tag        int
	begun, end time.Time
	write      bool
	err        error
}

// answered reports whether the caller knows what happened.
func (r *result) answered() bool { return r.err == nil || errors.Is(r.err, state.ErrNotFound) }

func (r *result) unknown() bool { return errors.Is(r.err, state.ErrUnknownOutcome) }

func newDeath(b *bench) *death {
	c := redistest.StartCluster(b.tb, 3, 1)
	d := &death{bench: b, cluster: c, proxies: redistest.Proxies(b.tb, c.Nodes()), wire: map[int64]*redistest.Server{}, odd: newComplaints()}
	d.store = b.store(b.clusterClient(c, d.proxies), "dead:")
	for _, s := range c.Nodes() {
		d.proxies.Of(s).SetFault(func(request []string) redistest.Fault {
			if _, write := writeOf(request); write {
				if id, ok := callOf(request); ok {
					d.mu.Lock()
					d.wire[id] = s
					d.mu.Unlock()
					if d.slow.Load() {
						return redistest.Pass.Delayed(slowness)
					}
				}
			}
			return redistest.Pass
		})
	}
	for i := range deadTags {
		name, err := d.key(i).Name(d.store)
		b.must("name a key", err)
		d.names[i] = name
		ctx, cancel := patient()
		b.must("store a value", d.key(i).Set(ctx, d.store, record{}))
		cancel()
	}
	return d
}

func (d *death) key(i int) recordKey { return tagged.Key(fmt.Sprintf("t%d", i), "k") }

// victim returns the master that is to go.
func (d *death) victim() (victim *redistest.Server) {
	var owners [deadTags]*redistest.Server
	for i, name := range d.names {
		owner, err := d.cluster.Owner(name)
		d.must("find an owner", err)
		owners[i] = owner
	}
	victim = owners[d.rand().IntN(deadTags)]
	for i, owner := range owners {
		d.lost[i] = owner == victim
	}
	return victim
}

// one makes one call and notes its result.
func (d *death) one(i int) {
	r := result{id: d.id(), tag: i % deadTags, begun: time.Now()}
	ctx, cancel := patient()
	defer cancel()
	switch (i + i/deadTags) % 4 { // each time round, another call for each key
	case 0, 2:
		_, r.err = d.calls.get(ctx, d.store, d.key(r.tag))
	case 1:
		r.write = true
		_, r.err = d.calls.update(ctx, d.store, d.key(r.tag), func(v *record) error {
			v.N, v.By = v.N+1, token(r.id)
			return nil
		})
	default:
		r.write = true
		r.err = d.calls.set(ctx, d.store, d.key(r.tag), record{N: r.id, By: token(r.id)})
	}
	r.end = time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.results = append(d.results, r)
}

// load makes calls at a steady pace until ctx ends, and returns when all have
// returned.
func load(ctx context.Context, one func(i int)) {
	var all sync.WaitGroup
	defer all.Wait()
	tick := time.NewTicker(deadPace)
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			all.Go(func() { one(i) })
		}
	}
}

// onWire returns how many writes were forwarded to the server and are not
// answered.
func (d *death) onWire(s *redistest.Server) (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	known := map[int64]bool{}
	for i := range d.results {
		if !d.results[i].unknown() {
			known[d.results[i].id] = true
		}
	}
	for id, at := range d.wire {
		if at == s && !known[id] {
			n++
		}
	}
	return n
}

// recovered returns when a call was first answered that began after the death and
// needs the successor.
func (d *death) recovered(death time.Time) (first time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for i := range d.results {
		r := &d.results[i]
		if r.answered() && d.lost[r.tag] && r.begun.After(death) && (first.IsZero() || r.end.Before(first)) {
			first = r.end
		}
	}
	return first
}

// after returns what the calls came to that ended after the death.
func (d *death) after(death time.Time) (visible, unknown int) {
	for i := range d.results {
		r := &d.results[i]
		switch {
		case r.end.Before(death), r.answered():
		case r.unknown():
			unknown++
		default:
			visible++
			d.odd.add("after the death", r.err)
		}
	}
	return visible, unknown
}

// outcome is what a run with a death came to.
type outcome struct {
	visible, unknown, wire int
	recovery               time.Duration
	promotion              time.Duration
	calls                  int
}

// die has a master go under load, and returns what callers noticed.
func (d *death) die(kill func(*redistest.Server) error) (o outcome) {
	victim := d.victim()
	rival := newRival(d)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		load(ctx, d.one)
	}()
	rival.start(ctx)
	d.slow.Store(true)
	defer func() { // also if something below gives up
		cancel()
		<-done
	}()
	time.Sleep(max(d.share/5, 300*time.Millisecond))

	d.slow.Store(false)
	death := time.Now()
	rival.died(death)
	d.must("end a master", kill(victim))
	time.Sleep(drain)
	o.wire = d.onWire(victim)
	waiting, stop := context.WithTimeout(context.Background(), recoveryLimit)
	defer stop()
	var promoted time.Time
	for i, lost := range d.lost {
		if lost {
			var err error
			promoted, err = d.cluster.AwaitOwnerChange(waiting, d.names[i], victim)
			d.must("wait for the successor", err)
			break
		}
	}
	o.promotion = promoted.Sub(death)
	for waiting.Err() == nil && d.recovered(death).IsZero() {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(max(d.share/5, 500*time.Millisecond))
	limit := plainCap
	if !d.counts.forced() {
		limit = min(limit, max(d.share, 2*time.Second))
	}
	if !d.brief {
		rival.await(promoted, limit)
	}
	cancel()
	<-done
	rival.wait()
	if first := d.recovered(death); first.IsZero() {
		d.out.fail("no call succeeded on the successor's keys")
		o.recovery = recoveryLimit
	} else {
		o.recovery = max(0, first.Sub(promoted))
	}
	o.visible, o.unknown = d.after(death)
	o.calls = len(d.results)
	d.odd.tell(d.bench)
	rival.tell(promoted, limit)
	return o
}

// deadMaster kills a master.
func deadMaster(b *bench) {
	d := newDeath(b)
	o := d.die(func(s *redistest.Server) error {
		err := s.TryKill()
		time.Sleep(drain)
		// A port where nobody listens refuses, as that of a proxy does not.
		d.proxies.Of(s).Close()
		return err
	})
	b.out.ops(int64(o.calls))
	b.out.set("visible_errors_dead_master", o.visible)
	b.out.set("unknown_at_kill", o.unknown)
	b.out.set("writes_on_wire_at_kill", o.wire)
	b.out.set("promotion_ms", o.promotion.Milliseconds())
	b.out.set("recovery_after_promotion_ms", o.recovery.Milliseconds())
	if o.unknown > o.wire {
		b.out.fail("unknown_at_kill is %d, and must be at most writes_on_wire_at_kill, %d", o.unknown, o.wire)
	}
}

// darkMaster has a master hang and its network swallow everything, so that no
// connection to it ends.
func darkMaster(b *bench) {
	d := newDeath(b)
	o := d.die(func(s *redistest.Server) error {
		d.proxies.Of(s).Blackhole(true)
		return s.TryPause()
	})
	b.out.ops(int64(o.calls))
	b.out.set("visible_errors_blackholed", o.visible)
	b.out.set("unknown_blackholed", o.unknown)
	b.out.set("writes_on_wire_at_blackhole", o.wire)
	b.out.set("promotion_ms_blackholed", o.promotion.Milliseconds())
	b.out.set("recovery_after_promotion_ms_blackholed", o.recovery.Milliseconds())
}

// rival is the same load by go-redis alone, with the options that it has by
// default.
type rival struct {
	*death
	client *redis.ClusterClient

	mu     sync.Mutex
	killed time.Time
	over   bool
	errors int
	first  time.Time
	keys   [deadTags][]string
	done   chan struct{}
	cancel context.CancelFunc
}

func newRival(d *death) *rival {
	r := &rival{death: d, done: make(chan struct{})}
	r.client = redis.NewClusterClient(&redis.ClusterOptions{Addrs: d.cluster.Options().Addrs, Dialer: d.proxies.Dialer()})
	d.tb.Cleanup(func() { _ = r.client.Close() })
	return r
}

func (r *rival) start(ctx context.Context) {
	ctx, r.cancel = context.WithCancel(ctx)
	go func() {
		defer close(r.done)
		load(ctx, func(i int) { r.one(ctx, i) })
	}()
}

func (r *rival) one(ctx context.Context, i int) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	tag := i % deadTags
	begun := time.Now()
	var err error
	if (i+i/deadTags)%2 == 0 {
		if err = r.client.Get(ctx, fmt.Sprintf("dead:plain:{t%d}", tag)).Err(); errors.Is(err, redis.Nil) {
			err = nil
		}
	} else {
		key := fmt.Sprintf("dead:plain:{t%d}:%d", tag, i)
		r.mu.Lock()
		r.keys[tag] = append(r.keys[tag], key)
		r.mu.Unlock()
		err = r.client.Incr(ctx, key).Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.over || r.killed.IsZero():
	case err != nil:
		r.errors++
	case r.lost[tag] && begun.After(r.killed) && r.first.IsZero():
		r.first = time.Now()
	}
}

func (r *rival) died(at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.killed = at
}

func (r *rival) recovered() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.first
}

// await waits until go-redis works again, for up to limit.
func (r *rival) await(promoted time.Time, limit time.Duration) {
	for r.recovered().IsZero() && time.Since(promoted) < limit {
		time.Sleep(10 * time.Millisecond)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
}

// wait ends the load, without regard for what is under way.
func (r *rival) wait() {
	r.mu.Lock()
	r.over = true
	r.mu.Unlock()
	r.cancel()
	_ = r.client.Close() // its calls wait for replies, cancelled or not
	<-r.done
}

func (r *rival) tell(promoted time.Time, limit time.Duration) {
	end := "_" + map[bool]string{true: "dark", false: "dead"}[r.out.name == "dark"]
	r.out.set("plain_errors"+end, r.errors)
	again, err := r.duplicates()
	if err != nil {
		r.tb.Logf("count what go-redis did: %v", err)
	} else {
		r.out.set("plain_duplicates"+end, again)
	}
	if first := r.recovered(); first.IsZero() {
		r.out.set("plain_recovery_ms_capped"+end, limit.Milliseconds())
	} else {
		r.out.set("plain_recovery_ms"+end, max(0, first.Sub(promoted)).Milliseconds())
	}
}

// duplicates returns how many counters, each for one INCR, are above 1. It asks
// the owners directly, as a new client might ask the node that is gone.
func (r *rival) duplicates() (n int, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	clients := map[*redistest.Server]*redis.Client{}
	for tag, name := range r.names {
		owner, err := r.cluster.Owner(name)
		if err != nil {
			return n, err
		}
		if clients[owner] == nil {
			clients[owner] = owner.Client(r.tb)
		}
		for _, key := range r.keys[tag] {
			v, err := clients[owner].Get(ctx, key).Int64()
			if err != nil && !errors.Is(err, redis.Nil) {
				return n, err
			}
			if v > 1 {
				n++
			}
		}
	}
	return n, nil
}
