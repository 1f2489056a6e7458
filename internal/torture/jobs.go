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
)

const (
	jobCustomers = 4
	jobWorkers   = 5 // of this process
	jobProcesses = 2
	jobMinions   = 4 // of each other process
	deliveryPace = 4 * time.Millisecond
	// jobsBegin is how long it may take until there are jobs for the first storm.
	jobsBegin = 2 * time.Second
	// jobDrain is how long it may take until all jobs have ended, once nothing is broken.
	jobDrain = 20 * time.Second
	// awaitLimit is how late an await may be for the end of its job where messages are lost,
	// and awaitSlack how late the machine may be.
	awaitLimit = 2 * time.Second
	awaitSlack = time.Second
)

// tracking is a run of callers of job trackers, in this process and in others that are
// stopped and killed, while what lies between them and the servers breaks.
type tracking struct {
	*storms
	order jobOrder
	book  *jobBook
	side  *jobSide

	mu                 sync.Mutex
	processes          []*jobProcess
	sum                jobSum
	stopped, killed    atomic.Int64
	unfinished, hung   int64
	lost               int64 // jobs that are not there any more
	immortal           *mortals
	awaits, deafAwaits []int64 // how late those were that are on time, in microseconds
	awaitErrors        int64
}

func (b *bench) tracking(name, on string, servers []*redistest.Server, direct redis.UniversalClient) *tracking {
	t := &tracking{storms: b.storms(name, servers, direct, b.faults.jobs), book: newJobBook(), immortal: b.mortals(servers)}
	t.failing = append(t.failing, "HMGET")
	t.sum.Complaints = map[string]int{}
	t.order = jobOrder{
		Workers: jobMinions, Seed: b.seed, On: on, Proxies: map[string]string{}, Calls: b.jobs,
		Lease: min(max(b.share/10, shortestLease), longestLease).Truncate(time.Millisecond),
	}
	for _, s := range servers {
		t.order.Addrs = append(t.order.Addrs, s.Addr())
		t.order.Proxies[s.Addr()] = t.proxies.Of(s).Addr()
	}
	return t
}

// jobSingle has callers track jobs in one server. The way to it goes dark, too.
func jobSingle(b *bench) {
	server := redistest.Start(b.tb)
	t := b.tracking("single", "single", []*redistest.Server{server}, server.Client(b.tb))
	t.act = t.darken
	t.run()
}

// jobSentinel has them track jobs in a master that hands over. What it acknowledges meanwhile
// may be lost, and what is known of the jobs that something happens to then is not held
// against them.
func jobSentinel(b *bench) {
	t, d := b.jobsAt("sentinel", "sentinel down-after-milliseconds main 10000")
	t.act = func(_, turn int, _ *rand.Rand) error { return t.handOver(d, turn) }
	t.run()
}

func (b *bench) jobsAt(name, patience string) (*tracking, *redistest.Sentinel) {
	d := redistest.StartSentinel(b.tb, 2, 3, redistest.WithConfig(patience))
	t := b.tracking(name, "sentinel", d.Servers(), d.Client(b.tb))
	t.order.Addrs = nil
	for _, s := range d.Sentinels() {
		t.order.Addrs = append(t.order.Addrs, s.Addr())
	}
	b.streaming(b.store(t.direct, "streaming:"), 2)
	return t, d
}

// jobCluster has them track jobs in a Cluster of which masters hand over and slots move,
// which loses nothing.
func jobCluster(b *bench) {
	// A master that stands still for long is not replaced: that could lose something.
	c := redistest.StartCluster(b.tb, 3, 1, redistest.WithConfig("cluster-replica-no-failover yes"))
	t := b.tracking("cluster", "cluster", c.Nodes(), c.Client(b.tb))
	u := newUpheaval(c)
	t.act = func(_, turn int, r *rand.Rand) error { return t.upset(u, turn, func() string { return t.hot(r) }) }
	t.run()
}

