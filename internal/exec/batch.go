package exec

import (
	"context"
	"slices"
	"sync"
)

// A round trip holds at most so many commands and bytes, so that a long batch
// neither holds a connection for long nor fills its buffers.
const (
	chunkCommands = 256
	chunkBytes    = 1 << 20
	// chunksAbreast is how many round trips of one batch of reads are under way to a
	// node: while it works on one, the replies of another are read.
	chunksAbreast = 3
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

// Send sends the commands of b, to all nodes of a Cluster at the same time, in as
// many attempts as are safe for each within ctx.
func (c *Client) Send(ctx context.Context, b *Batch) {
	for _, one := range b.calls {
		one.clustered = c.topology != nil
	}
	c.settle(ctx, b.calls, b.replication)
}

// settle tries the calls until each has a reply or must not be tried again.
func (c *Client) settle(ctx context.Context, calls []*call, r Replication) {
	for retries := newRetries(ctx); ; {
		c.flights(ctx, calls, r)
		var pending []*call
		pause := false
		for _, one := range calls {
			if v := one.judge(retries.patient); v != final {
				pending = append(pending, one)
				pause = pause || v == later
			}
		}
		if len(pending) == 0 || ctx.Err() != nil || pause && !c.wait(ctx, &retries) {
			return
		}
		calls = pending
	}
}

// flights makes one attempt of each call. The nodes of a Cluster do not wait for
// each other, so that one which does not answer fails no calls but its own.
func (c *Client) flights(ctx context.Context, calls []*call, r Replication) {
	if c.topology == nil {
		c.inChunks(ctx, calls, r)
		return
	}
	if err := c.topology.load(ctx); err != nil {
		for _, one := range calls {
			one.fail(err)
		}
		return
	}
	if len(calls) == 1 {
		c.inChunks(ctx, calls, r)
		return
	}
	var wg sync.WaitGroup
	for _, group := range c.topology.byOwner(ctx, calls) {
		wg.Go(func() { c.inChunks(ctx, group, r) })
	}
	wg.Wait()
}

// inChunks makes one attempt of each call in as many round trips as that takes. Those
// of reads do not wait for each other; those of writes do, as one may be to the key of
// another.
func (c *Client) inChunks(ctx context.Context, calls []*call, r Replication) {
	abreast := 1
	if !slices.ContainsFunc(calls, (*call).writes) {
		abreast = chunksAbreast
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	free := make(chan struct{}, abreast)
	for len(calls) > 0 {
		n := chunk(calls)
		if n == len(calls) {
			c.flight(ctx, calls, r)
			return
		}
		some := calls[:n]
		calls = calls[n:]
		if abreast == 1 {
			c.flight(ctx, some, r)
			continue
		}
		free <- struct{}{}
		wg.Go(func() {
			c.flight(ctx, some, r)
			<-free
		})
	}
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
