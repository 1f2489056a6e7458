package state

import (
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// idleWatcher returns a watcher of a family that has nothing to look at yet.
func idleWatcher() *watcher {
	w := &watcher{wake: make(chan struct{}, 1), keys: map[string]*watched{}}
	w.family, w.store = &family{}, &Store{connection: &connection{}}
	return w
}

func TestEveryKeyGetsItsTurnHoweverMuchIsHeard(t *testing.T) {
	t.Parallel()
	w := idleWatcher()
	quiet := w.add("quiet", false)
	w.enqueue(quiet, false)
	for i := range 10 * lookTogether {
		w.enqueue(w.add(strconv.Itoa(i), false), true)
	}
	keys := w.next()
	assert.Len(t, keys, lookTogether)
	assert.Contains(t, keys, quiet)
}

func TestAKeyThatBecomesUrgentIsLookedAtOnce(t *testing.T) {
	t.Parallel()
	w := idleWatcher()
	k := w.add("k", false)
	w.enqueue(k, false)
	w.enqueue(k, true)
	w.enqueue(k, true)
	assert.Equal(t, []*watched{k}, w.next())
	assert.Empty(t, w.next())
	w.enqueue(k, false)
	assert.Equal(t, []*watched{k}, w.next())
}

func TestKeysThatFailAreLookedAtByThemselvesAndFewerEachTime(t *testing.T) {
	t.Parallel()
	w := idleWatcher()
	for i := range 2 * lookTogether {
		k := w.add(strconv.Itoa(i), false)
		k.failures = i / lookTogether * 3
		w.enqueue(k, false)
	}
	assert.Len(t, w.next(), lookTogether)
	assert.Len(t, w.next(), lookTogether>>3)
}

func TestAValueThatLivesForAgesIsNotDueNow(t *testing.T) {
	t.Parallel()
	w := idleWatcher()
	k := w.add("k", false)
	w.attend(k, &sighting{present: true, at: time.Now(), left: math.MaxInt64})
	assert.True(t, k.due.After(time.Now().Add(time.Hour)))
}
