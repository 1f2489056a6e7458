package listen

import "sync/atomic"

// Fence has passed called once all is heard that was published about the subject
// until now, which the answer to a PING on each connection of the subject tells, and
// be it that the user may not send one. It is not called if one of them breaks before,
// nor for a subject that is not ready. It is called as a method of a listener is. A
// PING tells of all fences of its time. Behind Sentinel the server must also be the one
// that commands go to, which INFO tells.
func (h *Hub) Fence(s Subject, passed func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	sub := h.subjects[s]
	if sub == nil || !sub.ready {
		return
	}
	f := &fence{passed: passed}
	f.left.Store(int64(len(sub.posts)))
	for l := range sub.posts {
		l.fences = append(l.fences, f)
		l.wake()
	}
}

// Follows reports whether the node of the key is the one that commands about the key go
// to by now. If it is not, the hub goes after it.
func (h *Hub) Follows(key string) bool {
	h.mu.Lock()
	layout := h.layout
	h.mu.Unlock()
	if layout == nil || !h.client.Clustered() {
		return true
	}
	if owner, err := h.client.Owner(h.ctx, key); err == nil && owner == layout.Owner(key) {
		return true
	}
	h.wake()
	return false
}

// Redirected tells the hub that a command was sent on to another node than the one that
// the client took for the owner of the key.
func (h *Hub) Redirected() {
	h.mu.Lock()
	h.trouble = true
	h.mu.Unlock()
	h.wake()
}

// fence is a call of [Hub.Fence].
type fence struct {
	left   atomic.Int64 // links that have not answered
	passed func()
}

// pass notes the answer of one link.
func (f *fence) pass() {
	if f.left.Add(-1) == 0 {
		f.passed()
	}
}
