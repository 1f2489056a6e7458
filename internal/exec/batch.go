package exec

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// batchSize bounds the commands of one round trip, so that a long batch neither
// holds a connection for long nor fills its buffers.
const batchSize = 256

// Batch collects commands that share round trips. They are no transaction: each
// has a reply or an error of its own.
type Batch struct {
	cmds []redis.Cmder
}

// Read adds a command that changes nothing.
func (b *Batch) Read(ctx context.Context, args ...any) *redis.Cmd {
	cmd := redis.NewCmd(ctx, args...)
	b.cmds = append(b.cmds, cmd)
	return cmd
}

// Write adds a command that is sent once. As go-redis repeats a round trip as a
// whole, this holds for every command of the batch.
func (b *Batch) Write(ctx context.Context, args ...any) *redis.Cmd {
	cmd := redis.NewCmd(ctx, args...)
	b.cmds = append(b.cmds, once{cmd})
	return cmd
}

// Send sends the commands of b. The replies and errors are in the commands. Those
// that it did not get to before ctx was done have its error, and are not executed.
func (c Client) Send(ctx context.Context, b *Batch) {
	for cmds := b.cmds; len(cmds) > 0; {
		if err := ctx.Err(); err != nil {
			for _, cmd := range cmds {
				cmd.SetErr(notSentError{err})
			}
			return
		}
		n := min(batchSize, len(cmds))
		pipe := c.redis.Pipeline()
		for _, cmd := range cmds[:n] {
			_ = pipe.Process(ctx, cmd) // only queues it
		}
		_, _ = pipe.Exec(ctx) // the commands hold the errors
		cmds = cmds[n:]
	}
}
