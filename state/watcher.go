package state

import (
	"cmp"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/typedstate/typedstate/internal/listen"
)

const (
	defaultWatchInterval = 30 * time.Second
	// beginLimit is how long a watch tries to begin whose context has no deadline.
	beginLimit = 10 * time.Second
	// wordDelay is how long a sighting waits for the announcement of what it shows
	// before the watcher asks whether there is none.
	wordDelay = 2 * time.Millisecond
	// fenceDelay is how long the watcher waits for an answer before it asks again.
	fenceDelay = time.Second
	// late is by how much a look comes after a value's time is over, as Redis counts
	// milliseconds.
	late = time.Millisecond
)

// watcher watches keys of one family. What it hears says which of them to read, and
// what it shows is what it has read: in the goroutine of its consumer, when that
// asks for more. So a slow consumer costs a note for each key and nobody's time.
type watcher struct {
	walk
	subject  listen.Subject
	single   *watched // or nil, and all keys of the subject are watched
	interval time.Duration
	show     func(*notice) bool
	sated    bool // the consumer wants no more
	pause    time.Duration

	wake   chan struct{}
	cancel context.CancelFunc

	mu        sync.Mutex
	keys      map[string]*watched
	queue     []*watched // to be looked at
	due       dueHeap    // to be looked at some time
	unsettled []*watched // what was shown of them may still be announced
	begun     bool       // what was there at first has been shown
	ready     bool       // the hub hears, or has heard
	again     bool       // all keys are to be looked at
	broken    bool       // since something may have been missed
	gap       bool       // the same, until an event says so
	reread    time.Time  // when to look at all keys in any case
	fences    int
	lost      error
	failed    error
}

// newWatcher returns a watcher of the keys of f, or of k alone if that is one. It has
// sent nothing yet.
func newWatcher(ctx context.Context, t target, name string, f *family, k *ref) *watcher {
	w := &watcher{wake: make(chan struct{}, 1), keys: make(map[string]*watched)}
	if k == nil {
		w.operation = begin(ctx, t, name, f, 0, mayGet|mayScan)
	} else {
		w.operation = beginKey(ctx, t, name, *k, mayGet)
	}
	switch {
	case w.err != nil:
	case t.tx != nil:
		w.err = ErrInTx
	case !f.watched:
		w.err = ErrNotWatched
	default:
		w.interval = t.store.options.WatchInterval
		if k != nil {
			w.single = w.add(w.key.String(), false)
			w.subject.Key = w.single.key
		}
	}
	return w
}

// add adds a key to those that are watched, which may be known not to have been there
// before.
func (w *watcher) add(key string, absent bool) *watched {
	k := &watched{key: key, sliding: w.family.sliding, index: -1}
	if absent {
		k.begun, k.settled, k.shown.token = true, true, Absent()
	}
	w.keys[key] = k
	return k
}

// Heard is called by the hub.
func (w *watcher) Heard(m listen.Message) {
	w.mu.Lock()
	defer w.mu.Unlock()
	k := w.keys[m.Key]
	if k == nil {
		if _, ours := w.parse(m.Key); !ours {
			return
		}
		k = w.add(m.Key, true)
	}
	k.hear(m, time.Now())
	w.enqueue(k)
}

// Ready is called by the hub.
func (w *watcher) Ready() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ready, w.again = true, true
	w.poke()
}

// Lost is called by the hub.
func (w *watcher) Lost(why error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lost, w.broken = why, w.ready
	w.again = false // a Ready before it says nothing any more
	w.poke()
}

// Failed is called by the hub.
func (w *watcher) Failed(why error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failed = why
	w.cancel() // a read that is under way
	w.poke()
}

// poke wakes the consumer.
func (w *watcher) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// enqueue has the key be looked at.
func (w *watcher) enqueue(k *watched) {
	if !k.queued {
		k.queued = true
		w.queue = append(w.queue, k)
		w.poke()
	}
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

// run calls show with each event until that returns false or there is an error.
func (w *watcher) run(show func(*notice) bool) {
	if w.err == nil && w.single == nil {
		w.subject.Pattern = true
		w.subject.Key, w.err = w.match()
	}
	if w.err != nil {
		return
	}
	w.show = show
	outer := w.ctx
	w.ctx, w.cancel = context.WithCancel(outer)
	defer w.cancel()
	stop := w.store.hub.Listen(w.subject, w)
	defer stop()
	for begins := time.Now(); w.err == nil && !w.sated; {
		w.step(begins)
	}
	w.ctx = outer
	if why := w.failure(); w.err != nil && why != nil {
		w.err = why
	}
}

// failure returns why nothing more will be heard, or nil.
func (w *watcher) failure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if errors.Is(w.failed, listen.ErrClosed) {
		return ErrClosed
	}
	return cause(w.ctx, w.failed)
}

