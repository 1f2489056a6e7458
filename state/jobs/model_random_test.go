package jobs_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var (
	operations = flag.Int("ops", 4_000, "how many requests each test of the model makes, about")
	firstSeed  = flag.Uint64("seed", 0, "the first seed of a test of the model")
)

// rapidDice are dice whose throws rapid can make simpler.
type rapidDice struct{ *rapid.T }

func (d rapidDice) IntN(n int) int { return rapid.IntRange(0, n-1).Draw(d.T, "n") }

// TestEveryRequestDoesWhatTheModelSays makes random calls at random times, loses replies and
// requests, and sends old requests again. Each changes what the model says and nothing else,
// and each caller is told what the model says.
func TestEveryRequestDoesWhatTheModelSays(t *testing.T) {
	t.Parallel()
	setUnlessGiven(t, "rapid.steps", strconv.Itoa(stepsOfCheck))
	setUnlessGiven(t, "rapid.checks", strconv.Itoa(max(1, *operations/stepsOfCheck)))
	setUnlessGiven(t, "rapid.nofailfile", "true")
	for name, start := range labs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := start(t)
			requests := 0
			rapid.Check(t, func(t *rapid.T) {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				m := newMachine(ctx, t, rapidDice{t}, l)
				t.Repeat(map[string]func(*rapid.T){"step": func(*rapid.T) { m.step() }})
				requests += m.done
			})
			t.Logf("%d requests", requests)
		})
	}
}

// stepsOfCheck is how many steps rapid takes at a time, about.
const stepsOfCheck = 150

func setUnlessGiven(t *testing.T, name, value string) {
	t.Helper()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	if !given {
		require.NoError(t, flag.Set(name, value))
	}
}

var labs = map[string]func(*testing.T) *lab{"embedded": newLab, "redis-server": newRealLab}

// TestLongLivesAreWhatTheModelSays is the same without what rapid needs to make a failure
// simpler, and so faster and longer.
func TestLongLivesAreWhatTheModelSays(t *testing.T) {
	t.Parallel()
	for name, start := range labs {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := start(t)
			requests := 0
			for seed := *firstSeed; requests < *operations && !t.Failed(); seed++ {
				j := &journal{T: t}
				requests += j.try(l, seed, 3000)
			}
			t.Logf("%d requests", requests)
		})
	}
}

// journal is a test that shows the last of what has happened when it has failed.
type journal struct {
	*testing.T
	lines []string
}

func (j *journal) Logf(format string, args ...any) {
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) try(l *lab, seed uint64, steps int) int {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer func() {
		if j.Failed() {
			j.T.Logf("seed %d: %s", seed, strings.Join(j.lines[max(0, len(j.lines)-25):], "\n"))
		}
	}()
	m := newMachine(ctx, j, rand.New(rand.NewPCG(seed, 0)), l)
	for range steps {
		m.step()
	}
	return m.done
}
