package exec

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// A round trip holds at most so many commands and bytes, so that a long batch
// neither holds a connection for long nor fills its buffers.
const (
	chunkCommands = 256
	chunkBytes    = 1 << 20
	// chunksAbreast is how many round trips of one batch of reads are under way to a
	// node: while it works on one, the replies of another are read.
	chunksAbreast = 2
)

// Batch collects commands that share round trips. They are no transaction: each
// has a reply or an error of its own.
type Batch struct {
	calls       []*call
	room        []call // of which the next calls are taken
	replication Replication
}

// Grow makes room for that many commands more.
func (b *Batch) Grow(commands int) {
	if commands > len(b.room) {
		b.room = make([]call, commands)
		b.calls = slices.Grow(b.calls, commands)
	}
}

// Add adds a command and returns where its reply will be once the batch was sent.
func (b *Batch) Add(cmd Command) *Reply {
	if len(b.room) == 0 {
		b.room = make([]call, max(1, min(len(b.calls), chunkCommands)))
	}
	c := &b.room[0]
	b.room = b.room[1:]
	c.cmd, c.batched = cmd, true
	b.calls = append(b.calls, c)
	return &c.reply
}

// Replicate has the batch wait for replicas after its writes.
func (b *Batch) Replicate(r Replication) { b.replication = r }

// Len returns how many commands were added.
func (b *Batch) Len() int { return len(b.calls) }

// Send sends the commands of b, to all nodes of a Cluster at the same time, in as
// many attempts as are safe for each within ctx.
func (c *Client) Send(ctx context.Context, b *Batch) { c.Stream(ctx, b, func(int) {}) }

// Stream is [Client.Send], and calls done with the number of each command, counted
// from 0, once its reply is there, while others are still under way.
func (c *Client) Stream(ctx context.Context, b *Batch, done func(i int)) {
	for i, one := range b.calls {
		one.number, one.clustered = i, c.topology != nil
	}
	c.settle(ctx, b.calls, b.replication, done)
}

// settle tries the calls until each has a reply or must not be tried again.
func (c *Client) settle(ctx context.Context, calls []*call, r Replication, done func(i int)) {
	for retries := newRetries(ctx); ; {
		var ready, waiting []*call
		c.flights(ctx, calls, r, func(some []*call) {
			for _, one := range some {
				switch one.judge(retries.patient) {
				case final:
					done(one.number)
				case now:
					ready = append(ready, one)
				case later:
					waiting = append(waiting, one)
				}
			}
		})
		if len(waiting) > 0 && (ctx.Err() != nil || !c.wait(ctx, &retries)) {
			for _, one := range waiting {
				done(one.number)
			}
			waiting = nil
		}
		if calls = slices.Concat(ready, waiting); len(calls) == 0 {
			return
		}
		if ctx.Err() != nil {
			for _, one := range calls {
				done(one.number)
			}
			return
		}
	}
}

// flights makes one attempt of each call, and calls landed with those that have
// ended, some at a time. The nodes of a Cluster do not wait for each other, so that
// one which does not answer fails no calls but its own.
func (c *Client) flights(ctx context.Context, calls []*call, r Replication, landed func([]*call)) {
	if c.topology != nil {
		if err := c.topology.load(ctx); err != nil {
			for _, one := range calls {
				one.fail(err)
			}
			landed(calls)
			return
		}
	}
	if len(calls) == 0 {
		return
	}
	var groups [][][]*call // the round trips of each node
	if c.topology == nil || len(calls) == 1 {
		groups = [][][]*call{inChunks(calls)}
	} else {
		for _, group := range c.topology.byOwner(ctx, calls) {
			groups = append(groups, inChunks(group))
		}
	}
	if len(groups) == 1 && len(groups[0]) == 1 {
		c.flight(ctx, groups[0][0], r)
		landed(groups[0][0])
		return
	}
	total := 0
	for _, chunks := range groups {
		total += len(chunks)
	}
	ended := make(chan []*call, total) // nobody is kept waiting if landed panics
	var wg sync.WaitGroup
	for _, chunks := range groups {
		c.fly(ctx, chunks, r, &wg, ended)
	}
	for range total {
		landed(<-ended)
	}
	wg.Wait()
}

// fly makes the round trips to one node. Those of reads do not wait for each other;
// those of writes do, as one may be to the key of another.
func (c *Client) fly(ctx context.Context, chunks [][]*call, r Replication, wg *sync.WaitGroup, ended chan<- []*call) {
	abreast := 1
	if !slices.ContainsFunc(chunks, func(some []*call) bool { return slices.ContainsFunc(some, (*call).writes) }) {
		abreast = min(chunksAbreast, len(chunks))
	}
	next := new(atomic.Int64)
	for range abreast {
		wg.Go(func() {
			for i := next.Add(1); int(i) <= len(chunks); i = next.Add(1) {
				some := chunks[i-1]
				c.flight(ctx, some, r)
				ended <- some
			}
		})
	}
}

// inChunks returns the calls by the round trips that they take.
func inChunks(calls []*call) (chunks [][]*call) {
	for len(calls) > 0 {
		n := chunk(calls)
		chunks = append(chunks, calls[:n])
		calls = calls[n:]
	}
	return chunks
}

// chunk returns how many of the calls go into one round trip.
func chunk(calls []*call) int {
	bytes := 0
	for i, one := range calls[:min(len(calls), chunkCommands)] {
		if bytes += one.cmd.size(); bytes > chunkBytes && i > 0 {
			return i
		}
	}
	return min(len(calls), chunkCommands)
}
