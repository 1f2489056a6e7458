package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

const (
	linearClients = 8
	// A generation of registers is in use for so many operations. Few registers
	// make for contention, and short histories for a quick check.
	generationKeys = 4
	generationOps  = 1600
)

// linear is a run of clients that work on the same few registers.
type linear struct {
	*bench
	name   string
	store  *state.Store // through proxies
	plain  *state.Store
	cancel float64 // the share of calls whose context ends early

	mu      sync.RWMutex
	current []*register
	all     []*register

	done, updates   atomic.Int64 // calls
	known, unknown  atomic.Int64
	conflicts, gone atomic.Int64 // calls that say that they did nothing
	visible         atomic.Int64 // calls that failed for no reason of the caller's
	odd             *complaints
}

// renew has the clients go on with new registers.
func (l *linear) renew() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var next []*register
	for range generationKeys {
		id := l.id()
		g := &register{key: records.Key(token(id)), initial: cell{0, token(id)}, pure: len(next) == 0}
		ctx, cancel := patient()
		err := g.key.Set(ctx, l.plain, record{N: 0, By: token(id)})
		cancel()
		if err != nil {
			return err
		}
		next = append(next, g)
	}
	l.current, l.all = next, append(l.all, next...)
	return nil
}

func (l *linear) pick(r *rand.Rand) *register {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.current[r.IntN(len(l.current))]
}

// load has the clients work until the quota is used up or ctx ends.
func (l *linear) load(ctx context.Context, q *quota) {
	if err := l.renew(); err != nil {
		l.tb.Fatalf("store the registers: %v", err)
	}
	l.workers(linearClients, func(_ int, r *rand.Rand) {
		for ctx.Err() == nil && q.open(l.updates.Load()) {
			if n := l.done.Add(1); n%generationOps == 0 {
				if err := l.renew(); err != nil {
					l.odd.add("store new registers", err)
				}
			}
			l.one(l.pick(r), r)
		}
	})
}

// hurried is the key of a value in the contexts that end early.
type hurried struct{}

// one makes one call.
func (l *linear) one(g *register, r *rand.Rand) {
	ctx, cancel := patient()
	defer cancel()
	if r.Float64() < l.cancel {
		limit := time.Duration(r.Int64N(int64(3 * time.Millisecond)))
		ctx = context.WithValue(ctx, hurried{}, true)
		if r.IntN(2) == 0 {
			timer := time.AfterFunc(limit, cancel)
			defer timer.Stop()
		} else {
			var end context.CancelFunc
			ctx, end = context.WithTimeout(ctx, limit)
			defer end()
		}
	}
	switch p := r.IntN(100); {
	case p < 25:
		l.get(ctx, g)
	case g.pure || p < 75:
		l.update(ctx, g)
	case p < 92:
		l.setIf(ctx, g)
	default:
		l.set(ctx, g)
	}
}

func (l *linear) get(ctx context.Context, g *register) {
	e := g.begin(input{kind: kindGet})
	v, err := l.calls.get(ctx, l.store, g.key)
	l.known.Add(1)
	if err != nil {
		l.failed(ctx, "Get", err)
		return
	}
	e.end(cellOf(v))
}

func (l *linear) set(ctx context.Context, g *register) {
	id := l.id()
	v := record{N: 1000 * id, By: token(id)}
	e := g.begin(input{kind: kindSet, value: cellOf(v)})
	l.settle(ctx, "Set", e, l.calls.set(ctx, l.store, g.key, v))
}

// setIf is two calls: one that reads, and one that writes if that still holds.
func (l *linear) setIf(ctx context.Context, g *register) {
	read := g.begin(input{kind: kindGet})
	entry, err := state.GetEntry(ctx, l.store, g.key)
	l.known.Add(1)
	if err != nil {
		l.failed(ctx, "GetEntry", err)
		return
	}
	read.end(cellOf(entry.Value))
	id := l.id()
	v := record{N: entry.Value.N + 1, By: token(id)}
	e := g.begin(input{kind: kindChange, base: cellOf(entry.Value), value: cellOf(v)})
	_, err = state.SetIf(ctx, l.store, g.key, entry.Token, v)
	l.settle(ctx, "SetIf", e, err)
}

func (l *linear) update(ctx context.Context, g *register) {
	id := l.id()
	l.updates.Add(1)
	e := g.begin(input{kind: kindChange})
	v, err := l.calls.update(ctx, l.store, g.key, func(v *record) error {
		e.in.base = cellOf(*v) // of the last attempt in the end
		v.N, v.By = v.N+1, token(id)
		e.in.value = cellOf(*v)
		return nil
	})
	if err == nil && cellOf(v) != e.in.value {
		l.odd.add("Update", errors.New("returned another value than it stored"))
		err = state.ErrUnknownOutcome
	}
	switch {
	case err == nil:
		g.acked.Add(1)
	case errors.Is(err, state.ErrUnknownOutcome):
		g.unknown.Add(1)
	}
	l.settle(ctx, "Update", e, err)
}

// settle notes how a write ended.
func (l *linear) settle(ctx context.Context, name string, e event, err error) {
	switch {
	case err == nil:
		l.known.Add(1)
		e.end(cell{})
	case errors.Is(err, state.ErrUnknownOutcome):
		l.unknown.Add(1)
		e.open()
	default:
		// The library says that nothing was written. If that is not so, the history
		// has a value that no call has stored.
		l.known.Add(1)
		l.failed(ctx, name, err)
	}
}

