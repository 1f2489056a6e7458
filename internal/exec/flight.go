package exec

import (
	"context"
	"slices"

	"github.com/redis/go-redis/v9"
)

// flight makes one attempt of each call, in one round trip to each node.
func (c *Client) flight(ctx context.Context, calls []*call, r Replication) {
	if err := ctx.Err(); err != nil {
		for _, one := range calls {
			one.fail(err)
		}
		return
	}
	begin(calls)
	guarded, stop := c.guard(ctx, calls)
	defer stop()
	if !c.detaches(ctx, calls[0].batched) {
		c.send(guarded, calls, r)
		return
	}

	// What the caller gives up on goes on in the background, on copies of its own.
	copies, own := make([]call, len(calls)), make([]*call, len(calls))
	for i, one := range calls {
		copies[i], own[i] = *one, &copies[i]
	}
	done := make(chan struct{})
	go func() {
		broken := true // until send returns, which a hook can keep it from
		defer func() {
			for _, one := range own {
				if broken {
					one.abandon(errBroken)
				}
			}
			close(done)
		}()
		c.send(guarded, own, r)
		broken = false
	}()
	select {
	case <-done:
	case <-guarded.Done():
		if ctx.Err() == nil && recall(calls) {
			return // a key has a new owner, and nothing that must not be repeated was sent
		}
		select {
		case <-done:
		case <-ctx.Done():
			for _, one := range calls {
				one.abandon(ctx.Err())
			}
			return
		}
	}
	for i, one := range calls {
		*one = copies[i]
	}
}

// recall has the calls not be sent any more, so that they can be made anew, and
// reports whether none of the writes is on its way.
func recall(calls []*call) bool {
	all := true
	for _, one := range calls {
		all = (!one.cmd.write || one.cmd.again || one.request.common().mark.withdraw()) && all
	}
	if all {
		for _, one := range calls {
			one.abandon(errWithdrawn)
		}
	}
	return all
}

// detaches reports whether the calls run in a goroutine that the caller can leave
// behind: a batch, which goes on for long, whatever a client sends that would wait
// on its socket beyond the deadline, and everything while a node of a Cluster may
// be dead.
func (c *Client) detaches(ctx context.Context, batched bool) bool {
	if c.topology != nil && c.topology.troubled() {
		return true
	}
	_, limited := ctx.Deadline()
	return batched && ctx.Done() != nil || limited && !c.timely
}

// send hands the attempts to go-redis and notes what came of them.
func (c *Client) send(ctx context.Context, calls []*call, r Replication) {
	switch {
	case r.Replicas > 0 && slices.ContainsFunc(calls, (*call).writes), slices.ContainsFunc(calls, (*call).asks), c.topology.splitsAny(ctx, calls):
		c.toNodes(ctx, calls, r)
		return
	case len(calls) == 1:
		_ = c.redis.Process(ctx, calls[0].request) // the request holds the error
	default:
		cmds := make([]redis.Cmder, len(calls))
		for i, one := range calls {
			cmds[i] = one.request
		}
		pipe := c.redis.Pipeline()
		_ = pipe.BatchProcess(ctx, cmds...) // only queues them
		execute(ctx, pipe)
	}
	for _, one := range calls {
		one.take()
	}
}

// execute has go-redis send what is queued. What it returns is an error of a command,
// which has it already, or of none: when Redis refuses the handshake of a connection,
// go-redis tells no command, and they look as if they had been answered.
func execute(ctx context.Context, pipe redis.Pipeliner) {
	cmds, err := pipe.Exec(ctx)
	if err == nil || slices.ContainsFunc(cmds, func(cmd redis.Cmder) bool { return cmd.Err() != nil }) {
		return
	}
	for _, cmd := range cmds {
		if r, ok := cmd.(request); !ok || !r.common().write || !r.common().mark.sent() {
			cmd.SetErr(err)
		}
	}
}

func (t *topology) splitsAny(ctx context.Context, calls []*call) bool {
	return t != nil && slices.ContainsFunc(calls, func(one *call) bool { return t.splits(ctx, one) })
}
