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
	lanes    *lanes    // nil where nothing shares a round trip
	known    bool      // a client of go-redis itself, and none that wraps one
	// timely says that the client's sockets follow the deadline of a context.
	timely      bool
	replicas    bool          // reads go to replicas
	readTimeout time.Duration // 0 is none
}

// New returns a Client that sends through c.
func New(c redis.UniversalClient) *Client {
	client := &Client{redis: c, known: true}
	switch c := c.(type) {
	case *redis.ClusterClient:
		o := c.Options()
		client.topology = &topology{client: c}
		client.replicas = o.ReadOnly || o.RouteByLatency || o.RouteRandomly
		client.set(o.ContextTimeoutEnabled, o.ReadTimeout, o.WriteTimeout)
		client.lanes = newLanes(client, o.PoolSize)
	case *redis.Client:
		o := c.Options()
		client.set(o.ContextTimeoutEnabled, o.ReadTimeout, o.WriteTimeout)
		client.lanes = newLanes(client, o.PoolSize)
	default:
		client.known = false
	}
	return client
}

// set notes how the client's sockets end. Without a timeout, which is -1 in its
// options, they end with nothing, the deadline of a context included.
func (c *Client) set(enabled bool, read, write time.Duration) {
	c.timely = enabled && read >= 0 && write >= 0
	c.readTimeout = max(read, 0)
}

// Known reports whether the client is one of go-redis itself. Behind one that wraps
// it there may be a Cluster, whose nodes cannot be told apart.
func (c *Client) Known() bool { return c.known }

// Timely reports whether the sockets of the go-redis client follow the deadline
// of a context. Where they do not, a call that reaches its deadline returns all
// the same, and leaves its connection waiting for the reply.
func (c *Client) Timely() bool { return c.timely }

// ReadsReplicas reports whether commands that only read go to replicas, which can be
// behind the primary.
func (c *Client) ReadsReplicas() bool { return c.replicas }

// ReadTimeout is how long the go-redis client waits for a reply, or 0 for ever.
func (c *Client) ReadTimeout() time.Duration { return c.readTimeout }

// Do sends one command and returns its reply, after as many attempts as are safe
// within ctx.
func (c *Client) Do(ctx context.Context, cmd Command) Reply {
	one := call{cmd: cmd, clustered: c.topology != nil}
	c.do(ctx, &one)
	return one.reply
}

// SetDirect sets how many calls of a node are under way before the next ones share
// round trips, for tests, which must not depend on how busy the machine is. It
// belongs before the first call.
func (c *Client) SetDirect(calls int) {
	if c.lanes != nil {
		c.lanes.limits.direct = int64(calls)
	}
}
