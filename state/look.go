package state

import (
	"context"
	"errors"
	"time"

	"github.com/typedstate/typedstate/internal/exec"
)

const (
	// lookTogether is how many keys are read in one round trip, and so how many
	// values are held at most.
	lookTogether = 16
	// lookLimit bounds one look, as a server that does not answer must not hold up what
	// there is to show of others.
	lookLimit = time.Second
	// firstLookLimit bounds a look at keys that failed before, fewer each time. It grows
	// to longestLookLimit, as it may be that the network is slow and the values large,
	// and to patientLookLimit where no other key is watched.
	firstLookLimit   = lookLimit / 4
	longestLookLimit = 2 * lookLimit
	patientLookLimit = 30 * lookLimit
	// staleAfter is after how long values that were read are read again before they are
	// shown, if something was heard since.
	staleAfter = 20 * time.Millisecond

	firstWatchPause   = 10 * time.Millisecond
	longestWatchPause = 2 * time.Second
)

// growing returns a time that doubles with each failure.
func growing(first, longest time.Duration, failures int) time.Duration {
	return min(first<<min(failures, 20), longest)
}

// look reads the keys and shows what is new of them.
func (w *watcher) look(keys []*watched) {
	known := make([]Token, len(keys))
	replies := make([]*exec.Reply, len(keys))
	var b exec.Batch
	var only exec.Command
	w.mu.Lock()
	limit := w.limitOf(keys[0])
	for i, k := range keys {
		if k.held != nil {
			continue
		}
		k.read, k.known = k.heard, k.journal.heard
		if k.begun && !k.full && !k.news() && (!k.gap || w.single == nil) {
			known[i] = k.shown.token
		}
		if only = w.sight(k.key, known[i]); len(keys) == 1 {
			replies[i] = new(exec.Reply)
		} else {
			replies[i] = b.Add(only)
		}
	}
	w.mu.Unlock()
	ctx, cancel := context.WithTimeout(w.ctx, limit)
	if len(keys) == 1 && replies[0] != nil {
		// Where it is by itself, as it mostly is, it takes no batch.
		*replies[0] = w.exec().Do(ctx, only)
	} else if b.Len() > 0 {
		w.exec().Send(ctx, &b)
	}
	cancel()
	now := time.Now()
	for i, k := range keys {
		switch {
		case w.err != nil || w.sated:
			return
		case replies[i] == nil:
			w.consider(k, k.held, now)
		case i > 0 && time.Since(now) > staleAfter && w.overtaken(k):
			w.look(keys[i : i+1])
		default:
			w.lookAt(k, *replies[i], known[i], now)
		}
	}
}

// limitOf returns how long a look at keys like that one may take.
func (w *watcher) limitOf(k *watched) time.Duration {
	switch {
	case k.failures == 0:
		return lookLimit
	case w.single != nil:
		return growing(lookLimit, patientLookLimit, k.failures)
	}
	return growing(firstLookLimit, longestLookLimit, k.failures-1)
}

// overtaken reports whether something was heard since the key was read.
func (w *watcher) overtaken(k *watched) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return k.heard > k.read
}

// lookAt deals with the reply to the look at a key.
func (w *watcher) lookAt(k *watched, reply exec.Reply, known Token, now time.Time) {
	s, err := w.sighted(reply, known, now)
	if reply.Redirected() { // and what led here was published where the hub does not listen yet
		w.store.hub.Redirected()
		w.mu.Lock()
		if k.begun {
			k.miss()
		}
		w.mu.Unlock()
	}
	switch {
	case err == nil:
		w.answered = true
		w.family.noteBytes(len(s.data))
	case w.endures(err):
		w.mu.Lock()
		defer w.mu.Unlock()
		k.failures++
		w.schedule(k, now.Add(growing(firstWatchPause, longestWatchPause, k.failures)))
		return
	default:
		w.err = err
		return
	}
	w.consider(k, &s, now)
}

// endures reports whether the watch goes on after an error: of the network, or of a
// server that is not ready, and not for longer than it may take to begin.
func (w *watcher) endures(err error) bool {
	for _, lasting := range []error{ErrClosed, ErrPermission, ErrInvalidKey, errWrapped, errMalformed} {
		if errors.Is(err, lasting) {
			return false
		}
	}
	_, patient := w.ctx.Deadline()
	return w.ctx.Err() == nil && (w.answered || patient || time.Since(w.begins) < beginLimit)
}

