package state

import (
	"time"

	"github.com/typedstate/typedstate/internal/listen"
)

// watched is one key of a watcher: what was shown of it, and what was heard since.
type watched struct {
	key     string // with the prefix
	sliding bool   // reads extend its life, and do not say so

	shown sighting // without its data
	begun bool     // something was shown, or the key is known to have been absent
	// settled says that what was shown was announced or never will be, so that what is
	// announced next is something else.
	settled bool
	gap     bool // the connection was lost since

	journal journal
	heard   int       // how many messages came, ever
	changes int       // changes that the server has told of since what was shown
	why     EventKind // what the last message says of a value that is gone, or 0
	over    time.Time // when the time is over of what was announced last

	queued  bool
	full    bool      // the next look must bring the value
	read    int       // what heard was when the last look began
	known   int       // and how many announcements
	held    *sighting // to be shown once its announcement was heard
	named   int       // the number of that, or 0
	certain bool      // there will be none
	fence   int       // which tells so

	due   time.Time // when to look at it of one's own accord, or zero
	index int       // in the heap of those that are due, or -1
}

// early is by how much a look may come before a value's time is over, as both
// clocks count milliseconds.
const early = 2 * time.Millisecond

// hear notes a message.
func (k *watched) hear(m listen.Message, now time.Time) {
	k.heard++
	if m.Native {
		k.hearNative(m.Text)
		return
	}
	w := parseWord(m.Text)
	if k.begun && !k.settled && k.shown.present && w.state == k.shown.token.String() {
		// It was under way when the watcher read what it has shown, and so were those
		// before it.
		k.forget()
		k.settled = true
		return
	}
	a := announcement{state: w.state, touch: w.state == wordTTL}
	if a.touch {
		a.state = k.journal.latest(k.shown.token.String())
	}
	k.journal.add(a)
	if k.held != nil && !a.touch && a.state == k.held.token.String() {
		k.named = k.journal.heard
	}
	k.why, k.over = 0, time.Time{}
	if w.state == wordAbsent {
		k.why = EventRemoved
	}
	if w.ms > 0 {
		k.over = now.Add(time.Duration(w.ms) * time.Millisecond)
	}
}

// hearNative notes what the server says of the key.
func (k *watched) hearNative(what string) {
	switch what {
	case "expire", "persist":
		return // the lifetime alone
	case "del", "rename_from", "move_from":
		k.why = EventRemoved
	case "expired":
		k.why = EventExpired
	case "evicted":
		k.why = EventGone
	default:
		k.why, k.over = 0, time.Time{}
	}
	if k.settled { // else it may be what has led to what was shown
		k.changes++
	}
}

// forget has what was shown account for all that was heard.
func (k *watched) forget() {
	k.journal.account(k.journal.heard)
	k.changes, k.why, k.over = 0, 0, time.Time{}
}

// news reports whether something was heard that no event accounts for.
func (k *watched) news() bool { return k.journal.news()+k.changes > 0 }

// passed reports whether the key may have been in another state than the one shown.
func (k *watched) passed() bool { return k.journal.others(k.shown.token.String()) }

// verdict says what is to be done with a sighting.
type verdict uint8

const (
	// pass: there is nothing new to show.
	pass verdict = iota
	// hold: it is new, and what led to it may still be on its way.
	hold
	// retry: it cannot be told apart from what was heard since.
	retry
	// show: it is to be shown.
	show
)

// weigh returns what is to be done with a sighting and, if it is to be shown, as
// what.
func (k *watched) weigh(s *sighting) (EventKind, verdict) {
	same := k.begun && k.same(s)
	if !k.begun || k.gap {
		switch {
		case !k.begun || same:
			return EventCurrent, show
		case s.present:
			return EventSet, show
		}
		return EventGone, show
	}
	newer := k.heard > k.read // which this sighting may lack
	switch named := k.nameOf(s) > 0; {
	case same && (newer || !k.passed()):
		return 0, pass
	case s.present && (named || k.certain):
		return EventSet, show
	case s.present:
		return EventSet, hold
	case named:
		return EventRemoved, show
	case newer:
		return 0, retry
	case k.why != 0:
		return k.why, show
	case !k.certain: // a removal may have been just before its time was over
		return EventGone, hold
	case k.expired(s.at):
		return EventExpired, show
	}
	return EventGone, show
}

// same reports whether a sighting is of the state that was shown.
func (k *watched) same(s *sighting) bool {
	if !s.present || !k.shown.present {
		return s.present == k.shown.present
	}
	return s.token == k.shown.token && (s.expires == k.shown.expires || k.sliding && k.journal.news() == 0)
}

// expired reports whether the time was over of the value that was there last.
func (k *watched) expired(now time.Time) bool {
	over := k.over
	if !k.news() {
		over = k.shown.deadline()
	}
	return !over.IsZero() && !now.Before(over.Add(-early))
}

// nameOf returns the number of the announcement of a sighting, or 0 if there is none.
func (k *watched) nameOf(s *sighting) int {
	if s == k.held && k.named > 0 {
		return k.named
	}
	return k.journal.names(s.token.String(), k.known)
}

// take has the state be the one shown, and returns the event without its value.
func (k *watched) take(s *sighting, kind EventKind) *notice {
	n := &notice{sighting: *s, key: k.key, kind: kind, gap: k.gap}
	before := k.journal.shown
	if number := k.nameOf(s); number > 0 {
		k.settled = true
		k.journal.account(number)
		n.skipped = number - before - 1
	} else {
		k.settled = k.certain
		k.journal.account(k.known)
		n.skipped = k.journal.shown - before
	}
	n.skipped = max(n.skipped, k.changes-1, 0)
	if !k.begun {
		n.skipped = 0
	}
	if k.changes = 0; k.journal.news() == 0 {
		k.forget()
	}
	k.keep(s)
	return n
}

// keep has the state be the one that is known.
func (k *watched) keep(s *sighting) {
	k.shown = *s
	k.shown.data = nil
	k.begun, k.gap, k.full = true, false, false
	k.release()
}

// release lets go of what is held.
func (k *watched) release() { k.held, k.named, k.certain, k.fence = nil, 0, false, 0 }

// notice is what is shown of a key.
type notice struct {
	sighting
	key     string // with the prefix
	name    string // without
	kind    EventKind
	gap     bool
	skipped int
}

// info returns what the notice tells of besides the value.
func (n *notice) info() EventInfo {
	return EventInfo{Kind: n.kind, Found: n.present, Token: n.token, TTL: n.left, Gap: n.gap, Skipped: n.skipped}
}
