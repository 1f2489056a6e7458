package listen

import (
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"
)

// errOrder says that a reply came which answers nothing. What is subscribed is not
// known then.
var errOrder = errors.New("a reply that answers no command")

// read passes on what comes until the connection breaks.
func (l *link) read(c *conn) error {
	for {
		reply, err := c.receive()
		var refusal redis.Error
		switch {
		case err == nil:
			c.heard.Add(1)
			err = l.take(c, reply)
		case errors.As(err, &refusal):
			c.heard.Add(1)
			var cmd command
			cmd, err = l.refusal(refusal)
			// All that was published before the refusal of a PING has come before it, too.
			l.pass(cmd.fences, c.server)
		}
		if err != nil {
			return err
		}
	}
}

func (l *link) take(c *conn, reply any) error {
	switch reply := reply.(type) {
	case *redis.Message:
		to, m := l.open(reply)
		l.hub.awaitTold() // or it would come before the word that something was missed
		for _, g := range to {
			g.hear(m)
		}
		return nil
	case *redis.Subscription:
		return l.confirm(reply)
	case *redis.Pong:
		cmd, err := l.answered(ping)
		l.pass(cmd.fences, c.server)
		return err
	default:
		return fmt.Errorf("%w: %T", errOrder, reply)
	}
}

// open returns what a message says, and whom to tell.
func (l *link) open(m *redis.Message) ([]*listening, Message) {
	h := l.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	id := channelID{name: m.Channel}
	if m.Pattern != "" {
		id = channelID{name: m.Pattern, pattern: true}
	}
	c := l.wanted[id]
	if c == nil {
		id.native = true
		if c = l.wanted[id]; c == nil {
			return nil, Message{}
		}
	}
	s := c.post.subject
	key := h.keyOf(s, id, m.Channel)
	// A Cluster passes announcements on to all nodes, and what comes from the owner
	// is what counts.
	if s.Pattern && !id.native && h.layout.Owner(key) != l.node {
		return nil, Message{}
	}
	return s.all(), Message{Key: key, Text: m.Payload, Native: id.native}
}

// confirm notes that the channel of a reply is subscribed or not any more.
func (l *link) confirm(reply *redis.Subscription) error {
	h := l.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	cmd, err := l.next(reply.Kind)
	if err != nil {
		return err
	}
	c := cmd.channels[len(cmd.channels)-1-cmd.left]
	if c.name != reply.Channel {
		return errOrder
	}
	if !cmd.subscribing() {
		return nil
	}
	c.confirmed = true
	h.natives.heard = h.natives.heard || c.native
	if c.post != nil {
		h.settle(c.post.subject)
	}
	return nil
}

// answered notes that a reply to a command has come, and returns the command.
func (l *link) answered(word string) (command, error) {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	return l.next(word)
}

// next takes one reply off the oldest command, which must have that word.
func (l *link) next(word string) (command, error) {
	if len(l.pending) == 0 || l.pending[0].word != word {
		return command{}, errOrder
	}
	l.pending[0].left--
	cmd := l.pending[0]
	if cmd.left == 0 {
		l.pending = l.pending[1:]
	}
	return cmd, nil
}

// refusal notes that the oldest command was answered with an error, and returns the
// command. It returns the error if that leaves channels without a subscription for
// another reason than a lack of permission.
func (l *link) refusal(err redis.Error) (command, error) {
	h := l.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(l.pending) == 0 {
		return command{}, err
	}
	cmd := l.pending[0]
	l.pending = l.pending[1:]
	if !cmd.subscribing() {
		return cmd, nil // an answer all the same
	}
	if !strings.HasPrefix(err.Error(), "NOPERM ") {
		return cmd, err
	}
	if cmd.channels[0].native {
		h.natives.refuse()
	}
	for _, c := range cmd.channels {
		if l.sent[c.channelID] == c {
			delete(l.sent, c.channelID)
		}
	}
	// One channel is enough for all to be refused.
	if n := len(cmd.channels); n > 1 {
		l.again = append(l.again,
			command{word: cmd.word, channels: cmd.channels[:n/2]},
			command{word: cmd.word, channels: cmd.channels[n/2:]})
		l.wake()
		return cmd, nil
	}
	switch c := cmd.channels[0]; {
	case c.native:
		l.refused(c)
	case c.post != nil:
		h.fail(c.post.subject, err)
	}
	return cmd, nil
}