// search looks for keys of the family that are not watched yet, and at what is in the
// queues meanwhile.
func (w *watcher) search() {
	// A scan takes its time, but no reply of it does.
	ctx, cancel := context.WithCancel(w.ctx)
	defer cancel()
	watchdog := time.AfterFunc(lookLimit, cancel)
	defer watchdog.Stop()
	err := w.scan(ctx, w.subject.Key, func(hits []*hit) bool {
		watchdog.Stop()
		w.answered = true
		w.mu.Lock()
		for _, h := range hits {
			if key := h.one.key.rest; w.keys[key] == nil {
				w.enqueue(w.add(key, w.begun), false)
			}
		}
		w.mu.Unlock()
		w.lookAtQueues()
		watchdog.Reset(lookLimit)
		return w.err == nil && !w.sated
	})
	if w.err != nil || w.sated {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case err == nil:
		w.begun = true
		w.searched, w.unsure = time.Time{}, w.broken
	case w.ctx.Err() != nil || errors.Is(err, ErrScanIncomplete) || w.endures(err):
		w.failures++
		w.searched = time.Now().Add(growing(firstWatchPause, longestWatchPause, w.failures))
	default:
		w.err = err
	}
}

// lookAtQueues looks at what is in the queues by now.
func (w *watcher) lookAtQueues() {
	w.mu.Lock()
	left := len(w.urgent) + len(w.queue)
	w.mu.Unlock()
	for left > 0 && w.err == nil && !w.sated && w.ctx.Err() == nil {
		w.mu.Lock()
		w.tend(time.Now())
		keys := w.next()
		w.mu.Unlock()
		if left -= len(keys); len(keys) == 0 {
			return
		}
		w.look(keys)
	}
}

// consider shows a sighting, if it is to be shown.
func (w *watcher) consider(k *watched, s *sighting, now time.Time) {
	w.mu.Lock()
	n := w.judge(k, s, now)
	w.mu.Unlock()
	if n != nil && !w.show(n) {
		w.sated = true
	}
}

// judge returns the event of a sighting, or nil if it is not to be shown, or not yet.
func (w *watcher) judge(k *watched, s *sighting, now time.Time) (n *notice) {
	if w.single != nil {
		w.begun = true
	}
	// What has led here may not have been heard: the connection broke, or it was
	// published at a node that the hub does not listen to yet.
	if k.begun && !k.same(s) && (w.broken || !w.store.hub.Follows(k.key)) {
		k.miss()
	}
	family := w.single == nil
	kind, verdict := k.weigh(s)
	switch {
	case verdict == retry:
		k.release()
		w.enqueue(k, true)
		return nil
	case verdict == hold:
		if k.held == nil {
			k.held, k.fence = s, 0 // what was asked for before tells nothing of it
			w.schedule(k, now.Add(wordDelay))
		}
		return nil
	case family && !s.present && (!k.begun || !k.shown.present && !k.passed()), family && k.gap && k.same(s) && !k.passed():
		verdict = pass // as a family's watcher shows no absence, and nothing twice
	case verdict == show && s.known:
		k.release()
		k.full = true
		w.enqueue(k, true)
		return nil
	}
	if verdict == show {
		n = k.take(s, kind)
		n.name = k.key[len(w.store.prefix):]
		if family {
			n.gap, w.gap = n.gap || w.gap, false
		}
	} else {
		if k.heard == k.read {
			k.carry()
		}
		k.keep(s)
	}
	w.attend(k, s)
	return n
}

// attend sees to it that the key is looked at when there is more to see of it.
func (w *watcher) attend(k *watched, s *sighting) {
	due := time.Time{}
	if s.present && s.left != NoTTL {
		due = s.at.Add(s.left).Add(late)
	}
	w.schedule(k, due)
	if k.heard > k.read {
		w.enqueue(k, true)
	}
	switch {
	case w.single == nil && !s.present && !k.queued && !k.news():
		delete(w.keys, k.key)
	case !k.settled:
		w.unsettled = append(w.unsettled, k)
	}
}
