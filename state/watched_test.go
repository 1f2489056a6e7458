package state

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// A script of what a watcher of one key hears and sees, and what it shows.
type watchScene struct {
	t    *testing.T
	k    *watched
	now  time.Time
	late int // how many messages came after the look
	// before is how long ago something happened that comes now.
	before time.Duration
}

func newWatchScene(t *testing.T) *watchScene {
	return &watchScene{t: t, k: &watched{key: "k", index: -1}, now: time.UnixMilli(1_000_000_000)}
}

func (s *watchScene) value(text string, left time.Duration) *sighting {
	seen := s.nothing()
	seen.present, seen.token, seen.data, seen.left, seen.expires = true, tokenOf([]byte(text)), []byte(text), left, -1
	if left != NoTTL {
		seen.expires = s.now.Add(left).UnixMilli()
	}
	return seen
}

func (s *watchScene) nothing() *sighting {
	s.now = s.now.Add(10 * time.Microsecond)
	return &sighting{token: Absent(), at: s.now, time: s.now.UnixMicro() - s.before.Microseconds()}
}

// told is the announcement of a value.
func (s *watchScene) told(text string, ms int64) {
	s.say(word{state: tokenOf([]byte(text)).String(), ms: ms})
}

func (s *watchScene) say(w word) {
	s.now = s.now.Add(10 * time.Microsecond)
	w.at = s.now.UnixMicro() - s.before.Microseconds()
	s.k.hear(parseWord(textOf(w)))
}

func (s *watchScene) native(what string) {
	s.k.hearNative(what)
}

// sees returns what becomes of a sighting: "pass", "hold", or the event.
func (s *watchScene) sees(seen *sighting) (verdict string, skipped int, gap bool) {
	if s.k.held == nil {
		s.k.read, s.k.known = s.k.heard-s.late, s.k.journal.heard-s.late
	}
	switch kind, v := s.k.weigh(seen); v {
	case retry:
		return "retry", 0, false
	case show:
		n := s.k.take(seen, kind)
		return kind.String(), n.skipped, n.gap
	case pass:
		if s.late == 0 {
			s.k.carry()
		}
		s.k.keep(seen)
		return "pass", 0, false
	default:
		s.k.held = seen
		return "hold", 0, false
	}
}

func (s *watchScene) expect(seen *sighting, verdict string, skipped int) {
	s.t.Helper()
	got, n, _ := s.sees(seen)
	assert.Equal(s.t, verdict, got)
	assert.Equal(s.t, skipped, n, "skipped")
}

// begin shows what is there, as the last that will be announced.
func (s *watchScene) begin(seen *sighting) {
	s.t.Helper()
	s.expect(seen, "current", 0)
	s.k.settled = true
}

func TestWatchedShowsEachAnnouncedStateOnce(t *testing.T) {
	t.Parallel()
	s := newWatchScene(t)
	s.begin(s.nothing())
	s.told("a", 0)
	s.expect(s.value("a", NoTTL), "set", 0)
	s.expect(s.value("a", NoTTL), "pass", 0)
	s.told("b", 0)
	s.expect(s.value("b", NoTTL), "set", 0)
	s.say(word{state: wordAbsent})
	s.expect(s.nothing(), "removed", 0)
}

func TestWatchedCountsWhatItSkips(t *testing.T) {
	t.Parallel()
	s := newWatchScene(t)
	s.begin(s.value("a", NoTTL))
	s.told("b", 0)
	s.told("c", 0)
	s.told("d", 0)
	s.expect(s.value("d", NoTTL), "set", 2)
	s.told("e", 0)
	s.told("f", 0)
	f := s.value("f", NoTTL)
	s.told("g", 0)
	s.late = 1
	s.expect(f, "set", 1) // read before g
	s.late = 0
	s.expect(s.value("g", NoTTL), "set", 0)
	s.told("h", 0)
	s.told("g", 0)
	s.expect(s.value("g", NoTTL), "set", 1) // changed and changed back
}

func TestWatchedWaitsForTheAnnouncementOfWhatItSees(t *testing.T) {
	t.Parallel()
	s := newWatchScene(t)
	s.begin(s.value("a", NoTTL))
	s.told("b", 0)
	seen := s.value("d", NoTTL)
	s.expect(seen, "hold", 0)
	s.before = time.Millisecond
	s.told("c", 0)
	s.expect(seen, "hold", 0)
	s.told("d", 0)
	s.before = 0
	s.expect(seen, "set", 2)

	foreign := s.value("foreign", NoTTL)
	s.expect(foreign, "hold", 0)
	s.k.certain = true
	s.expect(foreign, "set", 0)
}

func TestWatchedIgnoresAnnouncementsOfWhatItBeganWith(t *testing.T) {
	t.Parallel()
	s := newWatchScene(t)
	s.expect(s.value("b", NoTTL), "current", 0)
	s.before = time.Millisecond
	s.told("a", 0)
	s.told("b", 0) // both were on their way
	s.before = 0
	s.expect(s.value("b", NoTTL), "pass", 0)
	s.told("c", 0)
	s.expect(s.value("c", NoTTL), "set", 0)
}

