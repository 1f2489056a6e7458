package main

import (
	"errors"
	"fmt"

	"github.com/typedstate/typedstate/state"
)

// glimpse is an event of a watched key, as far as it is checked while watchers run.
type glimpse struct {
	n       int64 // of the value, or 0 if there is none
	until   int64 // when its time is over
	kind    state.EventKind
	gap     bool
	skipped int64
}

// trail is what one watcher was shown of one key, held against the writer's diary.
type trail struct {
	begun  bool
	newest int64 // the number of the last value
	absent bool  // the last event was of no value
	// counted is which announcement the last event stands at, by what the watcher
	// says: each event that comes of an announcement is one, and has skipped some.
	counted int64
	shown   int64 // the last deed that was shown, at the least
}

var (
	errWentBack = errors.New("a value came after a newer one")
	errMissed   = errors.New("there were more changes than the event says it skips")
	errUnheard  = errors.New("a value that nobody has begun to write")
)

// see notes an event, and returns what is wrong with it. Where acknowledged writes may
// be lost, a gap excuses a value that is older, and all that was written until then.
func (t *trail) see(d *diary, g glimpse, lossy bool) (wrong error) {
	if g.n > d.written() {
		return errUnheard
	}
	var least, shown, most int64
	if g.n > 0 {
		least, shown, most = d.around(g.n, g.until)
		if g.n < t.newest && (!g.gap || !lossy) {
			wrong = fmt.Errorf("%w: value %d after %d", errWentBack, g.n, t.newest)
		}
	}
	switch {
	case g.gap && lossy, (g.gap || !t.begun) && g.n == 0:
		t.counted = d.all()
	case g.gap, !t.begun:
		t.counted = shown
	default:
		t.counted += g.skipped
		if g.kind != state.EventExpired { // nobody announces that
			t.counted++
		}
		if g.n > 0 {
			if wrong == nil && t.counted < least {
				wrong = fmt.Errorf("%w: value %d skips %d since value %d, and %d more", errMissed, g.n, g.skipped, t.newest, least-t.counted)
			}
			// A value and its later time to live may be shown at once.
			t.counted = min(max(t.counted, shown), most)
		}
	}
	t.begun, t.absent = true, g.n == 0
	if g.n > 0 {
		t.newest = g.n
	}
	return wrong
}

// doubt has the next event count for nothing: somewhere in the family there was a gap
// that this key need not have an event of.
func (t *trail) doubt(d *diary, lossy bool) {
	switch {
	case !t.begun:
	case t.absent:
		t.begun = false
	case lossy:
		t.counted = max(t.counted, d.all())
	}
}

// lag returns since when what an event shows could have been shown, if that is after
// since, or MaxInt64.
func (t *trail) lag(d *diary, n, since int64) (at int64) {
	if n == 0 {
		n = d.gone()
	}
	at = d.oldest(t.shown, n, since)
	t.shown = max(t.shown, n)
	return at
}

// owed returns the same for what was not shown yet.
func (t *trail) owed(d *diary, since int64) (at int64) {
	return d.oldest(max(t.shown, d.gone()), d.written(), since)
}
