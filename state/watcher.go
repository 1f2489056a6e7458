package state

import (
	"cmp"
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
	// deafInterval is how often all is read again while the hub does not hear.
	deafInterval = time.Second
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
	begins   time.Time
	answered bool      // a server has, and so the watch has begun for its caller
	begun    bool      // what was there at first has been found
	searched time.Time // when to search for keys that are not watched, or zero
	failures int       // searches in a row that failed
	passing  bool      // all keys are being looked at
	reread   time.Time // when to do so again, while they are not

	wake   chan struct{}
	cancel context.CancelFunc

	mu        sync.Mutex
	keys      map[string]*watched
	urgent    []*watched // to be looked at first
	queue     []*watched // to be looked at
	due       dueHeap    // to be looked at some time
	unsettled []*watched // what was shown of them may still be announced
	ready     bool       // the hub hears, or has heard
	again     bool       // all keys are to be looked at
	broken    bool       // since something may be missed
	unsure    bool       // keys that turn up may have been missed
	gap       bool       // something was missed, and no event says so yet
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
	k := &watched{key: key, sliding: w.family.sliding, index: -1, gap: absent && w.unsure}
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
	var said word
	if !m.Native {
		if said = parseWord(m.Text); said.db >= 0 && w.store.db >= 0 && said.db != w.store.db {
			return
		}
	}
	k := w.keys[m.Key]
	if k == nil {
		if _, ours := w.parse(m.Key); !ours {
			return
		}
		k = w.add(m.Key, true)
	}
	if m.Native {
		k.hearNative(m.Text)
	} else {
		k.hear(said)
	}
	w.enqueue(k, true)
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
	w.lost, w.again = why, false // a Ready before it says nothing any more
	if w.ready && w.broken {
		return
	}
	if w.broken = w.ready; w.broken {
		w.unsure = true
		w.reread = time.Now().Add(w.pause())
	}
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

// run calls show with each event until that returns false or there is an error.
func (w *watcher) run(show func(*notice) bool) {
	if w.err == nil && w.single == nil {
		w.subject.Pattern = true
		w.subject.Key, w.err = w.match()
	}
	if w.err != nil {
		return
	}
	w.show, w.begins = show, time.Now()
	outer := w.ctx
	w.ctx, w.cancel = context.WithCancel(outer)
	defer w.cancel()
	stop := w.store.hub.Listen(w.subject, w)
	defer stop()
	for w.err == nil && !w.sated {
		w.step()
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
func (w *watcher) step() {
	if w.err = ended(w.ctx); w.err != nil {
		return
	}
	w.mu.Lock()
	now := time.Now()
	if !w.ready {
		w.mu.Unlock()
		w.awaitReady()
		return
	}
	if w.again || !w.passing && !now.Before(w.reread) {
		w.lookAtAll(now)
	}
	w.tend(now)
	keys := w.next()
	overdue := lookLimit // a search waits for no longer, however much there is to look at
	if len(keys) == 0 {
		overdue = 0
	}
	search := !w.searched.IsZero() && !now.Before(w.searched.Add(overdue))
	if len(keys) == 0 && w.passing && (w.searched.IsZero() || w.failures > 0) {
		w.passing, w.reread = false, now.Add(w.pause())
	}
	until := w.nextTime()
	w.mu.Unlock()
	if len(keys) > 0 {
		w.look(keys)
	}
	switch {
	case w.err != nil || w.sated:
	case search:
		w.search()
	case len(keys) == 0:
		w.wait(until)
	}
}

// pause returns how long after a look at all keys the next one comes. Some of it is
// random, so that watchers that began together do not all read at the same time.
func (w *watcher) pause() time.Duration {
	d := w.interval
	if w.broken {
		d = min(d, deafInterval)
	}
	return d - rand.N(d/10+1) //nolint:gosec // nobody gains by guessing it
}

// awaitReady waits until the hub hears for the first time, or for as long as that
// may take.
func (w *watcher) awaitReady() {
	until := w.begins.Add(beginLimit)
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

// parse returns the parts of the key of a full name, and whether it is the family's.
func (w *watcher) parse(key string) (parts []string, ours bool) {
	name := key[min(len(key), len(w.store.prefix)):]
	return w.family.template.ParseKey(name)
}
