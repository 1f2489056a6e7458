package ratelimit_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state/ratelimit"
)

func TestASubjectThatIsNoPartOfTheTemplateIsRefused(t *testing.T) {
	t.Parallel()
	type pair struct {
		Tenant string
		User   int
	}
	type hidden struct {
		Tenant string
		user   int
	}
	type inexact struct {
		Tenant string
		Share  float64
	}
	type id string
	w := ratelimit.Window("w", 1, time.Second)
	for name, define := range map[string]func(){
		"a float":                  func() { ratelimit.Define[float64]("a:<b>", w) },
		"an int for a string":      func() { ratelimit.Define[int]("a:<b>", w) },
		"a string for an int":      func() { ratelimit.Define[string]("a:<b:int>", w) },
		"a pointer":                func() { ratelimit.Define[*string]("a:<b>", w) },
		"an interface":             func() { ratelimit.Define[any]("a:<b>", w) },
		"a struct for one":         func() { ratelimit.Define[pair]("a:<b>", w) },
		"nothing for one":          func() { ratelimit.Define[ratelimit.Global]("a:<b>", w) },
		"one for nothing":          func() { ratelimit.Define[string]("a", w) },
		"one for two":              func() { ratelimit.Define[string]("a:<b>:<c>", w) },
		"two for three":            func() { ratelimit.Define[pair]("a:<b>:<c:int>:<d>", w) },
		"a field of a wrong type":  func() { ratelimit.Define[inexact]("a:<b>:<c>", w) },
		"fields in another order":  func() { ratelimit.Define[pair]("a:<b:int>:<c>", w) },
		"a field without export":   func() { ratelimit.Define[hidden]("a:<b>:<c:int>", w) },
		"a semaphore's float":      func() { ratelimit.DefineSemaphore[float64]("a:<b>", 1, time.Second) },
		"a semaphore's wrong type": func() { ratelimit.DefineSemaphore[int]("a:<b>", 1, time.Second) },
	} {
		assert.Panics(t, define, name)
	}
	assert.PanicsWithValue(t, `ratelimit.Define("a:<b>"): a float64 is no part of the template's types`,
		func() { ratelimit.Define[float64]("a:<b>", w) })
	assert.NotPanics(t, func() {
		ratelimit.Define[id]("a:<b>", w)
		ratelimit.Define[time.Month]("a:<b:int>", w)
		ratelimit.Define[pair]("a:<b>:<c:int>", w)
		ratelimit.Define[ratelimit.Global]("a", w)
	})
	_ = hidden{}.user
}

// Who writes two limits into a program has one too many if it can never decide. The numbers of
// a plan come from elsewhere, and there are plans in which one limit is moot.
func TestALimitThatCanNeverDecideIsForWithAlone(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	strict, lax := ratelimit.Window("strict", 2, time.Hour), ratelimit.Window("lax", 100, time.Minute)
	for _, limits := range [][]ratelimit.Limit{{strict, lax}, {lax, strict}} {
		assert.PanicsWithValue(t, `ratelimit.Define("calls:<id>"): lax can never decide, as strict is always as strict; leave one of them out`,
			func() { family(limits...) })
		limiter, err := l.limiter(strict).With(limits...)
		require.NoError(t, err)
		require.Equal(t, limits, limiter.Limits())
		require.NoError(t, limiter.Reset(t.Context(), subject))
		assert.True(t, l.allow(limiter, 2).Allowed)
		d := l.allow(limiter, 1)
		assert.False(t, d.Allowed)
		assert.Equal(t, "strict", d.DecidedBy)
	}
	_, err := l.limiter(strict).With(strict, lax, ratelimit.Window("zero", 0, time.Minute))
	require.ErrorContains(t, err, "zero", "what is wrong alone is wrong in With too")
}
