package exec

import "context"

// A round trip holds at most so many commands and bytes, so that a long batch
// neither holds a connection for long nor fills its buffers.
const (
	chunkCommands = 256
	chunkBytes    = 1 << 20
)

// Batch collects commands that share round trips. They are no transaction: each
// has a reply or an error of its own.
type Batch struct {
	calls       []*call
	replication Replication
}

// Add adds a command and returns where its reply will be once the batch was sent.
func (b *Batch) Add(cmd Command) *Reply {
	c := &call{cmd: cmd}
	b.calls = append(b.calls, c)
	return &c.reply
}

// Replicate has the batch wait for replicas after its writes.
func (b *Batch) Replicate(r Replication) { b.replication = r }

// Send sends the commands of b, to all nodes of a Cluster at the same time, in as
// many attempts as are safe for each within ctx.
func (c *Client) Send(ctx context.Context, b *Batch) {
	c.settle(ctx, b.calls, b.replication)
}

// settle tries the calls until each has a reply or must not be tried again.
func (c *Client) settle(ctx context.Context, calls []*call, r Replication) {
	for retries := newRetries(ctx); ; {
		for rest := calls; len(rest) > 0; {
			n := chunk(rest)
			c.flight(ctx, rest[:n], r)
			rest = rest[n:]
		}
		var pending []*call
		pause := false
		for _, one := range calls {
			one.clustered = c.topology != nil
			if v := one.judge(retries.patient); v != final {
				pending = append(pending, one)
				pause = pause || v == later
			}
		}
		if len(pending) == 0 || ctx.Err() != nil {
			return
		}
		if pause {
			if c.topology != nil {
				c.topology.trouble()
				c.topology.reload(ctx)
			}
			if !retries.wait(ctx) {
				return
			}
		}
		calls = pending
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
