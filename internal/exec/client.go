package exec

import (
	"context"
	"errors"
	"net"

	"github.com/redis/go-redis/v9"
)

// Client sends commands through a go-redis client.
type Client struct {
	redis redis.UniversalClient
}

// New returns a Client that sends through c.
func New(c redis.UniversalClient) Client { return Client{c} }

// Read sends a command that changes nothing and returns its reply, or the error
// of go-redis as it is.
func (c Client) Read(ctx context.Context, args ...any) *redis.Cmd {
	cmd := redis.NewCmd(ctx, args...)
	_ = c.redis.Process(ctx, cmd) // the command holds the error
	return cmd
}

// ReadBytes is [Client.Read] for a command that replies with one string.
func (c Client) ReadBytes(ctx context.Context, args ...any) ([]byte, error) {
	cmd := redis.NewStringCmd(ctx, args...)
	_ = c.redis.Process(ctx, cmd) // the command holds the error
	return cmd.Bytes()
}

// Write sends a command once and returns its reply, or the error of go-redis as
// it is.
func (c Client) Write(ctx context.Context, args ...any) *redis.Cmd {
	cmd := redis.NewCmd(ctx, args...)
	_ = c.redis.Process(ctx, once{cmd}) // the command holds the error
	// On the socket a deadline is an i/o timeout. Where go-redis gives the context's
	// own error, it was still waiting for a connection. This does not hold for its
	// pipelines, which on a Cluster give that error to commands that were executed.
	if err, done := cmd.Err(), ctx.Err(); done != nil && errors.Is(err, done) {
		if _, onSocket := errors.AsType[*net.OpError](err); !onSocket {
			cmd.SetErr(notSentError{err})
		}
	}
	return cmd
}

// once is a command that go-redis does not send again when its reply was lost.
// Redirections of Redis Cluster are still followed: they prove that the command
// was not executed.
type once struct{ *redis.Cmd }

// NoRetry overrides the command's own answer.
func (once) NoRetry() bool { return true }
