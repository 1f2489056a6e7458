package state

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/listen"
)

// model is a server with one key, a connection in each direction and a watcher. Chance
// decides who acts next, in orders that no test of a real server meets. A seed says it
// all.
type model struct {
	rng     *rand.Rand
	now     time.Time
	w       *watcher
	foreign bool // others write too, without a word
	writes  int

	past []version // the last one is stored
	read map[*sighting]int
	up   []func() // questions on their way to the server
	down []func() // announcements and answers on their way back
	lost bool

	shown  int // which version was shown last
	last   *notice
	before bool // what it shows had been there already since the event before
	broken bool // since an event said so

	traced bool
	trace  []string
	wrong  string
}

// version is a state of the key that a consumer can tell from the one before.
type version struct {
	value     string // or "", and nothing is there
	expires   int64  // in milliseconds, or -1
	announced bool
}

func (v version) String() string { return fmt.Sprintf("%q until %d", v.value, v.expires) }

func newModel(seed uint64, single, foreign bool) *model {
	m := &model{
		rng: rand.New(rand.NewPCG(seed, 1)), now: time.UnixMilli(1_000_000_000), foreign: foreign,
		w:    &watcher{wake: make(chan struct{}, 1), keys: map[string]*watched{}},
		past: []version{{expires: -1}}, read: map[*sighting]int{},
	}
	m.w.family = &family{}
	m.w.store = &Store{connection: &connection{hub: new(listen.Hub)}}
	if single {
		m.w.single = m.w.add("k", false)
	}
	return m
}

func (m *model) log(format string, args ...any) {
	if m.traced {
		m.trace = append(m.trace, fmt.Sprintf(format, args...))
	}
}

func (m *model) fail(format string, args ...any) {
	if m.wrong == "" {
		m.wrong, m.traced = fmt.Sprintf(format, args...), false
	}
}

func (m *model) stored() version { return m.past[len(m.past)-1] }

func (m *model) become(v version) {
	if s := m.stored(); v.value != s.value || v.expires != s.expires {
		m.past = append(m.past, v)
	}
}

func (m *model) expire() {
	if v := m.stored(); v.value != "" && v.expires >= 0 && m.now.UnixMilli() >= v.expires {
		m.log("expires")
		m.become(version{expires: -1})
	}
}

// write changes what is stored. No value comes twice.
func (m *model) write() {
	m.expire()
	m.writes++
	v := version{value: strconv.Itoa(m.writes), expires: -1, announced: !m.foreign || m.rng.IntN(3) > 0}
	w := word{state: tokenOf([]byte(v.value)).String()}
	life := int64(5 + m.rng.IntN(1000))
	switch before, c := m.stored(), m.rng.IntN(10); {
	case c < 4:
	case c < 7:
		v.expires, w.ms = m.now.UnixMilli()+life, life
	case before.value == "":
		return
	case c < 9:
		v.value, w.state = "", wordAbsent
	default:
		v.value, v.expires = before.value, m.now.UnixMilli()+life
		w = word{state: wordTTL, ms: life}
	}
	m.log("becomes %v, announced %t", v, v.announced)
	m.become(v)
	if v.announced {
		m.publish(w)
	}
}

func (m *model) publish(w word) {
	if m.lost {
		return
	}
	m.now = m.now.Add(7 * time.Microsecond)
	w.at = m.now.UnixMicro()
	m.down = append(m.down, func() {
		m.log("  heard %s", w.state)
		k := m.w.keys["k"]
		if k == nil {
			k = m.w.add("k", true)
		}
		k.hear(parseWord(textOf(w)))
		m.w.enqueue(k, true)
	})
}

// textOf returns a word as the server publishes it.
func textOf(w word) string {
	return fmt.Sprintf("%s %d %d %d", w.head(), w.ms, w.at/1_000_000, w.at%1_000_000)
}

// fence is watcher.fence on this network.
func (m *model) fence(keys []*watched) {
	if len(keys) == 0 {
		return
	}
	m.w.fences++
	fence := m.w.fences
	for _, k := range keys {
		k.fence = cmp.Or(k.fence, fence)
	}
	if m.lost {
		return
	}
	answer := func() {
		m.log("  answer %d", fence)
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
	}
	m.up = append(m.up, func() { m.down = append(m.down, answer) })
}

// arrive has the first of what is on its way arrive.
func arrive(line *[]func()) {
	if len(*line) > 0 {
		first := (*line)[0]
		*line = (*line)[1:]
		first()
	}
}

// carry lets up to n things arrive in each direction.
func (m *model) carry(n int) {
	for range n {
		if m.rng.IntN(2) == 0 {
			arrive(&m.up)
		}
		if m.rng.IntN(2) == 0 {
			arrive(&m.down)
		}
	}
}

// others lets time pass, and all but the watcher act.
func (m *model) others() {
	if m.rng.IntN(3) == 0 {
		m.now = m.now.Add(time.Duration(m.rng.IntN(3)) * time.Millisecond)
	}
	if m.rng.IntN(60) == 0 {
		m.now = m.now.Add(time.Duration(m.rng.IntN(800)) * time.Millisecond)
	}
	m.expire()
	n := m.rng.IntN(3)
	if m.rng.IntN(40) == 0 { // more than a journal remembers
		n = m.rng.IntN(40)
	}
	for range n {
		m.write()
		m.carry(m.rng.IntN(3))
	}
	m.carry(m.rng.IntN(4))
}

func (m *model) breakOff() {
	m.log("breaks")
	m.up, m.down = nil, nil
	m.lost, m.broken = true, true
	m.w.again, m.w.broken = false, m.w.ready
	m.w.unsure = m.w.unsure || m.w.ready
}

