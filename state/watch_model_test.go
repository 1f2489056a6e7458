package state

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/typedstate/typedstate/internal/listen"
)

// model is a server, a connection in each direction and a watcher, driven by chance.
type model struct {
	w       *watcher
	k       *watched // single only
	rng     *rand.Rand
	now     time.Time
	trace   []string
	foreign bool
	repeats bool // values come again
	written int

	value   string // "" is absent
	expires int64  // ms, -1 never
	version int    // of changes of state that a consumer could tell apart
	hist    []string
	why     []string // per version: "lib", "expired", "foreign"

	wire  []func() // messages and pongs on their way, in order
	wireN []string
	up    []func() // pings on their way
	down  bool

	shownV       int // version last shown
	last         *notice
	cur          int // version of the pending sighting
	bad          map[string]int
	first        map[string]string
	broke        bool
	everFn       bool // a foreign write since the last event
	firstShown   bool
	skips, jumps int
	sightV       map[*sighting]int
	events       int
}

func newModel(seed uint64, single, foreign bool) *model {
	m := &model{rng: rand.New(rand.NewPCG(seed, 1)), now: time.UnixMilli(1_000_000_000), foreign: foreign, expires: -1, hist: []string{""}, why: []string{"lib"}, sightV: map[*sighting]int{}, bad: map[string]int{}, first: map[string]string{}}
	m.w = &watcher{wake: make(chan struct{}, 1), keys: map[string]*watched{}}
	m.w.family = &family{sliding: os.Getenv("MODEL_SLIDING") != ""}
	m.w.store = &Store{connection: &connection{hub: new(listen.Hub)}}
	if single {
		m.w.single = m.w.add("k", false)
	}
	return m
}

func (m *model) log(f string, a ...any) { m.trace = append(m.trace, fmt.Sprintf(f, a...)) }

func (m *model) complain(class, f string, a ...any) {
	m.bad[class]++
	if m.first[class] == "" {
		m.first[class] = fmt.Sprintf(f, a...) + "\n  " + strings.Join(m.trace, "\n  ")
	}
}

func (m *model) state() string {
	if m.value == "" {
		return ""
	}
	return m.value + "@" + strconv.FormatInt(m.expires, 10)
}

func (m *model) changed(why string) {
	if s := m.state(); s != m.hist[len(m.hist)-1] {
		m.hist = append(m.hist, s)
		m.why = append(m.why, why)
		m.version++
	}
}

func (m *model) expire() {
	if m.value != "" && m.expires >= 0 && m.now.UnixMilli() >= m.expires {
		m.value, m.expires = "", -1
		m.changed("expired")
		m.log("(expired)")
	}
}

func (m *model) publish(w word) {
	if m.down {
		return
	}
	m.now = m.now.Add(7 * time.Microsecond)
	w.at = m.now.UnixMicro()
	msg := listen.Message{Key: "k", Text: textOf(w)}
	m.wire = append(m.wire, func() {
		m.hear(msg)
	})
	m.wireN = append(m.wireN, msg.Text[:min(8, len(msg.Text))])
}

func (m *model) hear(msg listen.Message) {
	k := m.w.keys["k"]
	if k == nil {
		k = m.w.add("k", true)
	}
	k.hear(msg, 0)
	m.w.enqueue(k, true)
}

// textOf returns a word as the server publishes it.
func textOf(w word) string {
	return fmt.Sprintf("%s %d %d %d", w.head(), w.ms, w.at/1_000_000, w.at%1_000_000)
}

