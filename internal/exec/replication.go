package exec

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// Replication asks that a write reach replicas before it counts as done.
type Replication struct {
	// Replicas is how many must have it; 0 asks for nothing.
	Replicas int
	// Timeout is how long to wait for them.
	Timeout time.Duration
}

// toNodes sends the calls to the nodes themselves, for what go-redis does not do: to
// follow a slot on its way if it is told to follow nothing, to leave a command in
// one piece, and to send WAIT on the connection that wrote. On another it would
// confirm what was never sent to the replicas.
func (c *Client) toNodes(ctx context.Context, calls []*call, r Replication) {
	groups, err := c.byNode(ctx, calls)
	if err != nil {
		for _, one := range calls {
			one.request.SetErr(err)
			one.take()
		}
		return
	}
	var wg sync.WaitGroup
	for to, group := range groups {
		wg.Go(func() { to.send(ctx, group, r) })
	}
	wg.Wait()
}

// node is where a group of calls goes: the client of a node, and whether the
// calls are for a slot that it is being given.
type node struct {
	client redis.UniversalClient
	asking bool
}

// byNode returns the calls by the node that each goes to.
func (c *Client) byNode(ctx context.Context, calls []*call) (map[node][]*call, error) {
	groups := make(map[node][]*call, 1)
	for _, one := range calls {
		to := node{client: c.redis}
		if c.topology != nil {
			var err error
			if to, err = c.topology.nodeOf(ctx, one); err != nil {
				return nil, err
			}
		}
		groups[to] = append(groups[to], one)
	}
	return groups, nil
}

func (t *topology) nodeOf(ctx context.Context, one *call) (node, error) {
	if one.ask != "" {
		to, err := t.nodeAt(ctx, one.ask)
		return node{client: to, asking: true}, err
	}
	owner, err := t.client.MasterForKey(ctx, one.cmd.routingKey())
	return node{client: owner}, err
}

// nodeAt returns the client of the master with that address.
func (t *topology) nodeAt(ctx context.Context, addr string) (*redis.Client, error) {
	masters, err := t.masters(ctx)
	if err != nil {
		return nil, err
	}
	for _, master := range masters {
		if master.Options().Addr == addr {
			return master, nil
		}
	}
	return nil, errNoNode
}

var errNoNode = errors.New("redis: connection to a node that the Cluster does not list yet")

// send sends the calls in one round trip, and WAIT after them if replicas are asked
// for.
func (n node) send(ctx context.Context, calls []*call, r Replication) {
	pipe := n.client.Pipeline()
	for _, one := range calls {
		if n.asking {
			_ = pipe.Process(ctx, once{redis.NewCmd(ctx, "asking")}) // only queues it
		}
		_ = pipe.Process(ctx, one.request)
	}
	wait := redis.NewCmd(ctx, "wait", r.Replicas, r.milliseconds(ctx))
	if r.Replicas > 0 {
		_ = pipe.Process(ctx, once{wait})
	}
	execute(ctx, pipe)
	acknowledged, err := 0, error(nil)
	if r.Replicas > 0 {
		acknowledged, err = wait.Int()
	}
	for _, one := range calls {
		one.take()
		if one.reply.err == nil && one.cmd.write && (err != nil || acknowledged < r.Replicas) {
			one.reply.short, one.reply.why = true, err
		}
	}
}

// milliseconds returns how long WAIT may take, which leaves time for its reply
// before the deadline.
func (r Replication) milliseconds(ctx context.Context) int64 {
	timeout := r.Timeout
	if deadline, ok := ctx.Deadline(); ok {
		timeout = min(timeout, time.Until(deadline)*9/10)
	}
	return max(timeout.Milliseconds(), 1)
}

// askedNode returns the address in a reply such as "ASK 3999 127.0.0.1:6381".
func askedNode(err error) string {
	if err == nil || !redis.HasErrorPrefix(err, "ASK ") {
		return ""
	}
	text := err.Error()
	return text[strings.LastIndexByte(text, ' ')+1:]
}

// once is a command that go-redis sends once and that nobody withdraws.
type once struct{ *redis.Cmd }

// NoRetry has go-redis send the command once.
func (once) NoRetry() bool { return true }