func (m *model) restore() {
	m.log("is back")
	m.lost = false
	m.w.Ready()
}

// step is watcher.step with what it waits for left out. Nobody writes in a calm one. It
// reports whether there was nothing to do.
func (m *model) step(calm bool) (idle bool) {
	w := m.w
	if w.again {
		w.lookAtAll(m.now)
		m.expire()
		if w.single == nil && w.keys["k"] == nil && m.stored().value != "" {
			w.enqueue(w.add("k", w.begun), false)
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

// look is watcher.look, with others at work before and after what is read.
func (m *model) look(calm bool) {
	for _, k := range m.w.next() {
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
			s = m.sight(known)
			if !calm {
				m.others()
			}
			s.at = m.now
		}
		v := m.read[s]
		if n := m.w.judge(k, s, m.now); n != nil {
			m.show(n, v)
		}
	}
}

// sight is what is read now.
func (m *model) sight(known Token) *sighting {
	m.expire()
	m.now = m.now.Add(7 * time.Microsecond)
	v := m.stored()
	m.log("  read %v", v)
	s := &sighting{time: m.now.UnixMicro(), token: Absent(), expires: -2}
	if v.value != "" {
		s.present, s.data, s.token, s.expires, s.left = true, []byte(v.value), tokenOf([]byte(v.value)), v.expires, NoTTL
		if v.expires >= 0 {
			s.left = time.Duration(v.expires-m.now.UnixMilli()) * time.Millisecond
		}
		if known == s.token {
			s.data, s.known = nil, true
		}
	}
	m.read[s] = len(m.past) - 1
	return s
}

// show holds an event against what has happened since the one before.
func (m *model) show(n *notice, v int) {
	m.log("  EVENT %s %v, skipped %d, gap %t", n.kind, m.past[v], n.skipped, n.gap)
	if v < m.shown {
		m.fail("an event goes backwards")
	}
	// What an expiry leads to is announced by nobody, and a time to live alone is no
	// state. Absence that comes again may be taken for the one before, and what led from
	// that to this one is counted with the next other state.
	jumped, before := 0, m.before && m.past[m.shown].value == m.past[v].value
	for i := m.shown + 1; i < v; i++ {
		if m.past[i].announced && m.past[i].value != m.past[i-1].value {
			jumped++
		}
		before = before || m.past[i].value == m.past[v].value
	}
	gap := n.gap || m.w.single == nil && m.broken
	if m.last != nil && !m.foreign && !gap && !before && n.skipped < jumped {
		m.fail("an event jumps over %d states and says that it skips %d", jumped, n.skipped)
	}
	m.shown, m.last, m.before = v, n, before
	m.broken = m.broken && !n.gap
}

// check holds the last event against what is stored.
func (m *model) check() {
	m.expire()
	shown := version{expires: -1}
	if m.last != nil && m.last.present {
		shown = version{value: string(m.last.data), expires: m.last.expires}
	}
	if want := m.stored(); shown.value != want.value || shown.expires != want.expires {
		m.fail("%v was shown last, and %v is stored", shown, want)
	}
	if m.w.single == nil && shown.value == "" && len(m.w.keys) > 0 {
		m.fail("a key that is gone is remembered")
	}
}

// run has all happen, and then everything arrive while nobody writes.
func (m *model) run(steps int, breaks bool) {
	m.restore()
	for range steps {
		m.others()
		switch {
		case breaks && !m.lost && m.rng.IntN(25) == 0:
			m.breakOff()
		case m.lost && m.rng.IntN(5) == 0:
			m.restore()
		}
		m.step(false)
	}
	if m.lost {
		m.restore()
	}
	m.log("all is quiet")
	m.settle()
	if !m.foreign { // everything was announced
		m.check()
	}
	m.w.again = true // as after Options.WatchInterval
	m.settle()
	m.check()
}

// settle has two seconds pass, which outlast each value that expires.
func (m *model) settle() {
	for until := m.now.Add(2 * time.Second); m.now.Before(until); {
		for len(m.up)+len(m.down) > 0 {
			arrive(&m.up)
			arrive(&m.down)
		}
		if m.step(true) {
			m.now = m.now.Add(10 * time.Millisecond)
		}
		m.expire()
	}
}

func TestWatchersAgainstAModel(t *testing.T) {
	t.Parallel()
	for _, single := range []bool{true, false} {
		for _, foreign := range []bool{false, true} {
			for _, breaks := range []bool{false, true} {
				t.Run(fmt.Sprintf("single=%t foreign=%t breaks=%t", single, foreign, breaks), func(t *testing.T) {
					t.Parallel()
					for seed := range uint64(3000) {
						m := newModel(seed, single, foreign)
						steps := 5 + int(seed%30)
						if m.run(steps, breaks); m.wrong == "" {
							continue
						}
						again := newModel(seed, single, foreign)
						again.traced = true
						again.run(steps, breaks)
						require.Fail(t, m.wrong, "seed %d:\n%s", seed, strings.Join(again.trace, "\n"))
					}
				})
			}
		}
	}
}

// As long as there is always something to look at, nobody asks what was announced.
func TestABusyWatcherNotesAKeyOnce(t *testing.T) {
	t.Parallel()
	m := newModel(1, false, false)
	k := m.w.add("k", false)
	m.become(version{value: "a", expires: -1})
	for range 100 {
		k.read, k.known = k.heard, k.journal.heard
		m.w.judge(k, m.sight(Token{}), m.now)
		m.w.tend(m.now)
	}
	assert.LessOrEqual(t, len(m.w.unsettled), 1)
}
