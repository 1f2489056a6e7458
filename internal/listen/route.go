package listen

import (
	"context"
	"time"

	"github.com/typedstate/typedstate/internal/exec"
)

const (
	// viewEvery is how often the client's view is compared, which sends nothing.
	viewEvery = time.Second
	// reloadEvery is how often the client has to look at the Cluster. Nothing tells a
	// client that sends no commands of a slot that has moved.
	reloadEvery = 5 * time.Second
	// reloadAgain is when the client looks again after a link broke: what comes of it
	// takes the Cluster a while.
	reloadAgain = 500 * time.Millisecond
	// lookLimit bounds the first look at a Cluster.
	lookLimit = 2 * time.Second
)

// route keeps subjects on the nodes that own their keys, and ends when there are none
// for a while: a first look at who owns what is dear. There is at most one router, and
// none without a Cluster.
func (h *Hub) route() {
	tick := time.NewTicker(viewEvery)
	defer tick.Stop()
	next := time.Now().Add(reloadEvery)
	var p pause
	for h.look() {
		if !h.placed() {
			if !p.wait(h.ctx) {
				return
			}
			continue
		}
		p = 0
		select {
		case <-h.stir:
		case <-tick.C:
		case <-h.ctx.Done():
		}
		trouble, needed := h.due()
		if now := time.Now(); needed && (trouble || !now.Before(next)) {
			h.client.Reload(h.ctx)
			next = now.Add(reloadEvery)
			if trouble {
				next = now.Add(reloadAgain)
			}
		}
	}
}

// look places all subjects by the client's present view. It returns false if there
// has been none for a while.
func (h *Hub) look() bool {
	ctx, cancel := context.WithTimeout(h.ctx, lookLimit)
	defer cancel()
	// The router alone changes it.
	layout, err := h.client.Layout(ctx, h.layout)
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case err == nil:
		h.follow(layout)
	case closing(err):
		h.failAll(ErrClosed)
	default:
		for _, s := range h.subjects {
			if len(s.posts) == 0 {
				h.lose(s, err)
			}
		}
	}
	if h.closed || len(h.subjects) == 0 && (h.layout == nil || time.Since(h.idle) >= linger) {
		// What is known by now may be wrong when there are subjects again.
		h.routing, h.layout = false, nil
		return false
	}
	return true
}

// follow takes over a view.
func (h *Hub) follow(layout *exec.Layout) {
	if layout != h.layout {
		h.layout = layout
		for _, s := range h.subjects {
			h.place(s)
		}
	}
	for _, l := range h.links {
		// go-redis closes the clients of nodes that have left, too, but those own
		// nothing.
		if l.closed && len(l.wanted) > 0 {
			h.failAll(ErrClosed)
			return
		}
	}
}

// placed reports whether it is known who owns what.
func (h *Hub) placed() bool { return h.layout != nil }

// due reports whether a link broke since it was last asked, and whether there are
// subjects.
func (h *Hub) due() (trouble, needed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	trouble, h.trouble = h.trouble, false
	return trouble, len(h.subjects) > 0
}
