package listen

import (
	"context"
	"time"

	"github.com/typedstate/typedstate/internal/exec"
)

// linger is how long a connection stays that nobody needs: who waits for a key often
// comes again.
const linger = 5 * time.Second

// lasting is how long a connection lives that was no mistake. After another the next
// attempt comes at longer and longer distance.
const lasting = time.Second

// link is what a hub hears from one node. It has one connection, and makes another
// when that breaks, as long as a channel is wanted.
type link struct {
	hub  *Hub
	node exec.Node
	stir chan struct{} // wakes run

	// What follows is under the mutex of the hub.

	wanted  map[channelID]*channel
	sent    map[channelID]*channel // subscribed on the connection, confirmed or not
	changed map[channelID]struct{} // wanted or not since the last flush
	again   []command              // parts of refused commands
	pending []command              // sent and not answered, oldest first
	fences  []*fence               // to be asked for
	idle    time.Time              // since when nothing is wanted
	closed  bool                   // the node's client is
}

func newLink(h *Hub, node exec.Node) *link {
	return &link{
		hub:     h,
		node:    node,
		stir:    make(chan struct{}, 1),
		wanted:  map[channelID]*channel{},
		sent:    map[channelID]*channel{},
		changed: map[channelID]struct{}{},
	}
}

// add has the link subscribe to a subject.
func (l *link) add(s *subject) {
	p := &post{subject: s}
	for _, id := range l.hub.channelsOf(s.Subject) {
		c := l.sent[id]
		if c == nil {
			c = &channel{channelID: id}
		}
		c.post = p
		p.channels = append(p.channels, c)
		l.wanted[id] = c
		l.changed[id] = struct{}{}
	}
	s.posts[l] = p
	l.wake()
}

// remove has the link unsubscribe from a subject.
func (l *link) remove(p *post) {
	delete(p.subject.posts, l)
	for _, c := range p.channels {
		c.post = nil
		delete(l.wanted, c.channelID)
		l.changed[c.channelID] = struct{}{}
	}
	if len(l.wanted) == 0 {
		l.idle = time.Now()
	}
	l.wake()
}

func (l *link) wake() {
	select {
	case l.stir <- struct{}{}:
	default:
	}
}

// run ends when no channel is wanted for a while, or none at all without a
// connection.
func (l *link) run() {
	var p pause
	for {
		c, err := l.connect()
		if err == nil {
			began := time.Now()
			err = l.serve(c)
			if time.Since(began) >= lasting {
				p = 0
			}
		}
		if !l.broke(err) {
			return
		}
		// What the next connection brings must not come before the word that this one
		// broke.
		l.hub.awaitTold()
		p.wait(l.hub.ctx)
		if l.needless() {
			return
		}
	}
}

// broke tells listeners that there is no connection any more. It returns false if
// there need not be another.
func (l *link) broke(err error) bool {
	h := l.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	l.pending, l.again, l.fences = nil, nil, nil
	clear(l.sent)
	clear(l.changed)
	told := make(map[*subject]struct{}, len(l.wanted))
	for id, c := range l.wanted {
		l.changed[id] = struct{}{}
		c.confirmed = false
		told[c.post.subject] = struct{}{}
	}
	switch {
	case !closing(err):
		for s := range told {
			h.lose(s, err)
		}
	case !h.client.Clustered():
		h.failAll(ErrClosed)
	default:
		l.closed = true
		for s := range told {
			h.lose(s, err)
		}
	}
	if l.gone() {
		return false
	}
	h.trouble = true
	h.wake()
	return true
}

// connect makes a connection to the server that commands go to.
func (l *link) connect() (*conn, error) {
	id, err := l.server()
	if err != nil {
		return nil, err
	}
	return dial(l.hub.ctx, l, id)
}

// serve keeps the connection up to date until it breaks or nobody needs it, closes it
// and returns why. The error is never nil.
func (l *link) serve(c *conn) error {
	tick := time.NewTicker(healthEvery)
	defer tick.Stop()
	pulse := pulse{at: time.Now()}
	moved := make(chan struct{})
	if c.server != "" {
		ctx, cancel := context.WithCancel(l.hub.ctx)
		defer cancel()
		l.hub.wg.Go(func() { l.follow(ctx, c.server, moved) })
	}
	for {
		if err := l.flush(c); err != nil {
			return c.close(err)
		}
		select {
		case <-c.ended:
			return c.close(nil)
		case <-moved:
			return c.close(errMoved)
		case <-l.stir:
		case now := <-tick.C:
			if l.idled(now) {
				return c.close(context.Canceled)
			}
			ask, err := pulse.feel(c.heard.Load(), now)
			if ask {
				err = l.ping(c)
			}
			if err != nil {
				return c.close(err)
			}
		case <-l.hub.ctx.Done():
			return c.close(context.Canceled)
		}
	}
}

// idled reports whether the link was of no use for long enough. It is forgotten then.
func (l *link) idled(now time.Time) bool {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	return len(l.wanted) == 0 && now.Sub(l.idle) >= linger && l.gone()
}

// needless reports whether the link is of no use, and forgets it then.
func (l *link) needless() bool {
	l.hub.mu.Lock()
	defer l.hub.mu.Unlock()
	return l.gone()
}

// gone forgets the link if nothing is wanted. There may be another to the node by
// then.
func (l *link) gone() bool {
	if len(l.wanted) > 0 {
		return false
	}
	if l.hub.links[l.node] == l {
		delete(l.hub.links, l.node)
	}
	return true
}