func (m *model) write() {
	m.expire()
	m.written++
	v := strconv.Itoa(m.written)
	if m.repeats {
		v = string(rune('a' + m.rng.IntN(3)))
	}
	lib := !m.foreign || m.rng.IntN(3) > 0
	name := "foreign"
	if lib {
		name = "lib"
	}
	switch m.rng.IntN(10) {
	case 0, 1, 2, 3:
		m.value, m.expires = v, -1
		m.log("%s set %s", name, v)
		m.changed(name)
		if lib {
			m.publish(word{state: tokenOf([]byte(v)).String()})
		}
	case 4, 5, 6:
		ms := int64(5 + m.rng.IntN(1000))
		m.value, m.expires = v, m.now.UnixMilli()+ms
		m.log("%s set %s %dms", name, v, ms)
		m.changed(name)
		if lib {
			m.publish(word{state: tokenOf([]byte(v)).String(), ms: ms})
		}
	case 7, 8:
		if m.value != "" {
			m.value, m.expires = "", -1
			m.log("%s remove", name)
			m.changed(name)
			if lib {
				m.publish(word{state: wordAbsent})
			}
		}
	default:
		if m.value != "" {
			ms := int64(5 + m.rng.IntN(1000))
			m.expires = m.now.UnixMilli() + ms
			m.log("%s touch %dms", name, ms)
			m.changed(name)
			if lib {
				m.publish(word{state: wordTTL, ms: ms})
			}
		}
	}
	if !lib {
		m.everFn = true
	}
}

func (m *model) read() *sighting {
	m.expire()
	m.now = m.now.Add(7 * time.Microsecond)
	s := &sighting{at: m.now, time: m.now.UnixMicro(), token: Absent(), expires: -2}
	if m.value != "" {
		s.present, s.data, s.token, s.expires, s.left = true, []byte(m.value), tokenOf([]byte(m.value)), m.expires, NoTTL
		if m.expires >= 0 {
			s.left = time.Duration(m.expires-m.now.UnixMilli()) * time.Millisecond
		}
	}
	m.sightV[s] = m.version
	return s
}

func (m *model) fence(keys []*watched) {
	if len(keys) == 0 {
		return
	}
	m.w.fences++
	fence := m.w.fences
	for _, k := range keys {
		k.fence = cmp.Or(k.fence, fence)
	}
	if m.down {
		return
	}
	m.log("  fence %d", fence)
	m.up = append(m.up, func() {
		m.wire = append(m.wire, func() {
			for _, k := range keys {
				switch {
				case k.fence == 0 || k.fence > fence:
				case k.held == nil:
					k.settled, k.fence = true, 0
				default:
					k.certain, k.fence = true, 0
					m.w.enqueue(k, true)
				}
			}
		})
		m.wireN = append(m.wireN, "pong"+strconv.Itoa(fence))
	})
}

// net lets up to n things happen on the wire.
func (m *model) net(n int) {
	for range n {
		if len(m.up) > 0 && m.rng.IntN(2) == 0 {
			f := m.up[0]
			m.up = m.up[1:]
			f()
			m.log("  ping arrives")
		}
		if len(m.wire) > 0 && m.rng.IntN(2) == 0 {
			f := m.wire[0]
			m.log("  heard %s", m.wireN[0])
			m.wire, m.wireN = m.wire[1:], m.wireN[1:]
			f()
		}
	}
}

// around lets others act for a while.
func (m *model) others() {
	if m.rng.IntN(3) == 0 {
		m.now = m.now.Add(time.Duration(m.rng.IntN(3)) * time.Millisecond)
	}
	if m.rng.IntN(60) == 0 {
		m.now = m.now.Add(time.Duration(m.rng.IntN(800)) * time.Millisecond)
	}
	m.expire()
	n := m.rng.IntN(3)
	if m.rng.IntN(40) == 0 {
		n = m.rng.IntN(40)
	}
	for range n {
		m.write()
		m.net(m.rng.IntN(3))
	}
	m.net(m.rng.IntN(4))
}

func (m *model) crash() {
	m.log("BREAK")
	m.wire, m.wireN, m.up = nil, nil, nil
	m.down, m.broke = true, true
	m.w.again = false
	m.w.broken = m.w.ready
	m.w.unsure = m.w.unsure || m.w.ready
}

