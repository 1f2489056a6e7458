package state

import "time"

// watched is one key of a watcher: what has been shown of it, and what was heard since.
type watched struct {
	key     string // with the prefix
	sliding bool   // reads extend its life, and do not say so

	shown   sighting // the last one that was shown or showed the same, without its data
	since   int64    // the server's time of the last event
	expires int64    // what it has said of when the value's time is over
	begun   bool     // something was shown, or the key is known to have been absent
	// settled says that all was heard that led to what was shown, so that what is
	// announced next is something else.
	settled bool
	gap     bool // the connection was lost since

	journal journal
	heard   int       // how many messages came, ever
	carried int       // announcements that have led to what was shown already
	changes int       // changes that the server has told of since what was shown
	why     EventKind // what the server has said of a value that is gone, or 0

	queued, urgent bool      // to be looked at
	full           bool      // the next look must bring the value
	failures       int       // looks in a row that failed
	read           int       // what heard was when the last look began
	known          int       // and how many announcements
	held           *sighting // to be shown once it was announced
	certain        bool      // or since it will not be
	fence          int       // which tells so

	due   time.Time // when to look at it of one's own accord, or zero
	index int       // in the heap of those that are due, or -1
}

// early is by how much, in milliseconds, a value may be found gone before its time is
// over by what was announced.
const early = 2

// hear notes an announcement.
func (k *watched) hear(w word) {
	if k.heard++; w.state == "" { // a hint of somebody else
		return
	}
	if k.begun && !k.settled && (w.at < k.since || w.at == k.since && w.state == k.shown.token.String()) {
		return // it was under way when the watcher read what it has shown
	}
	k.why = 0
	k.journal.add(w, k.shown.token)
}

// hearNative notes what the server says of the key.
func (k *watched) hearNative(what string) {
	k.heard++
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
		k.why = 0
	}
	if k.settled { // else it may be what has led to what was shown
		k.changes++
	}
}

// forget has what was shown account for all that was heard.
func (k *watched) forget() {
	k.journal.account(k.journal.heard)
	k.changes, k.why = 0, 0
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
	case k.expired(s):
		return EventExpired, show
	}
	return EventGone, show
}

// same reports whether a sighting is of the state that was shown.
func (k *watched) same(s *sighting) bool {
	if !s.present || !k.shown.present {
		return s.present == k.shown.present
	}
	return s.token == k.shown.token && (s.expires == k.expires || k.sliding && !k.news())
}

// nameOf returns the number of the announcement of a sighting, or 0 if there is none.
func (k *watched) nameOf(s *sighting) int {
	least := k.journal.heard
	if s.time > 0 {
		least, _ = k.journal.until(s.time, k.known)
	}
	return k.journal.names(s, least, k.certain || k.sliding)
}

// expired reports whether the time was over, when s was read, of the value that was
// there last.
func (k *watched) expired(s *sighting) bool {
	number, _ := k.journal.until(s.time, k.known)
	if w := k.journal.word(number); w != nil && number > k.journal.shown {
		return w.ms > 0 && (s.time == 0 || s.time/1000 >= w.at/1000+w.ms-early)
	}
	if s.time == 0 {
		return k.shown.present && k.shown.left != NoTTL && !s.at.Before(k.shown.at.Add(k.shown.left-early*time.Millisecond))
	}
	return k.shown.present && k.shown.expires > 0 && s.time/1000 >= k.shown.expires-early
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
		least, most := k.journal.until(s.time, k.known)
		k.journal.account(least)
		n.skipped = most - before
	}
	n.skipped = max(n.skipped+k.carried, k.changes-1, 0)
	if !k.begun {
		n.skipped = 0
	}
	k.carried, k.changes = 0, 0
	if k.journal.news() == 0 {
		k.forget()
	}
	k.keep(s)
	k.since, k.expires = s.time, s.expires
	return n
}

// keep has the state be the one that is known.
func (k *watched) keep(s *sighting) {
	k.shown = *s
	k.shown.data = nil
	k.begun, k.gap, k.full, k.failures = true, false, false, 0
	k.release()
}

// release lets go of what is held.
func (k *watched) release() { k.held, k.certain, k.fence = nil, false, 0 }

// carry has the next event count what was heard and has led to nothing new.
func (k *watched) carry() {
	k.carried += k.journal.news()
	k.forget()
}

// miss notes that changes may have been missed, after which what was heard tells
// nothing.
func (k *watched) miss() {
	k.gap, k.carried = true, 0
	k.forget()
	k.release()
}

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
