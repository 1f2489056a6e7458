package exec

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// flight makes one attempt of each call, in one round trip to each node.
func (c *Client) flight(ctx context.Context, calls []*call, r Replication) {
	if err := ctx.Err(); err != nil {
		for _, one := range calls {
			one.reply = Reply{err: &notSentError{err}}
		}
		return
	}
	requests := make([]*request, len(calls))
	for i, one := range calls {
		requests[i] = one.attempt(ctx)
	}
	guarded, stop := c.guard(ctx, calls)
	defer stop()
	if !c.detaches(ctx, calls) {
		c.send(guarded, calls, requests, r)
		return
	}

	// What the caller gives up on goes on in the background, on copies of its own.
	own := make([]*call, len(calls))
	for i, one := range calls {
		copied := *one
		own[i] = &copied
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		c.send(guarded, own, requests, r)
	}()
	select {
	case <-done:
	case <-guarded.Done():
		if ctx.Err() == nil && recall(calls, requests) {
			return // a key has a new owner, and nothing that must not be repeated was sent
		}
		select {
		case <-done:
		case <-ctx.Done():
			for i, one := range calls {
				one.abandon(requests[i], ctx.Err())
			}
			return
		}
	}
	for i, one := range own {
		*calls[i] = *one
	}
}

// recall has the requests not be sent any more, so that they can be made anew, and
// reports whether none of the writes is on its way.
func recall(calls []*call, requests []*request) bool {
	all := true
	for i, one := range calls {
		all = (!one.cmd.write || requests[i].mark.withdraw()) && all
	}
	if all {
		for i, one := range calls {
			one.abandon(requests[i], errWithdrawn)
		}
	}
	return all
}

// detaches reports whether the calls run in a goroutine that the caller can leave
// behind: a batch, which goes on for long, whatever a client sends that would wait
// on its socket beyond the deadline, and everything while a node of a Cluster may
// be dead.
func (c *Client) detaches(ctx context.Context, calls []*call) bool {
	if c.topology != nil && c.topology.troubled() {
		return true
	}
	_, limited := ctx.Deadline()
	return len(calls) > 1 && ctx.Done() != nil || limited && !c.timely
}

// send hands the requests to go-redis and notes what came of them.
func (c *Client) send(ctx context.Context, calls []*call, requests []*request, r Replication) {
	switch {
	case r.Replicas > 0:
		c.replicate(ctx, calls, requests, r)
		return
	case len(requests) == 1:
		_ = c.redis.Process(ctx, requests[0]) // the request holds the error
	default:
		pipeline(ctx, c.redis, requests)
	}
	for i, one := range calls {
		one.take(requests[i])
	}
}

// pipeline sends the requests in one round trip to each node.
func pipeline(ctx context.Context, client redis.UniversalClient, requests []*request) {
	pipe := client.Pipeline()
	for _, request := range requests {
		_ = pipe.Process(ctx, request) // only queues it
	}
	_, _ = pipe.Exec(ctx) // the requests hold the errors
}
