package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

const (
	cancelClients = 12
	cancelKeys    = 200
	// lateness is how long after its deadline a call may return.
	lateness = 50 * time.Millisecond
	// punctual is by how much the machine may be late itself for lateness to be
	// held against a call, and share the part of its lateness that the machine
	// must account for to excuse it.
	punctual = 10 * time.Millisecond
	share    = 4
	// replyLimit is the ReadTimeout of the client, which a cancelled call that
	// waits for its reply may take.
	replyLimit = 400 * time.Millisecond
	// settleLimit bounds how long the goroutines of what was given up may go on:
	// a proxy waits five seconds for a server's last words.
	settleLimit = 8 * time.Second
)

// cancelling is a run of callers that give up.
type cancelling struct {
	*bench
	store *state.Store
	clock *clock

	made, cut, wrong atomic.Int64
	mu               sync.Mutex
	overdue          []overdue
	odd              *complaints
}

// cancels has callers give up at random while the network is slow.
func cancels(b *bench) {
	server := redistest.Start(b.tb)
	proxy := redistest.StartProxy(b.tb, server.Addr())
	direct := b.store(server.Client(b.tb), "cancels:")
	c := &cancelling{bench: b, clock: startClock(), odd: newComplaints()}
	defer c.clock.stop()
	b.warm(direct)
	var values []state.KeyValue[record]
	for i := range cancelKeys {
		values = append(values, state.KeyValue[record]{Key: c.key(i), Value: record{Key: c.text(i)}})
	}
	ctx, cancel := patient()
	_, err := state.SetMany(ctx, direct, values)
	cancel()
	b.must("store the values", err)

	before := goroutines()
	o := options(server, proxy.Addr())
	o.PoolSize, o.ReadTimeout = 8*cancelClients, replyLimit
	client := redis.NewClient(o)
	c.store = b.store(client, "cancels:")
	d := &dice{r: b.rand()}
	proxy.SetFault(func(request []string) redistest.Fault {
		if request[0] == "HELLO" {
			return redistest.Pass
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		switch p := d.r.IntN(100); {
		case p < 1:
			return redistest.StallReply
		case p < 40:
			return redistest.Pass.Delayed(time.Duration(d.r.IntN(20)) * time.Millisecond)
		default:
			return redistest.Pass
		}
	})
	q := b.quota(b.counts.cancels, b.share)
	b.workers(cancelClients, func(_ int, r *rand.Rand) {
		for q.take() {
			c.one(r)
		}
	})
	proxy.SetFault(nil)
	_ = c.store.Close()
	_ = client.Close()
	proxy.Close()
	leaked := c.leaked(before)
	late, excused, worst := c.judge()
	b.out.ops(c.made.Load())
	b.out.set("cancels", c.made.Load())
	b.out.set("cancels_cut", c.cut.Load())
	b.out.set("wrong_replies", c.wrong.Load())
	b.out.set("late_returns", late)
	b.out.set("late_returns_excused", excused)
	b.out.set("worst_return_ms", float64(worst.Microseconds())/1000)
	b.out.set("goroutines_leaked", leaked)
	c.odd.tell(b)
}

func (c *cancelling) text(i int) string   { return fmt.Sprintf("value%d", i) }
func (c *cancelling) key(i int) recordKey { return records.Key(c.text(i)) }

// check compares a value with the key that it was read from.
func (c *cancelling) check(i int, v record, err error) {
	if err == nil && v.Key != c.text(i) {
		c.wrong.Add(1)
		c.odd.add("a reply", errors.New("the value of another key"))
	}
}

// one makes a call whose context ends soon.
func (c *cancelling) one(r *rand.Rand) {
	limit := time.Duration(1+r.IntN(25)) * time.Millisecond
	keys := 1
	if r.IntN(2) == 0 {
		keys += r.IntN(40)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	due := time.Now().Add(limit)
	if r.IntN(2) == 0 {
		var end context.CancelFunc
		ctx, end = context.WithDeadline(ctx, due)
		defer end()
	} else {
		timer := time.AfterFunc(limit, cancel)
		defer timer.Stop()
		// Who cancels a call of one key that waits for its reply waits on; who
		// cancels a batch does not.
		if keys == 1 {
			due = due.Add(replyLimit)
		}
	}
	c.made.Add(1)
	var name string
	if keys == 1 && r.IntN(8) > 0 {
		name = c.single(ctx, r)
	} else {
		name = c.batch(ctx, r, keys)
	}
	returned := time.Now()
	if ctx.Err() != nil {
		c.cut.Add(1)
	}
	if returned.Sub(due) > clockPace {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.overdue = append(c.overdue, overdue{fmt.Sprintf("%s, ended by %v", name, ctx.Err()), due, returned})
	}
}

// overdue is a call that returned after it was due.
type overdue struct {
	name          string
	due, returned time.Time
}

// judge counts the calls that were late, but for those in whose time the machine
// was late itself. It comes last: after a time in which nothing ran, the clock
// may be the last to notice.
func (c *cancelling) judge() (late, excused int, worst time.Duration) {
	for _, o := range c.overdue {
		over, slipped := o.returned.Sub(o.due), c.clock.late(o.due, o.returned)
		switch {
		case slipped > punctual && slipped > over/share:
			if over > lateness {
				excused++
			}
			continue
		case over > lateness:
			late++
			c.odd.add(o.name, fmt.Errorf("returned %v late", over.Round(time.Millisecond)))
		}
		worst = max(worst, over)
	}
	return late, excused, worst
}

func (c *cancelling) single(ctx context.Context, r *rand.Rand) (name string) {
	i := r.IntN(cancelKeys)
	switch r.IntN(3) {
	case 0:
		_ = c.calls.set(ctx, c.store, c.key(i), record{Key: c.text(i), N: c.id()})
		return "Set"
	case 1:
		v, err := c.calls.update(ctx, c.store, c.key(i), func(v *record) error {
			c.check(i, *v, nil)
			v.N++
			return nil
		})
		c.check(i, v, err)
		return "Update"
	default:
		v, err := c.calls.get(ctx, c.store, c.key(i))
		c.check(i, v, err)
		return "Get"
	}
}

func (c *cancelling) batch(ctx context.Context, r *rand.Rand, n int) (name string) {
	first := r.IntN(cancelKeys)
	if r.IntN(2) == 0 {
		var values []state.KeyValue[record]
		for i := range n {
			at := (first + i) % cancelKeys
			values = append(values, state.KeyValue[record]{Key: c.key(at), Value: record{Key: c.text(at), N: c.id()}})
		}
		_, _ = state.SetMany(ctx, c.store, values)
		return "SetMany"
	}
	var keys []recordKey
	for i := range n {
		keys = append(keys, c.key((first+i)%cancelKeys))
	}
	results, _ := c.calls.getMany(ctx, c.store, keys)
	for i, r := range results {
		c.check((first+i)%cancelKeys, r.Value, r.Err)
	}
	return "GetMany"
}

// leaked returns how many goroutines there are beyond those before, once those
// have ended that only took their time.
func (c *cancelling) leaked(before map[string]string) int {
	limit := settleLimit
	if c.brief {
		limit /= 4
	}
	for deadline := time.Now().Add(limit); ; {
		var extra []string
		for id, stack := range goroutines() {
			if _, known := before[id]; !known {
				extra = append(extra, stack)
			}
		}
		if len(extra) == 0 || time.Now().After(deadline) {
			for _, stack := range extra[:min(len(extra), 3)] {
				c.tb.Logf("a goroutine that stays:\n%s", stack)
			}
			return len(extra)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// goroutines returns the stacks of all goroutines but this one and those of the
// runtime's own timers, by their ids.
func goroutines() map[string]string {
	buf := make([]byte, 1<<20)
	for {
		if n := runtime.Stack(buf, true); n < len(buf) {
			buf = buf[:n]
			break
		}
		buf = make([]byte, 2*len(buf))
	}
	all := map[string]string{}
	for i, stack := range strings.Split(string(buf), "\n\n") {
		if i == 0 {
			continue // this one
		}
		id, _, _ := strings.Cut(stack, " [")
		all[id] = stack
	}
	return all
}

// clock knows when the machine was too busy to be on time. It has several
// goroutines, as the system may hold up one of the threads that run them alone.
type clock struct {
	mu    sync.Mutex
	slips []slip
	end   chan struct{}
	hands sync.WaitGroup
}

// slip is a time in which a goroutine that wanted to run did not.
type slip struct{ from, to time.Time }

const (
	clockPace  = 2 * time.Millisecond
	clockHands = 4
)

func startClock() *clock {
	c := &clock{end: make(chan struct{})}
	for range clockHands {
		c.hands.Go(c.run)
	}
	return c
}

func (c *clock) run() {
	for {
		asleep := time.Now()
		select {
		case <-c.end:
			return
		case <-time.After(clockPace):
		}
		awake := time.Now()
		if awake.Sub(asleep) > 2*clockPace {
			c.mu.Lock()
			c.slips = append(c.slips, slip{asleep.Add(clockPace), awake})
			c.mu.Unlock()
		}
	}
}

func (c *clock) stop() {
	close(c.end)
	c.hands.Wait()
}

// late returns how long the goroutines of the clock were not on time between two
// moments, all in all.
func (c *clock) late(from, to time.Time) (sum time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.slips {
		if !s.to.After(from) || !s.from.Before(to) {
			continue
		}
		begin, end := s.from, s.to
		if begin.Before(from) {
			begin = from
		}
		if end.After(to) {
			end = to
		}
		sum += max(0, end.Sub(begin))
	}
	return sum
}
