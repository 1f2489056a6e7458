package exec

import (
	"context"
	"sync/atomic"
	"time"
)

// slowCalls notices calls of a Cluster that take long and that nothing else
// watches, at the price of a number for each. A node that is gone without a word
// leaves no other sign.
type slowCalls struct {
	begun [directCalls]atomic.Int64 // in Unix nanoseconds, 0 for none
	armed atomic.Bool
}

// watch notes that a call begins and returns where, or -1 if too many are noted.
func (l *lane) watch() (slot int) {
	s := &l.slow
	now := time.Now().UnixNano()
	for i := range s.begun {
		if s.begun[i].Load() == 0 && s.begun[i].CompareAndSwap(0, now) {
			if !s.armed.Load() && s.armed.CompareAndSwap(false, true) {
				time.AfterFunc(guardPause, l.watched)
			}
			return i
		}
	}
	return -1
}

func (l *lane) unwatch(slot int) {
	if slot >= 0 {
		l.slow.begun[slot].Store(0)
	}
}

// watched looks at the calls that are noted, and comes back as long as there are
// some.
func (l *lane) watched() {
	s := &l.slow
	s.armed.Store(false)
	limit := time.Now().Add(-guardPause).UnixNano()
	some, slow := false, false
	for i := range s.begun {
		begun := s.begun[i].Load()
		some, slow = some || begun != 0, slow || begun != 0 && begun < limit
	}
	if some && s.armed.CompareAndSwap(false, true) {
		time.AfterFunc(guardPause, l.watched)
	}
	if slow {
		l.client.topology.trouble()
		l.client.topology.reload(context.Background())
	}
}