func (m *model) restore() {
	m.log("READY")
	m.down = false
	m.w.ready, m.w.again = true, true
}

// step is watcher.step with what it waits for left out.
func (m *model) step(calm bool) (idle bool) {
	w := m.w
	if w.again {
		w.lookAtAll(m.now)
		if w.single == nil && w.keys["k"] == nil {
			m.expire()
			if m.value != "" {
				w.enqueue(w.add("k", w.begun), false)
			}
		}
		for n := len(w.queue) + len(w.urgent); n > 0; n-- {
			m.look(calm)
		}
		w.begun, w.searched, w.unsure = true, time.Time{}, w.broken
		return false
	}
	waiting := w.unsettled
	w.unsettled = nil
	for len(w.due) > 0 && !m.now.Before(w.due[0].due) {
		k := w.due[0]
		if k.held == nil {
			w.schedule(k, time.Time{})
			w.enqueue(k, true)
			continue
		}
		w.schedule(k, m.now.Add(fenceDelay))
		waiting = append(waiting, k)
	}
	m.fence(waiting)
	if len(w.queue)+len(w.urgent) == 0 {
		return true
	}
	m.look(calm)
	return false
}

func (m *model) look(calm bool) {
	keys := m.w.next()
	for _, k := range keys {
		s := k.held
		if s == nil {
			k.read, k.known = k.heard, k.journal.heard
			var known Token
			if k.begun && !k.full && !k.news() && (!k.gap || m.w.single == nil) {
				known = k.shown.token
			}
			if !calm {
				m.others()
			}
			s = m.read()
			m.log("  read %q", m.state())
			if s.present && known == s.token {
				s.data, s.known = nil, true
			}
			if !calm {
				m.others()
			}
			s.at = m.now
		}
		before := *k
		v := m.sightV[s]
		n := m.w.judge(k, s, m.now)
		if n != nil {
			m.show(n, v, &before)
		} else if k.held == nil && !k.queued {
			m.log("  passed v%d", v)
		}
	}
}

func (m *model) show(n *notice, v int, before *watched) {
	m.events++
	m.log("  EVENT %s %q skipped=%d gap=%v (v%d after v%d)", n.kind, m.hist[v], n.skipped, n.gap, v, m.shownV)
	// What an expiry leads to is announced by nobody, and a time to live alone is no state.
	token := func(i int) string { t, _, _ := strings.Cut(m.hist[i], "@"); return t }
	jumped, all, back := 0, max(v-m.shownV-1, 0), false
	for i := m.shownV + 1; i < v; i++ {
		if m.why[i] == "lib" && token(i) != token(i-1) {
			jumped++
		}
		back = back || token(i) == token(v)
	}
	gap := n.gap || m.w.single == nil && m.broke
	if m.firstShown && !gap && n.skipped < jumped {
		class := "undercount"
		if back {
			class += ", it was so before"
		}
		if !before.settled {
			class += ", unsettled"
		}
		if before.journal.news() > journalDepth {
			class += ", window"
		}
		if m.everFn {
			class += ", foreign"
		}
		m.complain(class, "jumped %d skipped %d", jumped, n.skipped)
	}
	if m.firstShown && !gap && n.skipped > all {
		m.complain("overcount", "jumped %d skipped %d", all, n.skipped)
	}
	m.skips, m.jumps = m.skips+n.skipped, m.jumps+jumped
	if gap || m.w.single == nil && m.broke || m.everFn || !m.firstShown {
		m.skips, m.jumps = 0, 0
	}
	if !gap && m.firstShown && !n.present && v > m.shownV {
		why := m.why[v]
		switch {
		case why == "lib" && n.kind != EventRemoved:
			m.complain("kind: removed comes as "+n.kind.String(), "")
		case why == "expired" && n.kind != EventExpired:
			m.complain("kind: expired comes as "+n.kind.String(), "")
		}
	}
	if v < m.shownV {
		m.complain("backwards", "")
	}
	m.shownV, m.last, m.firstShown = v, n, true
	m.everFn = false
	m.broke = m.broke && !n.gap
}

