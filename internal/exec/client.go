package exec

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// Client sends commands through a go-redis client.
type Client struct {
	redis    redis.UniversalClient
	topology *topology // nil where there is no Cluster
	// timely says that the client's sockets follow the deadline of a context.
	timely      bool
	readTimeout time.Duration // 0 is none
}

// New returns a Client that sends through c.
func New(c redis.UniversalClient) *Client {
	client := &Client{redis: c, timely: true}
	switch c := c.(type) {
	case *redis.ClusterClient:
		client.topology = &topology{client: c}
		client.timely, client.readTimeout = c.Options().ContextTimeoutEnabled, c.Options().ReadTimeout
	case *redis.Client:
		client.timely, client.readTimeout = c.Options().ContextTimeoutEnabled, c.Options().ReadTimeout
	}
	return client
}

// Timely reports whether the sockets of the go-redis client follow the deadline
// of a context. Where they do not, a call that reaches its deadline returns all
// the same, and leaves its connection waiting for the reply.
func (c *Client) Timely() bool { return c.timely }

// ReadTimeout is how long the go-redis client waits for a reply, or 0 for ever.
func (c *Client) ReadTimeout() time.Duration { return max(c.readTimeout, 0) }

// Do sends one command and returns its reply, after as many attempts as are safe
// within ctx.
func (c *Client) Do(ctx context.Context, cmd Command) Reply {
	var one struct { // one piece of memory
		call call
		list [1]*call
	}
	one.call.cmd = cmd
	one.list[0] = &one.call
	c.settle(ctx, one.list[:], Replication{})
	return one.call.reply
}
