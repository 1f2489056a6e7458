package state

import (
	"cmp"
	"container/heap"
	"time"
)

const (
	// wordDelay is how long a sighting waits for the announcement of what it shows
	// before the watcher asks whether there is none.
	wordDelay = 2 * time.Millisecond
	// fenceDelay is how long the watcher waits for an answer before it asks again.
	fenceDelay = time.Second
)

// enqueue has the key be looked at, before others if that is urgent.
func (w *watcher) enqueue(k *watched, urgent bool) {
	switch {
	case urgent && !k.urgent:
		w.urgent = append(w.urgent, k)
	case !urgent && !k.queued:
		w.queue = append(w.queue, k)
	}
	k.queued, k.urgent = true, k.urgent || urgent
	w.poke()
}

// schedule has the key be looked at when it is due, or not by itself if that is
// zero.
func (w *watcher) schedule(k *watched, due time.Time) {
	k.due = due
	switch {
	case k.index >= 0 && due.IsZero():
		heap.Remove(&w.due, k.index)
	case k.index >= 0:
		heap.Fix(&w.due, k.index)
	case !due.IsZero():
		heap.Push(&w.due, k)
	}
}

// tend enqueues the keys whose time has come, and asks where a sighting still waits
// for its announcement, or what was shown may still be announced.
func (w *watcher) tend(now time.Time) {
	waiting := w.unsettled
	w.unsettled = nil
	for len(w.due) > 0 && !now.Before(w.due[0].due) {
		k := w.due[0]
		if k.held == nil {
			w.schedule(k, time.Time{})
			w.enqueue(k, k.failures == 0)
			continue
		}
		w.schedule(k, now.Add(fenceDelay))
		waiting = append(waiting, k)
	}
	w.fence(waiting)
}

// fence asks the hub when everything will have been heard that was published about
// the keys until now.
func (w *watcher) fence(keys []*watched) {
	if len(keys) == 0 {
		return
	}
	w.fences++
	fence := w.fences
	for _, k := range keys {
		k.fence = cmp.Or(k.fence, fence)
	}
	w.store.hub.Fence(w.subject, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, k := range keys {
			switch {
			case k.fence == 0 || k.fence > fence: // it is about something else by now
			case k.held == nil:
				k.settled, k.fence = true, 0
			default:
				k.certain, k.fence = true, 0
				w.enqueue(k, true)
			}
		}
	})
}

// next returns keys to look at together: what is urgent, but some of the others too, so
// that they get their turn however much is heard. Those that failed before are looked at
// by themselves, as they may hold up others, and fewer at a time, as they may be large.
func (w *watcher) next() (keys []*watched) {
	take := func(from *[]*watched, most int) {
		for len(*from) > 0 && len(keys) < most {
			k := (*from)[0]
			if k.queued && len(keys) > 0 && (k.failures > 0) != (keys[0].failures > 0) {
				return
			}
			if *from = (*from)[1:]; len(*from) == 0 {
				*from = nil
			}
			if !k.queued { // looked at since
				continue
			}
			k.queued, k.urgent = false, false
			if keys = append(keys, k); k.failures > 0 {
				most = min(most, max(lookTogether>>k.failures, 1))
			}
		}
	}
	take(&w.urgent, lookTogether*3/4)
	take(&w.queue, lookTogether)
	take(&w.urgent, lookTogether)
	return keys
}

// nextTime returns when there is something to do even if nothing is heard.
func (w *watcher) nextTime() time.Time {
	until := w.reread
	if !w.searched.IsZero() && (w.passing || w.searched.Before(until)) {
		until = w.searched
	}
	if len(w.due) > 0 && w.due[0].due.Before(until) {
		until = w.due[0].due
	}
	return until
}

// lookAtAll has every key be looked at, as something may have changed without a word,
// and those of a family be searched for.
func (w *watcher) lookAtAll(now time.Time) {
	broken := w.again && w.broken
	if w.again {
		w.again, w.broken = false, false
	}
	w.gap = w.gap || broken
	w.passing = true
	if w.single == nil {
		w.searched, w.failures = now, 0
	}
	for _, k := range w.keys {
		if broken {
			k.miss()
		}
		w.enqueue(k, false)
	}
}

// dueHeap holds the watched keys that are to be looked at some time, the earliest
// first, for package heap.
type dueHeap []*watched

func (h dueHeap) Len() int           { return len(h) }
func (h dueHeap) Less(i, j int) bool { return h[i].due.Before(h[j].due) }

func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *dueHeap) Push(x any) {
	k, _ := x.(*watched)
	k.index = len(*h)
	*h = append(*h, k)
}

func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	k := (*h)[last]
	k.index = -1
	(*h)[last] = nil
	*h = (*h)[:last]
	return k
}