// step does the next thing that is to be done, or waits for one.
func (w *watcher) step(begins time.Time) {
	if w.err = ended(w.ctx); w.err != nil {
		return
	}
	w.mu.Lock()
	now := time.Now()
	switch {
	case !w.ready:
		w.mu.Unlock()
		w.awaitReady(begins)
		return
	case w.again || !now.Before(w.reread):
		w.mu.Unlock()
		w.lookAtAll()
		return
	}
	w.ripen(now)
	keys, until := w.next(), w.nextTime()
	if len(keys) == 0 {
		w.fence(w.unsettled)
		w.unsettled = nil
	}
	w.mu.Unlock()
	if len(keys) == 0 {
		w.wait(until)
		return
	}
	w.look(keys)
}

// awaitReady waits until the hub hears for the first time, or for as long as that
// may take.
func (w *watcher) awaitReady(begins time.Time) {
	until := begins.Add(beginLimit)
	deadline, patient := w.ctx.Deadline()
	if patient {
		until = deadline
	}
	w.wait(until)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch why := cause(w.ctx, w.lost); {
	case w.ready || w.ctx.Err() != nil:
	case errors.Is(why, ErrPermission):
		w.err = why
	case !patient && !time.Now().Before(until):
		w.err = fmt.Errorf("no subscription within %v: %w", beginLimit, cmp.Or(why, errNoAnswer))
	}
}

var errNoAnswer = errors.New("the server does not answer")

// wait waits until something was heard or the time has come.
func (w *watcher) wait(until time.Time) {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-w.wake:
	case <-timer.C:
	case <-w.ctx.Done():
	}
}

// ripen enqueues the keys whose time has come, and asks where a sighting still waits
// for its announcement.
func (w *watcher) ripen(now time.Time) {
	var waiting []*watched
	for len(w.due) > 0 && !now.Before(w.due[0].due) {
		k := w.due[0]
		if k.held == nil {
			w.schedule(k, time.Time{})
			w.enqueue(k)
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
		k.fence = fence
	}
	w.store.hub.Fence(w.subject, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, k := range keys {
			if k.fence != fence {
				continue
			}
			if k.fence = 0; k.held == nil {
				k.settled = true
				continue
			}
			k.certain = true
			w.enqueue(k)
		}
	})
}

// next returns keys to look at.
func (w *watcher) next() []*watched {
	n := min(len(w.queue), lookTogether)
	keys := w.queue[:n:n]
	if w.queue = w.queue[n:]; len(w.queue) == 0 {
		w.queue = nil
	}
	for _, k := range keys {
		k.queued = false
	}
	return keys
}

// nextTime returns when there is something to do even if nothing is heard.
func (w *watcher) nextTime() time.Time {
	if len(w.due) > 0 && w.due[0].due.Before(w.reread) {
		return w.due[0].due
	}
	return w.reread
}

// lookAtAll looks at every key, as something may have changed without a word.
func (w *watcher) lookAtAll() {
	w.mu.Lock()
	broken := w.broken
	if w.gap = w.gap || broken; w.again {
		w.again, w.broken = false, false
	}
	// Some of it is random, so that watchers that began together do not all read at
	// the same time.
	w.reread = time.Now().Add(w.interval - rand.N(w.interval/10+1)) //nolint:gosec // nobody gains by guessing it
	for _, k := range w.keys {
		if broken {
			k.gap = true
			k.release()
		}
		w.enqueue(k)
	}
	w.mu.Unlock()
	if w.single == nil {
		w.search()
	}
	w.lookAtQueue()
	if w.err == nil && !w.sated {
		w.mu.Lock()
		w.begun = true
		w.mu.Unlock()
	}
}

// search looks at the keys of the family that are not watched yet.
func (w *watcher) search() {
	err := w.scan(w.subject.Key, func(hits []*hit) bool {
		w.mu.Lock()
		for _, h := range hits {
			if key := h.one.key.rest; w.keys[key] == nil {
				w.enqueue(w.add(key, w.begun))
			}
		}
		w.mu.Unlock()
		w.lookAtQueue()
		return w.err == nil && !w.sated
	})
	if err != nil && w.err == nil && !w.sated {
		w.mu.Lock()
		w.again = true
		w.mu.Unlock()
		w.endure(err)
	}
}

// lookAtQueue looks at what is in the queue.
func (w *watcher) lookAtQueue() {
	w.mu.Lock()
	left := len(w.queue)
	w.mu.Unlock()
	for left > 0 && w.err == nil && !w.sated {
		w.mu.Lock()
		keys := w.next()
		w.mu.Unlock()
		if left -= len(keys); len(keys) == 0 {
			return
		}
		w.look(keys)
	}
}

// parse returns the parts of the key of a full name, and whether it is the family's.
func (w *watcher) parse(key string) (parts []string, ours bool) {
	name := key[min(len(key), len(w.store.prefix)):]
	return w.family.template.ParseKey(name)
}
