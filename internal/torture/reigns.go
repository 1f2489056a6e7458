package main

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/redistest"
)

const (
	// patience is after how long the sentinels take a master for dead. With less
	// than a second they often take the successor for dead, too, before they have
	// first asked it.
	patience = "sentinel down-after-milliseconds main 1500"
	// reignAttempts bounds how often a reign may end by itself.
	reignAttempts = 5
	reignPause    = 2 * time.Millisecond // at most, between two calls of a client
)

// kingdom is a run of clients of a master that sentinels watch.
type kingdom struct {
	*linear
	servers *redistest.Sentinel

	histories  verdict
	lost       int64 // acknowledged in one reign and not there in the next
	vanished   int64 // within one reign
	overturned int
}

// reigns kills the master that sentinels watch. What Redis has acknowledged may
// be lost then, so there is no order for the whole history. There must be one for
// the reign of each master: what was told until the first died, and what was told
// from when the second was read.
func reigns(b *bench) {
	d := redistest.StartSentinel(b.tb, 2, 3, redistest.WithConfig(patience))
	o := d.Options()
	o.MaxRetries = 0 // as many as go-redis makes by default, which the library has to prevent
	client := redis.NewFailoverClient(o)
	b.tb.Cleanup(func() { _ = client.Close() })
	store := b.store(client, "reigns:")
	k := &kingdom{servers: d, linear: &linear{bench: b, name: "sentinel", odd: newComplaints(), store: store, plain: store}}
	b.must("store the registers", k.renew())
	b.streaming(store, 2)
	old := k.master()

	stop := k.reign()
	k.rest(b.share / 3)
	death, died := time.Now(), now()
	b.must("kill the master", old.TryKill())
	promoted, err := d.AwaitMasterChange(context.Background(), old)
	b.must("wait for the successor", err)
	k.rest(500 * time.Millisecond)
	stop()
	visible := k.visible.Load()
	k.histories = check(until(k.current, died))

	for attempt := 1; !k.second(); attempt++ {
		if k.overturned++; attempt == reignAttempts {
			b.out.fail("no master reigned for long enough to be checked")
			break
		}
	}
	v := k.histories
	linearizable := v.illegal+v.undecided == 0 && v.operations > 0
	if !linearizable {
		b.out.fail("%d histories of one reign have no order and %d were not decided", v.illegal, v.undecided)
	}
	known, unknown := k.known.Load(), k.unknown.Load()
	b.out.ops(known + unknown)
	b.out.judged(linearizable, k.vanished, float64(known)/float64(max(1, known+unknown)))
	b.out.set("linearizable_sentinel", linearizable)
	b.out.set("operations_sentinel", v.operations)
	b.out.set("reigns_overturned", k.overturned)
	b.out.set("acked_lost_sentinel", k.lost)
	b.out.set("unknown_sentinel", unknown)
	b.out.set("visible_errors_sentinel", visible)
	b.out.set("promotion_ms_sentinel", promoted.Sub(death).Milliseconds())
	k.odd.tell(b)
}

func (k *kingdom) master() *redistest.Server {
	m, err := k.servers.Master(context.Background())
	k.must("find the master", err)
	return m
}

func (k *kingdom) rest(d time.Duration) { time.Sleep(max(d, 300*time.Millisecond)) }

// second checks a reign that begins with what is stored now, when nobody writes.
// It reports whether the master was one throughout.
func (k *kingdom) second() bool {
	master := k.master()
	before := k.current
	var next []*register
	for _, g := range before {
		v := k.read(g)
		next = append(next, &register{key: g.key, initial: cellOf(v), pure: g.pure})
		if g.pure {
			k.lost += max(0, g.initial.n+g.acked.Load()-v.N)
		}
	}
	k.mu.Lock()
	k.current = next
	k.mu.Unlock()
	stop := k.reign()
	k.rest(k.share / 3)
	stop()
	var vanished, again int64
	for _, g := range next {
		e := g.begin(input{kind: kindGet})
		v := k.read(g)
		e.end(cellOf(v))
		if gained := v.N - g.initial.n; g.pure {
			vanished += max(0, g.acked.Load()-gained)
			again += max(0, gained-g.acked.Load()-g.unknown.Load())
		}
	}
	if k.master() != master {
		return false
	}
	v := check(next)
	k.histories.operations += v.operations
	k.histories.illegal += v.illegal
	k.histories.undecided += v.undecided
	k.vanished += vanished
	k.out.duplicates(again)
	return true
}

func (k *kingdom) read(g *register) record {
	ctx, cancel := patient()
	defer cancel()
	v, err := g.key.Get(ctx, k.store)
	k.must("read a register", err)
	return v
}

// reign has clients work on the current registers until stop is called.
func (k *kingdom) reign() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for range linearClients {
		r := k.rand()
		all.Go(func() {
			for ctx.Err() == nil {
				k.one(k.pick(r), r)
				time.Sleep(time.Duration(r.Int64N(int64(reignPause))))
			}
		})
	}
	return func() {
		cancel()
		all.Wait()
	}
}

// until returns the histories of the registers as they were at a time: what had
// not returned may have happened.
func until(registers []*register, at int64) (cut []*register) {
	for _, g := range registers {
		one := &register{key: g.key, initial: g.initial}
		for _, o := range g.history {
			under := o.Return >= at
			if o.Call >= at || under && o.Input.(input).kind == kindGet {
				continue
			}
			if under {
				o.Output, o.Return = output{}, math.MaxInt64
			}
			one.history = append(one.history, o)
		}
		cut = append(cut, one)
	}
	return cut
}
