package state

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/typedstate/typedstate/internal/exec"
)

const (
	// lookTogether is how many keys are read in one round trip, and so how many
	// values are held at most.
	lookTogether = 16

	firstWatchPause   = 10 * time.Millisecond
	longestWatchPause = time.Second
)

// look reads the keys and shows what is new of them.
func (w *watcher) look(keys []*watched) {
	known := make([]Token, len(keys))
	replies := make([]*exec.Reply, len(keys))
	var b exec.Batch
	w.mu.Lock()
	for i, k := range keys {
		if k.held != nil {
			continue
		}
		k.read, k.known = k.heard, k.journal.heard
		if k.begun && !k.full && !k.news() && (!k.gap || w.single == nil) {
			known[i] = k.shown.token
		}
		replies[i] = b.Add(w.sight(k.key, known[i]))
	}
	w.mu.Unlock()
	if b.Len() > 0 {
		w.exec().Send(w.ctx, &b)
	}
	now := time.Now()
	var failed error
	for i, k := range keys {
		if w.err != nil || w.sated {
			return
		}
		if replies[i] == nil {
			w.consider(k, k.held, now)
		} else if err := w.lookAt(k, *replies[i], known[i], now); err != nil {
			failed = err
		}
	}
	if failed != nil {
		w.endure(failed)
	}
}

// lookAt deals with the reply to the look at a key, or has it be looked at again and
// returns why.
func (w *watcher) lookAt(k *watched, reply exec.Reply, known Token, now time.Time) error {
	s, err := sightingOf(reply, known, now)
	err = cause(w.ctx, err)
	switch {
	case err == nil:
		w.pause = 0
		w.family.noteBytes(len(s.data))
	case errors.Is(err, ErrWrongType):
		s = sighting{present: true, left: NoTTL, at: now, err: err}
	default:
		w.mu.Lock()
		w.enqueue(k)
		w.mu.Unlock()
		return err
	}
	w.consider(k, &s, now)
	return nil
}

// endure pauses after an error that passes, and has any other end the watch.
func (w *watcher) endure(err error) {
	lasting := w.ctx.Err() != nil || !w.begun && !errors.Is(err, ErrScanIncomplete)
	for _, one := range []error{ErrClosed, ErrPermission, ErrInvalidKey, errWrapped, errMalformed} {
		lasting = lasting || errors.Is(err, one)
	}
	if lasting {
		w.err = err
		return
	}
	w.pause = min(max(2*w.pause, firstWatchPause), longestWatchPause)
	timer := time.NewTimer(w.pause/2 + rand.N(w.pause/2)) //nolint:gosec // nobody gains by guessing it
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.ctx.Done():
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
	if w.broken && k.begun { // what has led here may not have been heard
		k.gap = true
		k.release()
	}
	if k.certain && !w.store.hub.Follows(k.key) {
		k.certain = false // what led here was published elsewhere
		w.schedule(k, now.Add(wordDelay))
		return nil
	}
	family := w.single == nil
	kind, verdict := k.weigh(s)
	switch {
	case verdict == retry:
		k.release()
		w.enqueue(k)
		return nil
	case verdict == hold:
		if k.held == nil {
			k.held, k.fence = s, 0 // what was asked for before tells nothing of it
			w.schedule(k, now.Add(wordDelay))
		}
		return nil
	case family && !s.present && (!k.begun || !k.shown.present && !k.passed()), family && k.gap && k.same(s) && !k.passed():
		verdict = pass // as a family's watcher shows no absence, and nothing twice
	case verdict == show && s.present && s.data == nil && s.err == nil:
		k.release()
		k.full = true
		w.enqueue(k)
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
			k.forget() // all of it led to what was shown
		}
		k.keep(s)
	}
	due := s.deadline()
	if !due.IsZero() {
		due = due.Add(late)
	}
	w.schedule(k, due)
	if k.heard > k.read {
		w.enqueue(k)
	}
	switch {
	case family && !s.present && !k.queued && !k.news():
		delete(w.keys, k.key)
	case !k.settled:
		w.unsettled = append(w.unsettled, k)
	}
	return n
}
