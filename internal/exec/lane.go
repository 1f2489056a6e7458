package exec

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// directCalls is how many calls of a node are under way before the next ones
	// share round trips: as long as few are, each is faster by itself.
	directCalls = 4
	// largeBytes is from where on a command and its reply travel alone. Those of
	// others would wait for them.
	largeBytes = 16 << 10
	// usualConvoys is how many round trips are under way to a node at a time. With
	// one the node waits for the callers and the callers for the node.
	usualConvoys = 2
	// stallPause is after how long a round trip may be stuck, so that another one
	// starts.
	stallPause = 25 * time.Millisecond
	// queueCalls and queueBytes are how much may wait for a node: a tenth of a
	// second of what one server does, and what its requests may take of memory.
	queueCalls = 16 << 10
	queueBytes = 64 << 20
)

// ErrQueueFull says that too many calls wait for a node already.
var ErrQueueFull = errors.New("too many calls wait for the server")

// lane is the way to one node: what waits for it, and the round trips under way.
type lane struct {
	client *Client
	owner  *redis.Client // of a Cluster, or nil
	limits *limits

	underway atomic.Int64 // calls, of all kinds

	mu          sync.Mutex
	first, last *attempt // the queue
	count       int
	bytes       int
	convoys     []*convoy // under way
	stuck       int       // how many of them may be stuck
	ticking     bool
	ticker      *time.Timer
	looking     bool

	slow slowCalls
}

// limits are what tests change.
type limits struct {
	direct  int64 // as directCalls
	convoys int   // as usualConvoys
	most    int   // how many convoys there may be if some are stuck
	calls   int   // as queueCalls
	bytes   int   // as queueBytes
}

// The states of an attempt that shares a round trip.
const (
	queued   uint32 = iota
	aboard          // of a convoy
	arrived         // go-redis is done with it
	recalled        // to be made anew, as its key has a new owner
	left            // its caller has given up
)

// tokens are channels for attempts to wait on, each with room for one token.
var tokens = sync.Pool{New: func() any { return make(chan struct{}, 1) }}

// enter notes a call and reports whether there are many.
func (l *lane) enter() (crowded bool) { return l.underway.Add(1) > l.limits.direct }

func (l *lane) leave() { l.underway.Add(-1) }

// carry has the call's attempt made in a round trip that it shares. It returns with
// ctx, whatever becomes of that.
func (l *lane) carry(ctx context.Context, one *call, bytes int) {
	a := one.request.common()
	a.self, a.bytes, a.mark.shared = one.request, bytes, true
	if deadline, ok := ctx.Deadline(); ok {
		a.until = deadline.UnixNano()
	}
	a.done = tokens.Get().(chan struct{})
	if err := l.join(a); err != nil {
		tokens.Put(a.done)
		one.fail(err)
		return
	}
	select {
	case <-a.done:
	case <-ctx.Done():
		if l.drop(a) {
			one.abandon(ctx.Err())
			return
		}
		<-a.done // it is there
	}
	tokens.Put(a.done)
	switch {
	case a.state.Load() == recalled:
		one.abandon(errWithdrawn)
	case a.failure != nil:
		one.abandon(a.failure)
	default:
		one.take()
	}
}

// join puts the attempt in the queue.
func (l *lane) join(a *attempt) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.count >= l.limits.calls || l.bytes+a.bytes > l.limits.bytes {
		return ErrQueueFull
	}
	if a.prev = l.last; a.prev != nil {
		a.prev.next = a
	} else {
		l.first = a
	}
	l.last = a
	l.count++
	l.bytes += a.bytes
	l.dispatch()
	return nil
}

// dispatch starts a convoy if there are fewer than usual that move, and has the
// lane watched.
func (l *lane) dispatch() {
	if l.count > 0 && len(l.convoys)-l.stuck < l.limits.convoys && len(l.convoys) < l.limits.most {
		v := &convoy{lane: l, begun: time.Now()}
		l.convoys = append(l.convoys, v)
		go v.run()
	}
	if l.ticking || len(l.convoys) == 0 {
		return
	}
	l.ticking = true
	if l.ticker == nil {
		l.ticker = time.AfterFunc(stallPause, l.tick)
	} else {
		l.ticker.Reset(stallPause)
	}
}

