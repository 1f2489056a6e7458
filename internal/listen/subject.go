package listen

import (
	"sync/atomic"
)

// subject is a [Subject] that has listeners. All but its name is under the mutex of
// the hub.
type subject struct {
	Subject

	listeners map[*listening]struct{}
	list      []*listening // the same, or nil after a change; nobody changes it
	posts     map[*link]*post
	ready     bool // and its listeners know it
}

func (s *subject) add(g *listening) {
	s.listeners[g] = struct{}{}
	s.list = nil
}

func (s *subject) remove(g *listening) {
	delete(s.listeners, g)
	s.list = nil
}

// all returns the listeners. It makes a list only after a change, so that neither
// many listeners nor many messages cost more than they must.
func (s *subject) all() []*listening {
	if s.list == nil {
		s.list = make([]*listening, 0, len(s.listeners))
		for g := range s.listeners {
			s.list = append(s.list, g)
		}
	}
	return s.list
}

// confirmed reports whether the subject is subscribed on all its nodes.
func (s *subject) confirmed() bool {
	for _, p := range s.posts {
		if !p.confirmed() {
			return false
		}
	}
	return len(s.posts) > 0
}

// post is a subject on one link.
type post struct {
	subject  *subject
	channels []*channel
}

func (p *post) confirmed() bool {
	for _, c := range p.channels {
		if !c.confirmed && !c.refused {
			return false
		}
	}
	return true
}

// listening is one call of [Hub.Listen].
type listening struct {
	listener Listener
	ended    atomic.Bool // no method is called any more
}

func (g *listening) end() { g.ended.Store(true) }

// what is a method of a [Listener].
type what int

const (
	ready what = iota
	lost
	failed
)

func (g *listening) tell(w what, err error) {
	if w == failed {
		if !g.ended.Swap(true) {
			g.listener.Failed(err)
		}
		return
	}
	if g.ended.Load() {
		return
	}
	if w == ready {
		g.listener.Ready()
	} else {
		g.listener.Lost(err)
	}
}

func (g *listening) hear(m Message) {
	if !g.ended.Load() {
		g.listener.Heard(m)
	}
}
