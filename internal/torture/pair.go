package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

const (
	pairClients = 4
	// confirmation is how long a write waits for the replica.
	confirmation = 50 * time.Millisecond
)

// pair is a master and the replica that is cut off from it again and again.
type pair struct {
	*bench
	store           *state.Store
	master, replica *redis.Client
	server          *redistest.Server // the replica's
	link            *redistest.Proxy

	mu                           sync.Mutex
	acked, confirmed             []written
	unconfirmed, visible, rounds int64
	odd                          *complaints
}

// written is a write that was acknowledged.
type written struct {
	key   recordKey
	id    int64
	begun time.Time
}

// partitions cuts a replica off while callers write, puts it in the master's
// place, and looks for the writes that callers were told of.
func partitions(b *bench) {
	master := redistest.Start(b.tb)
	link := redistest.StartRawProxy(b.tb, master.Addr())
	server := redistest.Replicate(b.tb, master, link.Addr())
	p := &pair{bench: b, master: master.Client(b.tb), replica: server.Client(b.tb), server: server, link: link, odd: newComplaints()}
	p.store = b.store(b.through(master, master.Addr()), "pair:")

	var ackedLost, confirmedLost, acked, confirmed, cut, calls int64
	q, r := b.quota(b.counts.partitions, b.share), b.rand()
	for q.take() {
		b.streaming(p.store, 1)
		at := p.cut(r)
		b.must("promote the replica", redistest.Promote(context.Background(), server))
		ackedLost += p.missing(p.acked)
		confirmedLost += p.missing(p.confirmed)
		for _, w := range p.confirmed {
			if w.begun.After(at) { // the replica can have heard of none of these
				cut++
			}
		}
		acked += int64(len(p.acked))
		confirmed += int64(len(p.confirmed))
		p.rounds++
		p.rejoin()
	}
	calls = acked + confirmed + p.unconfirmed + p.visible
	b.out.ops(calls)
	b.out.set("partitions", p.rounds)
	b.out.set("acked", acked)
	b.out.set("acked_lost", ackedLost)
	b.out.set("confirmed", confirmed)
	b.out.set("confirmed_lost", confirmedLost)
	b.out.set("confirmed_while_cut", cut)
	b.out.set("unconfirmed", p.unconfirmed)
	b.out.set("pair_visible_errors", p.visible)
	p.odd.tell(b)
}

// cut has callers write, and cuts the replica off in between.
func (p *pair) cut(r *rand.Rand) (at time.Time) {
	p.acked, p.confirmed = nil, nil
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for i := range pairClients {
		all.Go(func() {
			for ctx.Err() == nil {
				p.write(i%2 == 0)
			}
		})
	}
	time.Sleep(time.Duration(10+r.IntN(60)) * time.Millisecond)
	p.link.Blackhole(true)
	at = time.Now()
	time.Sleep(time.Duration(confirmation.Milliseconds()+int64(r.IntN(60))) * time.Millisecond)
	cancel()
	all.Wait()
	return at
}

// write makes one write, to be confirmed or not.
func (p *pair) write(confirm bool) {
	ctx, cancel := patient()
	defer cancel()
	id := p.id()
	var opts []state.SetOption
	if confirm {
		opts = append(opts, state.Replicated(1, confirmation))
	}
	w := written{key: records.Key(token(id)), id: id, begun: time.Now()}
	err := p.calls.set(ctx, p.store, w.key, record{N: id}, opts...)
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case err == nil && confirm:
		p.confirmed = append(p.confirmed, w)
	case err == nil:
		p.acked = append(p.acked, w)
	case errors.Is(err, state.ErrNotReplicated):
		p.unconfirmed++
	default:
		p.visible++
		p.odd.add("Set", err)
	}
}

// missing returns how many of the writes the new master lacks.
func (p *pair) missing(writes []written) (n int64) {
	store := p.bench.store(p.replica, "pair:")
	const batch = 500
	for len(writes) > 0 {
		some := writes[:min(batch, len(writes))]
		writes = writes[len(some):]
		var keys []recordKey
		for _, w := range some {
			keys = append(keys, w.key)
		}
		ctx, cancel := patient()
		results, err := state.GetMany(ctx, store, keys...)
		cancel()
		p.must("read from the new master", err)
		for i, r := range results {
			if r.Err != nil || r.Value.N != some[i].id {
				n++
			}
		}
	}
	return n
}

// rejoin has the promoted replica follow the master again, with an empty
// database.
func (p *pair) rejoin() {
	ctx, cancel := patient()
	defer cancel()
	p.must("empty the master", p.master.FlushAll(ctx).Err())
	p.link.Blackhole(false)
	host, port, err := net.SplitHostPort(p.link.Addr())
	p.must("find the link", err)
	p.must("replicate again", p.replica.Do(ctx, "REPLICAOF", host, port).Err())
	for {
		info, err := p.replica.Info(ctx, "replication").Result()
		if err == nil && strings.Contains(info, "master_link_status:up") && p.online(ctx) {
			return
		}
		if !pause(ctx, 5*time.Millisecond) {
			p.must("wait for the replica", ctx.Err())
		}
	}
}

// online reports whether the master, too, says that the replica has a copy.
func (p *pair) online(ctx context.Context) bool {
	info, err := p.master.Info(ctx, "replication").Result()
	return err == nil && strings.Contains(info, "state=online")
}