// failed counts a call that was not done.
func (l *linear) failed(ctx context.Context, name string, err error) {
	switch {
	case errors.Is(err, state.ErrConflict):
		l.conflicts.Add(1)
	case ctx.Value(hurried{}) != nil:
		l.gone.Add(1) // its caller gave up, or left no time for another attempt
	default:
		l.visible.Add(1)
		l.odd.add(l.name+" "+name, err)
	}
}

// final adds what is stored in the end to each history, as a read by a client
// that waited for all others, and compares counters with what they were told.
func (l *linear) final() (lost, again int64) {
	for _, g := range l.all {
		e := g.begin(input{kind: kindGet})
		ctx, cancel := patient()
		v, err := g.key.Get(ctx, l.plain)
		cancel()
		if err != nil {
			l.odd.add("read a register in the end", err)
			lost++
			continue
		}
		e.end(cellOf(v))
		if g.pure {
			lost += max(0, g.acked.Load()-v.N)
			again += max(0, v.N-g.acked.Load()-g.unknown.Load())
		}
	}
	return lost, again
}

// judge checks the histories and reports.
func (l *linear) judge() {
	lost, again := l.final()
	begun := time.Now()
	v := check(l.all)
	took := time.Since(begun)
	share := float64(l.known.Load()) / float64(max(1, l.known.Load()+l.unknown.Load()))
	linearizable := v.illegal == 0 && v.undecided == 0 && v.operations > 0
	if !linearizable {
		l.out.fail("%s: %d of %d histories have no order (%d of them for their reads alone) and %d were not decided in %v each",
			l.name, v.illegal, len(l.all), v.stale, v.undecided, checkLimit)
	}
	l.out.ops(l.known.Load() + l.unknown.Load())
	l.out.duplicates(again)
	l.out.judged(linearizable, lost, share)
	l.out.set("linearizable_"+l.name, linearizable)
	l.out.set("stale_histories_"+l.name, v.stale)
	l.out.set("updates_"+l.name, l.updates.Load())
	l.out.set("operations_"+l.name, v.operations)
	l.out.set("histories_"+l.name, len(l.all))
	l.out.set("unknown_"+l.name, l.unknown.Load())
	l.out.set("conflicts_"+l.name, l.conflicts.Load())
	l.out.set("not_done_"+l.name, l.gone.Load())
	l.out.set("visible_errors_"+l.name, l.visible.Load())
	l.out.set("check_ms_"+l.name, took.Milliseconds())
	l.odd.tell(l.bench)
}

// linearFaults fails replies at random.
func (b *bench) linearFaults() func([]string) redistest.Fault {
	d := &dice{r: b.rand()}
	return func(request []string) redistest.Fault {
		switch request[0] {
		case "GET", "SET", "EVALSHA", "EVALSHA_RO", "EVAL", "EVAL_RO":
			return d.roll(b.faults.linear, redistest.DropReply, redistest.CutReply, redistest.RefuseRequest,
				redistest.Pass.Delayed(5*time.Millisecond), redistest.DropReply.Delayed(5*time.Millisecond))
		default:
			return redistest.Pass
		}
	}
}

// linearSingle checks histories on one server.
func linearSingle(b *bench) {
	server := redistest.Start(b.tb)
	proxy := redistest.StartProxy(b.tb, server.Addr())
	proxy.SetFault(b.linearFaults())
	l := &linear{
		bench: b, name: "single", cancel: b.faults.cancels, odd: newComplaints(),
		store: b.store(b.through(server, proxy.Addr()), "linear:"),
		plain: b.store(server.Client(b.tb), "linear:"),
	}
	l.load(context.Background(), b.quota(b.counts.updates, b.share))
	l.judge()
}

// linearCluster checks histories on a Cluster whose slots move and whose masters
// hand over.
func linearCluster(b *bench) {
	c := redistest.StartCluster(b.tb, 3, 1)
	proxies := redistest.Proxies(b.tb, c.Nodes())
	proxies.SetFault(b.linearFaults())
	l := &linear{
		bench: b, name: "cluster", cancel: b.faults.cancels, odd: newComplaints(),
		store: b.store(b.clusterClient(c, proxies), "linear:"),
		plain: b.store(c.Client(b.tb), "linear:"),
	}
	u := newUpheaval(c)
	stop := b.background(func(ctx context.Context, r *rand.Rand) {
		for pause(ctx, time.Duration(50+r.IntN(150))*time.Millisecond) {
			name, err := l.pick(r).key.Name(l.plain)
			if err == nil {
				err = u.act(name, r.IntN(3) == 0)
			}
			if err != nil {
				l.odd.add("an act of the cluster", err)
			}
		}
	})
	l.mu.Lock()
	l.current = []*register{{key: records.Key("none")}} // for the acts that come first
	l.mu.Unlock()
	l.load(context.Background(), b.quota(b.counts.updates, b.share))
	stop()
	l.judge()
	b.out.set("linear_failovers", u.failovers)
	b.out.set("linear_moves", u.moves)
	b.out.set("linear_acts_failed", u.failed)
}

// clusterClient returns a client that reaches the nodes through the proxies.
func (b *bench) clusterClient(c *redistest.Cluster, proxies *redistest.ProxySet) *redis.ClusterClient {
	o := c.Options()
	o.Dialer = proxies.Dialer()
	if b.brief {
		o.ReadTimeout = time.Second
	}
	client := redis.NewClusterClient(o)
	b.tb.Cleanup(func() { _ = client.Close() })
	return client
}
