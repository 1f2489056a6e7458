package listen

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// dialLimit bounds how long it takes to connect.
	dialLimit = 2 * time.Second
	// writeLimit bounds one write.
	writeLimit = 2 * time.Second
)

// errBroken says that a connection broke and nobody knows why.
var errBroken = errors.New("the connection broke")

// conn is one connection of a link and ends with it.
//
// A [redis.PubSub] connects anew and subscribes by itself as soon as its connection
// breaks, in whatever call notices, without a pause and without a word. Those calls
// get a context that is over: what reads and writes does not look at that, and what
// dials gives up at once. A dialer that does not look at its context, as go-redis's
// own for TLS, connects in vain; the call returns its error all the same.
type conn struct {
	pubsub *redis.PubSub
	over   context.Context
	server string        // what tells its server, where that may change; see server.go
	heard  atomic.Uint64 // replies and messages
	ended  chan struct{} // closed when the reader has ended
	reason error         // why it has
}

// dial connects to the node of a link, where commands go to that server.
func dial(ctx context.Context, l *link, server string) (*conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialLimit)
	defer cancel()
	over, end := context.WithCancel(context.Background())
	end()
	c := &conn{pubsub: l.node.Subscribe(over), over: over, server: server, ended: make(chan struct{})}
	l.expect(command{word: ping, left: 1})
	if err := c.pubsub.Ping(ctx); err != nil {
		_ = c.pubsub.Close()
		return nil, err
	}
	l.hub.wg.Go(func() {
		defer close(c.ended)
		c.reason = l.read(c)
	})
	return c, nil
}

// close ends the connection and its reader, and returns why: err, or what the reader
// has noticed.
func (c *conn) close(err error) error {
	_ = c.pubsub.Close()
	<-c.ended
	for _, err := range []error{err, c.reason} {
		// Whoever comes second only fails to connect anew, or because of this Close. If
		// it is the client that is closed, the next attempt to connect tells.
		if err != nil && !errors.Is(err, context.Canceled) && !closing(err) {
			return err
		}
	}
	return errBroken
}

// receive returns what comes next. It has no timeout: one in the middle of a message
// would leave the rest to be taken for another.
func (c *conn) receive() (any, error) { return c.pubsub.Receive(c.over) }

// write sends a command. A context that is over still has its deadline.
func (c *conn) write(cmd command) error {
	over, end := context.WithTimeout(context.Background(), writeLimit)
	end()
	switch names := cmd.names(); cmd.word {
	case subscribe:
		return c.pubsub.Subscribe(over, names...)
	case psubscribe:
		return c.pubsub.PSubscribe(over, names...)
	case unsubscribe:
		return c.pubsub.Unsubscribe(over, names...)
	case punsubscribe:
		return c.pubsub.PUnsubscribe(over, names...)
	default:
		return c.pubsub.Ping(over)
	}
}