// jobCrash kills the master that sentinels watch. What was lost with it is printed.
func jobCrash(b *bench) {
	t, d := b.jobsAt("crash", patience)
	died := false
	t.act = func(_, _ int, _ *rand.Rand) error {
		if died {
			return nil
		}
		died = true
		return t.doubtful(func() error {
			old, err := d.Master(context.Background())
			if err != nil {
				return err
			}
			if err := old.TryKill(); err != nil {
				return err
			}
			if _, err := d.AwaitMasterChange(context.Background(), old); err != nil {
				return err
			}
			t.handovers.Add(1)
			return errors.Join(old.TryRestart(), d.Settled(context.Background()))
		})
	}
	t.run()
}

// hot returns the name of the key of one of the last jobs.
func (t *tracking) hot(r *rand.Rand) string {
	name, _, found := t.book.recent(r)
	if !found {
		return jobPrefix
	}
	key, err := t.side.hearing.KeyName(name)
	if err != nil {
		t.odd.add("to name a key", err)
	}
	return key
}

// run has the callers work in storms and in between, lets all jobs come to their end, and
// judges.
func (t *tracking) run() {
	side, closeAll, err := t.order.side(t.book.note)
	t.must("open a tracker", err)
	t.tb.Cleanup(closeAll)
	t.side = side
	t.side.order.Worker = jobProcesses * 1000 // its random choices are its own
	for range t.processesWanted() {
		t.must("start a worker", t.hire())
	}

	patience, end := context.WithCancel(context.Background())
	defer end()
	working, stopWorking := context.WithCancel(context.Background())
	defer stopWorking()
	keys := make(chan string)
	finishWorking := side.employ(working, keys, jobWorkers)
	stopDeliveries := t.background(func(ctx context.Context, r *rand.Rand) { t.deliver(ctx, r, keys) })
	stopSampling := t.background(func(ctx context.Context, _ *rand.Rand) { t.immortal.watch(ctx, nil) })
	var customers, waiting sync.WaitGroup
	buying, stopBuying := context.WithCancel(context.Background())
	defer stopBuying()
	for range jobCustomers {
		c := &jobCustomer{jobSide: side, book: t.book, rand: side.rand(), id: t.id, waiting: &waiting, patience: patience}
		customers.Go(func() { c.run(buying) })
	}
	stopAccidents := t.background(t.accidents)

	for limit := time.Now().Add(jobsBegin); len(t.book.allNames()) < jobCustomers && time.Now().Before(limit); {
		time.Sleep(time.Millisecond)
	}
	t.rounds()

	stopAccidents()
	stopBuying()
	customers.Wait()
	t.drain()
	stopDeliveries()
	stopWorking()
	finishWorking()
	t.dismiss()
	t.settle(&waiting, end)
	stopSampling()
	t.sum.add(side.sum())
	t.must("look for keys without an end", t.immortal.all(context.Background()))
	t.judge()
}

// rounds breaks things and rests in turns, until the share of the time is over.
func (t *tracking) rounds() {
	r := t.rand()
	q := t.quota(0, t.share)
	storm, calm := min(stormTime, t.share/2), min(limitCalmTime, t.share/2)
	for round := 0; q.open(0); round++ {
		t.storm(storm, round, r)
		time.Sleep(calm)
	}
}

// deliver hands jobs that have not ended to workers, again and again.
func (t *tracking) deliver(ctx context.Context, r *rand.Rand, keys chan<- string) {
	for pause(ctx, deliveryPace) {
		open := t.book.openJobs(t.side.calm.Load())
		if len(open) == 0 {
			continue
		}
		select {
		case keys <- open[r.IntN(len(open))]:
		default:
		}
		t.mu.Lock()
		for _, p := range t.processes {
			p.offer(open[r.IntN(len(open))])
		}
		t.mu.Unlock()
	}
}

// settle waits until those who await jobs have heard of the end of theirs.
func (t *tracking) settle(waiting *sync.WaitGroup, end func()) {
	heard := make(chan struct{})
	go func() {
		waiting.Wait()
		close(heard)
	}()
	select {
	case <-heard:
	case <-time.After(awaitLimit + awaitSlack):
	}
	end()
	select {
	case <-heard:
	case <-time.After(awaitLimit + awaitSlack):
		t.hung++
		t.odd.add("an await", errors.New("it goes on after its context has ended"))
	}
}
