package main

import (
	"context"
	"math/rand/v2"
	"time"

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

// storm breaks things for that long: replies are lost, held or cut, the servers forget all
// scripts, connections are closed, servers stand still, and what act does.
func (l *limiting) storm(d time.Duration, round int, r *rand.Rand) {
	until := time.Now().Add(d)
	l.proxies.SetFault(l.fault)
	stopFlushing := l.background(l.flush)
	stopKilling := l.background(l.kill)
	for i := 0; i == 0 || time.Now().Before(until); i++ {
		l.stall(r)
		if err := l.act(round, i, r); err != nil {
			l.actsFailed.Add(1)
			l.odd.add("to break something", err)
		}
		time.Sleep(time.Duration(20+r.IntN(200)) * time.Millisecond)
	}
	stopKilling()
	stopFlushing()
	l.proxies.SetFault(nil)
}

// fault decides over a request.
func (l *limiting) fault(request []string) redistest.Fault {
	if request[0] != "EVALSHA" && request[0] != "EVAL" {
		return redistest.Pass
	}
	return l.dice.roll(l.faults.limits, redistest.DropReply, redistest.DropReply, redistest.CutReply, redistest.RefuseRequest,
		redistest.StallReply, redistest.Pass.Delayed(30*time.Millisecond), redistest.DropReply.Delayed(10*time.Millisecond))
}

// flush has all servers forget all scripts.
func (l *limiting) flush(ctx context.Context, _ *rand.Rand) {
	for pause(ctx, limitFlushPace) {
		for _, s := range l.mortals.servers {
			if s.ScriptFlush(ctx).Err() == nil {
				l.flushes.Add(1)
			}
		}
	}
}

// kill closes all connections of the clients to one of the servers.
func (l *limiting) kill(ctx context.Context, r *rand.Rand) {
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
func (l *limiting) stall(r *rand.Rand) {
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
func (l *limiting) doubtful(f func() error) error {
	from := time.Now().Add(-lag).UnixMicro()
	err := f()
	l.doubts = append(l.doubts, span{from, stamp()})
	return err
}
