package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/redistest"
)

const (
	limitProcesses = 4
	limitClients   = 16 // of each process
	// A storm and a calm are so long at most, and take turns.
	stormTime     = 3 * time.Second
	limitCalmTime = 2500 * time.Millisecond
	// The windows are short, so that there are many of them in a run, but long beside what
	// the machine may be late.
	shortestWindow = 100 * time.Millisecond
	longestWindow  = 500 * time.Millisecond
)

// limiting is a run of clients of limiters, in processes of their own, while this one
// breaks what lies between them and the servers.
type limiting struct {
	*storms
	mortals *mortals
	order   workerOrder

	calms spans // in which nothing was broken
}

func (b *bench) limiting(name string, servers []*redistest.Server, direct redis.UniversalClient) *limiting {
	l := &limiting{storms: b.storms(name, servers, direct, b.faults.limits), mortals: b.mortals(servers)}
	l.order = workerOrder{
		Clients: limitClients, Seed: b.seed, On: name, Proxies: map[string]string{}, Calls: b.limits,
		Per: min(max(b.share/12, shortestWindow), longestWindow).Truncate(time.Millisecond),
	}
	for _, s := range servers {
		l.order.Addrs = append(l.order.Addrs, s.Addr())
		l.order.Proxies[s.Addr()] = l.proxies.Of(s).Addr()
	}
	return l
}

// limitSingle has clients take tokens from one server. The way to it goes dark, too.
func limitSingle(b *bench) {
	server := redistest.Start(b.tb)
	l := b.limiting("single", []*redistest.Server{server}, server.Client(b.tb))
	l.act = l.darken
	l.run()
}

// limitSentinel has clients take tokens from a master that hands over. What it acknowledges
// meanwhile may be lost, and a limit that has forgotten it grants it again: the bounds are
// those of each master's reign.
func limitSentinel(b *bench) {
	d := redistest.StartSentinel(b.tb, 2, 3, redistest.WithConfig("sentinel down-after-milliseconds main 10000"))
	l := b.limiting("sentinel", d.Servers(), d.Client(b.tb))
	l.order.Addrs = nil
	for _, s := range d.Sentinels() {
		l.order.Addrs = append(l.order.Addrs, s.Addr())
	}
	b.streaming(b.store(l.direct, limitPrefix), 2)
	l.act = func(_, turn int, _ *rand.Rand) error { return l.handOver(d, turn) }
	l.run()
}

// limitCluster has clients take tokens from a Cluster of which masters hand over and slots
// move, which loses nothing.
func limitCluster(b *bench) {
	// A master that stands still for long is not replaced: that could lose something.
	c := redistest.StartCluster(b.tb, 3, 1, redistest.WithConfig("cluster-replica-no-failover yes"))
	l := b.limiting("cluster", c.Nodes(), c.Client(b.tb))
	u := newUpheaval(c)
	l.act = func(_, turn int, r *rand.Rand) error { return l.upset(u, turn, func() string { return l.hot(r) }) }
	l.run()
}

// hotKeys returns the names of the keys that all clients use.
func hotKeys() (names []string) {
	for _, k := range limitKinds {
		for i := range k.subjects {
			names = append(names, fmt.Sprintf("%s%s:s%d", limitPrefix, k.name, i))
		}
	}
	return names
}

// hot returns one of those.
func (*limiting) hot(r *rand.Rand) string {
	names := hotKeys()
	return names[r.IntN(len(names))]
}

// run has the clients work in storms and in between, and holds what they were told against
// what is stored.
func (l *limiting) run() {
	before, err := executed(context.Background(), l.mortals.servers)
	l.must("count scripts", err)
	workers := l.start()
	stopSampling := l.background(func(ctx context.Context, _ *rand.Rand) { l.mortals.watch(ctx, hotKeys()) })
	l.rounds()
	whole := l.finish(workers)
	stopSampling()
	after, err := executed(context.Background(), l.mortals.servers)
	l.must("count scripts", err)
	l.must("look for keys without an end", l.mortals.all(context.Background()))
	whole.Charges = merged(whole.Charges)
	l.tell(whole, after-before)
}

// rounds breaks things and rests in turns, until the share of the time is over.
func (l *limiting) rounds() {
	r := l.rand()
	q := l.quota(0, l.share)
	storm, calm := min(stormTime, l.share/2), min(limitCalmTime, l.share/2)
	for round := 0; q.open(0); round++ {
		l.storm(storm, round, r)
		from := time.Now()
		time.Sleep(calm)
		// At first there may be those who wait for what was broken.
		l.calms = append(l.calms, span{from.Add(min(limitPatience, calm/3)).UnixMicro(), stamp()})
	}
}

// start starts the workers.
func (l *limiting) start() (workers []*workerProcess) {
	processes := limitProcesses
	if l.brief {
		processes /= 2
	}
	for i := range processes {
		order := l.order
		order.Worker = i
		p, err := startWorker(l.tb, order)
		l.must("start a worker", err)
		workers = append(workers, p)
	}
	for _, p := range workers {
		l.must("begin", p.ready())
	}
	return workers
}

// finish stops the workers and returns what they have told.
func (l *limiting) finish(workers []*workerProcess) (whole harvest) {
	for _, p := range workers {
		l.must("stop a worker", p.stop())
	}
	for _, p := range workers {
		h, err := p.result()
		l.must("hear of a worker", err)
		whole.add(h)
	}
	return whole
}
