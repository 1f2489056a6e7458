package listen

// outbox holds what listeners must be told, in the order in which it became so. One
// goroutine at a time tells it, so that a Ready never comes after the Lost of a
// later connection.
type outbox struct {
	notes   []note
	sending bool
}

type note struct {
	to   []*listening
	what what
	err  error
	told chan struct{} // closed once it is this one's turn, or nil
}

// send has the listeners told, soon and by another goroutine.
func (h *Hub) send(to []*listening, w what, err error) {
	h.outbox.notes = append(h.outbox.notes, note{to: to, what: w, err: err})
	if !h.outbox.sending {
		h.outbox.sending = true
		h.wg.Go(h.deliver)
	}
}

// deliver tells all that there is to tell and ends.
func (h *Hub) deliver() {
	for {
		h.mu.Lock()
		notes := h.outbox.notes
		h.outbox.notes = nil
		h.outbox.sending = len(notes) > 0
		h.mu.Unlock()
		if len(notes) == 0 {
			return
		}
		for _, n := range notes {
			for _, g := range n.to {
				g.tell(n.what, n.err)
			}
			if n.told != nil {
				close(n.told)
			}
		}
	}
}

// awaitTold returns once listeners were told all that there is to tell by now.
func (h *Hub) awaitTold() {
	h.mu.Lock()
	if !h.outbox.sending {
		h.mu.Unlock()
		return
	}
	told := make(chan struct{})
	h.outbox.notes = append(h.outbox.notes, note{told: told})
	h.mu.Unlock()
	<-told
}