func TestWatchedKnowsWhyAValueIsGone(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		happens func(*watchScene)
		want    string
		certain string // what it is once everything was heard
		skipped int
	}{
		"its time was over":              {func(s *watchScene) { s.now = s.now.Add(time.Minute) }, "hold", "expired", 0},
		"removed with a word":            {func(s *watchScene) { s.say(word{state: wordAbsent}) }, "removed", "", 0},
		"removed, the server says":       {func(s *watchScene) { s.native("del") }, "removed", "", 0},
		"expired, the server says":       {func(s *watchScene) { s.native("expired") }, "expired", "", 0},
		"evicted":                        {func(s *watchScene) { s.native("evicted") }, "gone", "", 0},
		"without a word":                 {func(*watchScene) {}, "hold", "gone", 0},
		"set again, and over":            {func(s *watchScene) { s.told("b", 10); s.now = s.now.Add(20 * time.Millisecond) }, "hold", "expired", 1},
		"set again, and not over":        {func(s *watchScene) { s.told("b", 1000) }, "hold", "gone", 1},
		"set for ever":                   {func(s *watchScene) { s.told("b", 0); s.now = s.now.Add(time.Hour) }, "hold", "gone", 1},
		"shortened, and over":            {func(s *watchScene) { s.say(word{state: wordTTL, ms: 5}); s.now = s.now.Add(6 * time.Millisecond) }, "hold", "expired", 1},
		"the connection broke":           {func(s *watchScene) { s.k.gap = true; s.now = s.now.Add(time.Minute) }, "gone", "", 0},
		"removed after the server's set": {func(s *watchScene) { s.native("set"); s.say(word{state: wordAbsent}) }, "removed", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newWatchScene(t)
			s.begin(s.value("a", time.Minute))
			c.happens(s)
			nothing := s.nothing()
			if c.certain != "" {
				s.expect(nothing, c.want, 0)
				s.k.certain, c.want = true, c.certain
			}
			s.expect(nothing, c.want, c.skipped)
		})
	}
}

func TestWatchedSaysThatItMissedSomething(t *testing.T) {
	t.Parallel()
	s := newWatchScene(t)
	s.begin(s.value("a", NoTTL))
	for _, c := range []struct {
		seen *sighting
		want string
	}{{s.value("a", NoTTL), "current"}, {s.value("b", NoTTL), "set"}, {s.nothing(), "gone"}, {s.nothing(), "current"}} {
		s.k.gap = true
		kind, _, gap := s.sees(c.seen)
		assert.Equal(t, c.want, kind)
		assert.True(t, gap)
	}
}

func TestWatchedShowsAnotherTimeToLive(t *testing.T) {
	t.Parallel()
	s := newWatchScene(t)
	s.begin(s.value("a", time.Minute))
	s.say(word{state: wordTTL, ms: 120_000})
	s.expect(s.value("a", 2*time.Minute), "set", 0)

	s.native("expire")
	other := s.value("a", 3*time.Minute)
	s.expect(other, "hold", 0)
	s.k.certain = true
	s.expect(other, "set", 0)

	s.k.sliding = true // a read has extended it
	s.expect(s.value("a", 4*time.Minute), "pass", 0)
}

func TestWatchedDoesNotHideWhatComesAndGoes(t *testing.T) {
	t.Parallel()
	s := newWatchScene(t)
	s.begin(s.nothing())
	s.told("a", 0)
	s.say(word{state: wordAbsent})
	s.expect(s.nothing(), "removed", 1)
}

func TestWatchedDoesNotTakeNewerWordsForOlderStates(t *testing.T) {
	t.Parallel()
	s := newWatchScene(t)
	s.begin(s.value("a", NoTTL))
	s.told("b", 0)
	s.late = 1
	s.expect(s.value("a", NoTTL), "pass", 0) // read before b was stored
	s.late = 0
	s.expect(s.value("b", NoTTL), "set", 0)

	s.told("c", 0)
	s.late = 1
	s.expect(s.nothing(), "retry", 0)
	s.late = 0
	s.expect(s.value("c", NoTTL), "set", 0)
	s.say(word{state: wordAbsent})
	nothing := s.nothing()
	s.told("d", 0)
	s.late = 1
	s.expect(nothing, "removed", 0)
	s.late = 0
	s.expect(s.value("d", NoTTL), "set", 0)
}

func TestWatchedRemembersFewWords(t *testing.T) {
	t.Parallel()
	s := newWatchScene(t)
	s.begin(s.nothing())
	for i := range 10 * journalDepth {
		s.told(string(rune('a'+i)), 0)
	}
	assert.Len(t, s.k.journal.last, journalDepth)
	s.k.certain = true
	s.expect(s.value("foreign", NoTTL), "set", 10*journalDepth)
}

func TestWordsParse(t *testing.T) {
	t.Parallel()
	for _, w := range []word{
		{state: wordAbsent, at: 1}, {db: 3, state: wordTTL, ms: 1500, at: 1 << 50}, {db: -1, state: tokenOf(nil).String(), ms: 1 << 40, at: 1},
	} {
		assert.Equal(t, w, parseWord(textOf(w)))
	}
	for _, text := range []string{
		"", "hello", "0 absent", "0 ttl -1 5 0", "0 ttl x 5 0", "0 ttl 99999999999999999999 5 0", "x absent 0 5 0", "0 absent 0 -5 0", "0  0 5 0",
		"0 absent 0 5", "0 absent 0 5 6 7", "0 absent 0 99999999999999 0", "0 absent 0 5 99999999",
		"0 " + strings.Repeat("a", 41) + " 0 5 0",
	} {
		assert.Equal(t, word{db: -1}, parseWord(text), text)
	}
}
