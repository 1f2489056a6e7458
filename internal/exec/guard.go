package exec

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// guardPause is after how long a call that waits looks for a new owner.
const guardPause = 250 * time.Millisecond

// guard ends a context when a key of its calls has a new owner. To go-redis that
// means to wait no longer for a connection to the old one, which may be stuck;
// what it has begun to send is not affected.
type guard struct {
	topology *topology
	ctx      context.Context
	cancel   context.CancelFunc
	owners   map[*redis.Client]string // each with one of its keys
	timer    *time.Timer
	stopped  atomic.Bool
}

// guard returns a guarded context for the calls.
func (c *Client) guard(ctx context.Context, calls []*call) (context.Context, func()) {
	if c.topology == nil {
		return ctx, func() {}
	}
	owners := make(map[*redis.Client]string, 1)
	for _, one := range calls {
		if key := one.request.common().key.bytes; len(key) > 0 {
			if owner, err := c.topology.client.MasterForKey(ctx, stringOf(key)); err == nil {
				owners[owner] = stringOf(key)
			}
		}
	}
	g := c.topology.guard(ctx, owners)
	return g.ctx, g.stop
}

func (t *topology) guard(ctx context.Context, owners map[*redis.Client]string) *guard {
	ctx, cancel := context.WithCancel(ctx)
	g := &guard{topology: t, ctx: ctx, cancel: cancel, owners: owners}
	g.timer = time.AfterFunc(time.Hour, g.look)
	g.timer.Reset(guardPause) // not before g has it
	return g
}

func (g *guard) stop() {
	g.stopped.Store(true)
	g.timer.Stop()
	g.cancel()
}

func (g *guard) look() {
	g.topology.trouble()
	g.topology.reload(g.ctx)
	for owner, key := range g.owners {
		if now, err := g.topology.client.MasterForKey(g.ctx, key); err == nil && now != owner {
			g.cancel()
			return
		}
	}
	if !g.stopped.Load() {
		g.timer.Reset(guardPause)
	}
}

// lateGuard is a context that is guarded from when go-redis waits for a connection,
// as a call that finds one at once needs no guard, which costs as much as the call.
// go-redis asks for Done once before, to see whether it is over already.
type lateGuard struct {
	context.Context
	client  *Client
	owner   *redis.Client
	request *attempt

	asked atomic.Bool
	mu    sync.Mutex
	guard *guard
	over  bool
}

// Done returns a channel that is closed when the context ends.
func (g *lateGuard) Done() <-chan struct{} {
	if !g.asked.Swap(true) {
		return g.Context.Done()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.guard == nil && !g.over {
		g.guard = g.client.topology.guard(g.Context, map[*redis.Client]string{g.owner: stringOf(g.request.key.bytes)})
	}
	if g.guard == nil {
		return g.Context.Done()
	}
	return g.guard.ctx.Done()
}

// Err returns why the context has ended, or nil.
func (g *lateGuard) Err() error {
	if !g.asked.Load() {
		return g.Context.Err()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.guard == nil {
		return g.Context.Err()
	}
	return g.guard.ctx.Err()
}

func (g *lateGuard) stop() {
	if !g.asked.Load() {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.over = true; g.guard != nil {
		g.guard.stop()
	}
}
