package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/redistest"
)

const (
	limitFlushPace = 20 * time.Millisecond
	limitKillPace  = 150 * time.Millisecond
	// limitStall is how long a server stands still, which is too short for any other to
	// take it for dead.
	limitStall = 150 * time.Millisecond
	// lag is how long a replica may be behind what its master has acknowledged.
	lag = 500 * time.Millisecond
)

// storms is what breaks things between clients and servers, now and then.
type storms struct {
	*bench
	name    string
	servers []*redistest.Server
	direct  redis.UniversalClient // not by way of the proxies
	proxies *redistest.ProxySet
	admins  []*redis.Client
	dice    *dice
	rate    float64  // of faults
	failing []string // the commands that may fail
	act     func(round, turn int, r *rand.Rand) error

	flushes, kills, stalls, handovers, moves, actsFailed atomic.Int64

	acts   spans // in which act was at work
	doubts spans // in which what was acknowledged may have been lost
	odd    *complaints
}

func (b *bench) storms(name string, servers []*redistest.Server, direct redis.UniversalClient, rate float64) *storms {
	l := &storms{
		bench: b, name: name, servers: servers, direct: direct, proxies: redistest.Proxies(b.tb, servers),
		dice: &dice{r: b.rand()}, rate: rate, failing: []string{"EVALSHA", "EVAL"}, odd: newComplaints(),
	}
	for _, s := range servers {
		l.admins = append(l.admins, s.Client(b.tb))
	}
	return l
}

// storm breaks things for that long: replies are lost, held or cut, the servers forget all
// scripts, connections are closed, servers stand still, and what act does.
func (l *storms) storm(d time.Duration, round int, r *rand.Rand) {
	until := time.Now().Add(d)
	l.proxies.SetFault(l.fault)
	stopFlushing := l.background(l.flush)
	stopKilling := l.background(l.kill)
	for i := 0; i == 0 || time.Now().Before(until); i++ {
		l.stall(r)
		from := stamp()
		if err := l.act(round, i, r); err != nil {
			l.actsFailed.Add(1)
			l.odd.add("to break something", err)
		}
		l.acts = append(l.acts, span{from, stamp()})
		time.Sleep(time.Duration(20+r.IntN(200)) * time.Millisecond)
	}
	stopKilling()
	stopFlushing()
	l.proxies.SetFault(nil)
}

// fault decides over a request.
func (l *storms) fault(request []string) redistest.Fault {
	if !slices.Contains(l.failing, request[0]) {
		return redistest.Pass
	}
	return l.dice.roll(l.rate, redistest.DropReply, redistest.DropReply, redistest.CutReply, redistest.RefuseRequest,
		redistest.StallReply, redistest.Pass.Delayed(30*time.Millisecond), redistest.DropReply.Delayed(10*time.Millisecond))
}

// flush has all servers forget all scripts.
func (l *storms) flush(ctx context.Context, _ *rand.Rand) {
	for pause(ctx, limitFlushPace) {
		for _, s := range l.admins {
			if s.ScriptFlush(ctx).Err() == nil {
				l.flushes.Add(1)
			}
		}
	}
}

// kill closes all connections of the clients to one of the servers.
func (l *storms) kill(ctx context.Context, r *rand.Rand) {
	for {
		p := l.proxies.Of(l.servers[r.IntN(len(l.servers))])
		p.Refuse(true)
		p.Refuse(false)
		l.kills.Add(1)
		if !pause(ctx, limitKillPace) {
			return
		}
	}
}

// stall has a server stand still.
func (l *storms) stall(r *rand.Rand) {
	s := l.servers[r.IntN(len(l.servers))]
	if err := s.TryPause(); err != nil {
		l.odd.add("to pause a server", err)
		return
	}
	time.Sleep(limitStall/3 + time.Duration(r.Int64N(int64(limitStall*2/3))))
	if err := s.TryResume(); err != nil {
		l.odd.add("to resume a server", err)
		return
	}
	l.stalls.Add(1)
}

// doubtful runs what may lose what was acknowledged.
func (l *storms) doubtful(f func() error) error {
	from := time.Now().Add(-lag).UnixMicro()
	err := f()
	l.doubts = append(l.doubts, span{from, stamp()})
	return err
}

// darken has the way to a single server go dark.
func (l *storms) darken(_, _ int, r *rand.Rand) error {
	p := l.proxies.Of(l.servers[0])
	p.Blackhole(true)
	time.Sleep(time.Duration(r.Int64N(int64(limitStall))))
	p.Blackhole(false)
	l.stalls.Add(1)
	return nil
}

// handOver has the master that sentinels watch hand over, once in each storm.
func (l *storms) handOver(d *redistest.Sentinel, turn int) error {
	if turn > 0 {
		return nil
	}
	return l.doubtful(func() error {
		if err := d.Failover(context.Background()); err != nil {
			return err
		}
		l.handovers.Add(1)
		return d.Settled(context.Background())
	})
}

// upset moves the slot of a key of a Cluster and, now and then, has a master hand over.
func (l *storms) upset(u *upheaval, turn int, key func() string) error {
	var err error
	if turn%3 == 0 {
		err = u.act(key(), true)
	}
	err = errors.Join(err, u.act(key(), false))
	l.handovers.Store(u.failovers)
	l.moves.Store(u.moves)
	return err
}