// unlink takes the attempt out of the queue.
func (l *lane) unlink(a *attempt) {
	if a.prev != nil {
		a.prev.next = a.next
	} else {
		l.first = a.next
	}
	if a.next != nil {
		a.next.prev = a.prev
	} else {
		l.last = a.prev
	}
	a.next, a.prev = nil, nil
	l.count--
	l.bytes -= a.bytes
}

// drop has the attempt go on without its caller, or not at all if it is still in
// the queue. It reports false if it has ended.
func (l *lane) drop(a *attempt) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a.state.CompareAndSwap(queued, left) {
		l.unlink(a)
		return true
	}
	return a.state.CompareAndSwap(aboard, left)
}

// tick looks after convoys that take long.
func (l *lane) tick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ticking = false
	since := time.Now().Add(-stallPause)
	long := since.Add(stallPause - guardPause)
	dark := false
	for _, v := range l.convoys {
		if !v.stuck && v.begun.Before(since) {
			v.stuck = true
			l.stuck++
		}
		dark = dark || v.begun.Before(long)
	}
	if dark && l.owner != nil && !l.looking {
		l.looking = true
		go l.look()
	}
	l.dispatch()
}

// look has the Cluster's client learn who owns what, and recalls what goes to a
// node that its key has left.
func (l *lane) look() {
	t := l.client.topology
	t.trouble()
	t.reload(context.Background())
	l.mu.Lock()
	defer l.mu.Unlock()
	l.looking = false
	for a := l.first; a != nil; {
		next := a.next
		if l.moved(a) && a.state.CompareAndSwap(queued, recalled) {
			l.unlink(a)
			a.done <- struct{}{}
		}
		a = next
	}
	long := time.Now().Add(-guardPause)
	for _, v := range l.convoys {
		if v.begun.Before(long) {
			v.recall()
		}
	}
}

// moved reports whether the attempt's key has another owner.
func (l *lane) moved(a *attempt) bool {
	now, err := l.client.topology.client.MasterForKey(context.Background(), stringOf(a.key.bytes))
	return err == nil && now != l.owner
}

// lanes are the ways to all nodes.
type lanes struct {
	client *Client
	limits limits
	only   *lane // without a Cluster

	mu     sync.Mutex
	byNode atomic.Pointer[map[*redis.Client]*lane]
}

func newLanes(c *Client, poolSize int) *lanes {
	l := &lanes{client: c, limits: limits{
		direct: directCalls, convoys: usualConvoys, most: max(poolSize, usualConvoys), calls: queueCalls, bytes: queueBytes,
	}}
	if c.topology == nil {
		l.only = &lane{client: c, limits: &l.limits}
	}
	return l
}

// of returns the way of a request, or nil if it has none of its own.
func (l *lanes) of(ctx context.Context, r request) *lane {
	switch {
	case l == nil:
		return nil
	case l.client.topology == nil:
		return l.only
	}
	key := r.common().key.bytes
	if len(key) == 0 {
		return nil
	}
	owner, err := l.client.topology.client.MasterForKey(ctx, stringOf(key))
	if err != nil {
		return nil
	}
	if known := l.byNode.Load(); known != nil {
		if one := (*known)[owner]; one != nil {
			return one
		}
	}
	return l.add(owner)
}

// manyLanes is from how many lanes on those are forgotten that nobody uses: their
// nodes may have left the Cluster.
const manyLanes = 64

// add returns the way to a node that had none.
func (l *lanes) add(owner *redis.Client) *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := map[*redis.Client]*lane{}
	if known := l.byNode.Load(); known != nil {
		for node, one := range *known {
			if node == owner {
				return one
			}
			if len(*known) < manyLanes || one.underway.Load() > 0 {
				all[node] = one
			}
		}
	}
	one := &lane{client: l.client, owner: owner, limits: &l.limits}
	all[owner] = one
	l.byNode.Store(&all)
	return one
}