func (m *model) run(steps int, breaks bool) {
	m.restore()
	if os.Getenv("MODEL_QUIET") != "" { // it begins, and is told that nothing is under way, before anybody writes
		m.step(true)
		m.step(true)
		for len(m.up)+len(m.wire) > 0 {
			m.net(1)
		}
	}
	for range steps {
		m.others()
		if breaks && m.rng.IntN(25) == 0 {
			if m.down {
				m.restore()
			} else {
				m.crash()
			}
		} else if m.down && m.rng.IntN(5) == 0 {
			m.restore()
		}
		m.step(false)
	}
	if m.down {
		m.restore()
	}
	// Writes stop.
	m.log("CALM")
	for i := range 300 {
		for len(m.up) > 0 {
			m.up[0]()
			m.up = m.up[1:]
		}
		for len(m.wire) > 0 {
			m.log("  heard %s", m.wireN[0])
			m.wire[0]()
			m.wire, m.wireN = m.wire[1:], m.wireN[1:]
		}
		if m.step(true) {
			m.now = m.now.Add(10 * time.Millisecond)
			if i == 150 {
				m.w.again = true // WatchInterval
				if !m.foreign {
					m.check("before the interval")
				}
			}
		}
		m.expire()
	}
	m.check("")
	if m.skips < m.jumps {
		m.complain("undercount in the end", "jumped %d skipped %d", m.jumps, m.skips)
	}
}

func (m *model) check(when string) {
	m.expire()
	want := m.state()
	got := ""
	if m.last != nil && m.last.present {
		got = string(m.last.data) + "@" + strconv.FormatInt(m.last.expires, 10)
	}
	if m.last == nil && want == "" {
		return
	}
	if got != want {
		m.complain("last event is not what is stored "+when, "got %q want %q", got, want)
	}
}

func TestReviewModel(t *testing.T) {
	runs := 3000
	if n, err := strconv.Atoi(os.Getenv("MODEL_RUNS")); err == nil {
		runs = n
	}
	for _, single := range []bool{true, false} {
		for _, foreign := range []bool{false, true} {
			for _, breaks := range []bool{false, true} {
				t.Run(fmt.Sprintf("single=%v foreign=%v breaks=%v", single, foreign, breaks), func(t *testing.T) {
					bad, first, events := map[string]int{}, map[string]string{}, 0
					for seed := range runs {
						m := newModel(uint64(seed), single, foreign)
						m.run(5+seed%30, breaks)
						events += m.events
						for c, n := range m.bad {
							bad[c] += n
							if old := first[c]; old == "" || len(m.first[c]) < len(old) {
								first[c] = fmt.Sprintf("seed %d: ", seed) + m.first[c]
							}
						}
					}
					t.Log(events, "events")
					for c, n := range bad {
						t.Errorf("%d times: %s", n, c)
					}
					for c := range bad {
						t.Logf("%s: %s", c, first[c])
					}
				})
			}
		}
	}
}

func TestReviewSizes(t *testing.T) {
	var k watched
	t.Log("watched", unsafe.Sizeof(k), "sighting", unsafe.Sizeof(k.shown))
}

// As long as there is always something to look at, nobody asks about those.
func TestReviewABusyWatcherNotesAKeyOnce(t *testing.T) {
	m := newModel(1, false, false)
	m.w.ready = true
	k := m.w.add("k", false)
	m.value = "a"
	for range 1000 { // of Options.WatchInterval
		s := m.read()
		k.read, k.known = k.heard, k.journal.heard
		m.w.judge(k, s, m.now)
		m.w.tend(m.now)
	}
	if n := len(m.w.unsettled); n > 1 {
		t.Errorf("one key is noted %d times", n)
	}
}
