package state

import (
	"slices"
	"time"

	"github.com/typedstate/typedstate/internal/listen"
)

// watched is one key of a watcher: what was shown of it, and what was heard since.
type watched struct {
	key     string // with the prefix
	sliding bool   // reads extend its life, and do not say so

	shown sighting // without its data
	begun bool     // something was shown, or the key is known to have been absent
	// named says that what was shown was announced or never will be, so that what is
	// announced next is something else.
	named bool
	gap   bool // the connection was lost since

	heard   int      // how many messages came, ever
	told    int      // announcements since what was shown
	changes int      // changes that the server has told of since then
	recent  []string // the states that the last announcements have named
	passed  bool     // one of them was another than the one shown
	why     EventKind
	over    time.Time // when the time is over of what was announced last

	queued  bool
	full    bool      // the next look must bring the value
	read    int       // what heard was when the last look began
	known   int       // and what told was
	held    *sighting // to be shown once its announcement was heard
	certain bool      // or since there is none
	fence   int       // which tells that there is none

	due   time.Time // when to look at it of one's own accord, or zero
	index int       // in the heap of those that are due, or -1
}

// recentWords is how many announcements of a key are remembered by what they say.
const recentWords = 16

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
	if w.state != wordTTL && k.begun && !k.named && w.state == k.shown.token.String() {
		// It was under way when the watcher read what it has shown, and so were those
		// before it.
		k.forget()
		k.named = true
		return
	}
	k.told++
	k.why, k.over = 0, time.Time{}
	if w.ms > 0 {
		k.over = now.Add(time.Duration(w.ms) * time.Millisecond)
	}
	switch {
	case w.state == wordAbsent:
		k.why = EventRemoved
	case w.state == wordTTL && len(k.recent) > 0:
		w.state = k.recent[len(k.recent)-1]
	case w.state == wordTTL:
		w.state = k.shown.token.String()
	}
	if len(k.recent) == recentWords {
		k.recent = slices.Delete(k.recent, 0, 1)
	}
	k.recent = append(k.recent, w.state)
	k.passed = k.passed || w.state != k.shown.token.String()
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
	if k.named { // else it may be what has led to what was shown
		k.changes++
	}
}

// forget forgets what was heard.
func (k *watched) forget() {
	k.told, k.changes, k.recent, k.passed, k.why, k.over = 0, 0, nil, false, 0, time.Time{}
}

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
	switch named := k.names(s) >= 0; {
	case same && (newer || !k.passed):
		return 0, pass
	case s.present && (named || k.certain):
		return EventSet, show
	case s.present:
		return EventSet, hold
	case named:
		return EventRemoved, show
	case newer:
		return 0, retry
	}
	switch kind := k.reason(s.at); {
	case kind != 0:
		return kind, show
	case k.certain:
		return EventGone, show
	default:
		return EventGone, hold
	}
}

// same reports whether a sighting is of the state that was shown.
func (k *watched) same(s *sighting) bool {
	if !s.present || !k.shown.present {
		return s.present == k.shown.present
	}
	return s.token == k.shown.token && (s.expires == k.shown.expires || k.sliding && k.told == 0)
}

// reason returns why there is no value any more, or 0 if that is not known.
func (k *watched) reason(now time.Time) EventKind {
	over := k.over
	if k.told+k.changes == 0 {
		over = k.shown.deadline()
	}
	if k.why == 0 && !over.IsZero() && !now.Before(over.Add(-early)) {
		return EventExpired
	}
	return k.why
}

// names returns how many announcements came after the one that names the state, or
// -1 if none does.
func (k *watched) names(s *sighting) int {
	for i, state := range slices.Backward(k.recent) {
		if state == s.token.String() {
			return len(k.recent) - 1 - i
		}
	}
	return -1
}

// take has the state be the one shown, and returns the event without its value.
func (k *watched) take(s *sighting, kind EventKind) *notice {
	n := &notice{sighting: *s, key: k.key, kind: kind, gap: k.gap}
	after := k.names(s)
	if k.named = after >= 0; k.named {
		n.skipped = k.told - after - 1
	} else {
		k.named = k.certain
		n.skipped = min(k.told, k.known)
		after = k.told - n.skipped
	}
	n.skipped = max(n.skipped, k.changes-1, 0)
	if !k.begun {
		n.skipped = 0
	}
	if after == 0 {
		k.forget()
	} else { // what those say is still to be shown
		from := max(len(k.recent)-after, 0)
		k.told, k.changes, k.recent, k.passed = after, 0, slices.Clone(k.recent[from:]), true
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
func (k *watched) release() { k.held, k.certain, k.fence = nil, false, 0 }

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
