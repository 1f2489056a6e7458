package listen

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/exec"
)

// ErrClosed says that the hub or the client is closed. It is a [redis.ErrClosed].
var ErrClosed = fmt.Errorf("listen: %w", redis.ErrClosed)

// Hub hears what Redis publishes, for any number of listeners. Its methods may be
// called from any goroutine that is not in a method of a [Listener].
type Hub struct {
	client *exec.Client
	head   string // of the server's own channels; empty where they are not known

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup
	stir   chan struct{} // wakes the router

	// mu is held for look-ups and never over a call of a listener or of the network.
	mu       sync.Mutex
	closed   bool
	layout   *exec.Layout // nil while it is not known who owns what
	routing  bool         // there is a router
	trouble  bool         // a link broke since the router last looked
	idle     time.Time    // since when there are no subjects
	subjects map[Subject]*subject
	links    map[exec.Node]*link
	outbox   outbox
	natives  natives
}

// New returns a hub that hears what c's servers publish. It starts nothing and
// sends nothing before the first [Hub.Listen].
func New(c *exec.Client) *Hub {
	h := &Hub{
		client:   c,
		stir:     make(chan struct{}, 1),
		subjects: map[Subject]*subject{},
		links:    map[exec.Node]*link{},
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	if db := c.DB(); db >= 0 {
		h.head = "__keyspace@" + strconv.Itoa(db) + "__:"
	}
	if !c.Clustered() {
		h.layout, _ = c.Layout(h.ctx, nil) // it cannot fail there
	}
	return h
}

// Listen has l told of the changes of s until stop is called. It sends nothing
// itself. After stop has returned no method of l is called any more, though one
// that was being called at the time may still be under way; stop does not wait for
// it and may be called again. On a closed hub [Listener.Failed] is called with
// [ErrClosed].
//
// A subject takes one SUBSCRIBE or PSUBSCRIBE for its announcements and another for
// the server's own channel, O(1) each, on the node that owns the key or the slot of a
// pattern, or on every master; those of many subjects go together. Further listeners
// to a subject cost the server nothing.
func (h *Hub) Listen(s Subject, l Listener) (stop func()) {
	g := &listening{listener: l}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		go g.tell(failed, ErrClosed) // the caller may hold what Failed needs
		return g.end
	}
	sub := h.subjects[s]
	if sub == nil {
		sub = &subject{Subject: s, listeners: map[*listening]struct{}{}, posts: map[*link]*post{}}
		h.subjects[s] = sub
		h.place(sub)
	}
	sub.add(g)
	if sub.ready {
		h.send([]*listening{g}, ready, nil)
	}
	return func() { h.stop(sub, g) }
}

func (h *Hub) stop(s *subject, g *listening) {
	g.end()
	h.mu.Lock()
	defer h.mu.Unlock()
	s.remove(g)
	if len(s.listeners) == 0 {
		h.drop(s)
	}
}

// Close ends the hub: each listener is told [ErrClosed], once, and all connections
// are closed. It returns when all goroutines of the hub have ended, which takes as
// long as the client takes to give up a connection that it is making. Closing again
// does nothing.
func (h *Hub) Close() {
	h.mu.Lock()
	h.closed = true
	h.failAll(ErrClosed)
	h.mu.Unlock()
	h.cancel()
	h.wg.Wait()
}

// place subscribes a subject on the nodes that it belongs on, and on no others. A
// subject is not ready then until all those have confirmed it.
func (h *Hub) place(s *subject) {
	if h.client.Clustered() && !h.routing {
		h.routing = true
		h.wg.Go(h.route)
	}
	if h.layout == nil {
		return
	}
	heard := s.ready
	nodes := h.layout.Nodes()
	if s.oneSlot() {
		nodes = []exec.Node{h.layout.Owner(s.Key)}
	}
	for l, p := range s.posts {
		if !slices.Contains(nodes, l.node) {
			l.remove(p)
			s.ready = false
		}
	}
	for _, node := range nodes {
		l := h.links[node]
		if l == nil {
			l = newLink(h, node)
			h.links[node] = l
			h.wg.Go(l.run)
		}
		if s.posts[l] == nil {
			l.add(s)
			s.ready = false
		}
	}
	// An owner may have changed from one node of a pattern to another, and what
	// came meanwhile was passed on for neither.
	if !s.oneSlot() {
		s.ready = false
	}
	if heard && !s.ready {
		h.lose(s, errMoved)
	}
	h.settle(s)
}

// errMoved says that other nodes own what is listened to.
var errMoved = errors.New("listen: the owner has changed")

// settle tells the listeners of a subject that it is ready, if it has come to be.
func (h *Hub) settle(s *subject) {
	if s.ready || !s.confirmed() {
		return
	}
	s.ready = true
	h.send(s.all(), ready, nil)
}

// lose tells the listeners of a subject that it is not heard any more.
func (h *Hub) lose(s *subject, err error) {
	s.ready = false
	h.send(s.all(), lost, err)
}

// fail tells the listeners of a subject that nothing will be heard, and forgets it.
func (h *Hub) fail(s *subject, err error) {
	h.send(s.all(), failed, err)
	h.drop(s)
}

func (h *Hub) failAll(err error) {
	for _, s := range h.subjects {
		h.fail(s, err)
	}
}

// drop forgets a subject, unless that was done before.
func (h *Hub) drop(s *subject) {
	if h.subjects[s.Subject] != s {
		return
	}
	delete(h.subjects, s.Subject)
	for l, p := range s.posts {
		l.remove(p)
	}
	if len(h.subjects) == 0 {
		h.idle = time.Now()
	}
}

// wake has the router look at once.
func (h *Hub) wake() {
	select {
	case h.stir <- struct{}{}:
	default:
	}
}

// closing reports whether err says that the client is closed.
func closing(err error) bool { return errors.Is(err, redis.ErrClosed) }
