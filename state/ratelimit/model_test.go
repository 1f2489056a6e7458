package ratelimit_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state/ratelimit"
)

// A model is what one limit must do, written from what the package promises and not
// from how it keeps it. It remembers every grant for good, and counts in microseconds.
//
// It may leave some latitude: what it must grant can be less than what it may.
type model interface {
	// must returns how many tokens have to be granted at that time, may how many can be.
	must(now int64) int64
	may(now int64) int64
	// granted has n tokens been taken, and returns the grant.
	granted(now, n int64) *grant
	// refunded has n of its tokens been given back.
	refunded(g *grant, n int64)
	// reset has nothing been taken.
	reset()
}

// grant is n tokens, less those given back, that were taken at a time.
type grant struct {
	at, n int64
	// mayBeLost says that the limiter may have forgotten the grant, because it was
	// asked for a shorter per since.
	mayBeLost bool
}

func newModel(l ratelimit.Limit) model {
	if isWindow(l) {
		return newWindowModel(l)
	}
	return newBucketModel(l)
}

func isWindow(l ratelimit.Limit) bool { return strings.HasPrefix(l.String(), "window") }

// slotsOf returns the slots of a window.
func slotsOf(l ratelimit.Limit) int64 {
	_, text, given := strings.Cut(l.String(), ",slots=")
	if !given {
		return 32
	}
	text, _, _ = strings.Cut(text, ",")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

// windowModel is a limit of at most n tokens in every interval of the length per that
// leaves out one of its ends. A grant may be counted for late longer than that.
type windowModel struct {
	n, per, late int64
	grants       []*grant
	// until is how long what is stored is sure to live: for the longest per of those that
	// granted.
	until int64
}

func newWindowModel(l ratelimit.Limit) *windowModel {
	m := &windowModel{}
	m.redefine(l)
	return m
}

// redefine has the limit been another one from now on. What was put together in coarse
// slots stays so.
func (m *windowModel) redefine(l ratelimit.Limit) {
	m.n, m.per = l.N(), l.Per().Microseconds()
	slots := slotsOf(l)
	m.late = max(m.late, (m.per+slots-1)/slots)
}

// grantsAfter sums the grants after that time.
func (m *windowModel) grantsAfter(t int64, lost bool) (n int64) {
	for _, g := range m.grants {
		if g.at > t && (!lost || !g.mayBeLost) {
			n += g.n
		}
	}
	return n
}

func (m *windowModel) may(now int64) int64 {
	if now >= m.until {
		return m.n
	}
	return m.n - m.grantsAfter(now-m.per, true)
}

func (m *windowModel) must(now int64) int64 {
	return max(0, m.n-m.grantsAfter(now-m.per-m.late, false))
}

func (m *windowModel) granted(now, n int64) *grant {
	for _, g := range m.grants {
		g.mayBeLost = g.mayBeLost || g.at+m.per <= now || m.until <= now
	}
	m.until = max(m.until, now+m.per)
	g := &grant{at: now, n: n}
	m.grants = append(m.grants, g)
	return g
}

func (m *windowModel) refunded(g *grant, n int64) { g.n -= n }

func (m *windowModel) reset() { m.grants = nil }

// most returns the most tokens that an interval of the length per has, and its end.
func (m *windowModel) most() (n, end int64) {
	for i, last := range m.grants {
		sum := int64(0)
		for _, g := range m.grants[:i+1] {
			if g.at > last.at-m.per {
				sum += g.n
			}
		}
		if sum > n {
			n, end = sum, last.at
		}
	}
	return n, end
}

func TestTheModelOfAWindowCountsEveryInterval(t *testing.T) {
	t.Parallel()
	m := newWindowModel(ratelimit.Window("w", 5, 100*time.Microsecond).WithSlots(4))
	require.EqualValues(t, 100, m.per)
	require.EqualValues(t, 25, m.late)
	m.granted(0, 2)
	m.granted(60, 3)
	require.EqualValues(t, 0, m.may(99))
	require.EqualValues(t, 2, m.may(100), "the interval leaves out one of its ends")
	require.EqualValues(t, 0, m.must(124))
	require.EqualValues(t, 2, m.must(125))
	m.granted(100, 2)
	n, end := m.most()
	require.EqualValues(t, 5, n)
	require.EqualValues(t, 60, end)
	m.granted(159, 1)
	n, end = m.most()
	require.EqualValues(t, 6, n)
	require.EqualValues(t, 159, end)
}
