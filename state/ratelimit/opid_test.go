package ratelimit_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state/ratelimit"
)

func TestARepeatIsAnsweredAsTheFirstCallWas(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(*lab, *ratelimit.Limiter[string], string) (ratelimit.Decision, error){
		"Allow": func(l *lab, r *ratelimit.Limiter[string], id string) (ratelimit.Decision, error) {
			return r.Allow(l.Context(), subject, ratelimit.OpID(id))
		},
		"AllowN": func(l *lab, r *ratelimit.Limiter[string], id string) (ratelimit.Decision, error) {
			return r.AllowN(l.Context(), subject, 3, ratelimit.OpID(id))
		},
		"AllowUpTo": func(l *lab, r *ratelimit.Limiter[string], id string) (ratelimit.Decision, error) {
			return r.AllowUpTo(l.Context(), subject, 4, ratelimit.OpID(id))
		},
		"AllowUpTo more than there is": func(l *lab, r *ratelimit.Limiter[string], id string) (ratelimit.Decision, error) {
			return r.AllowUpTo(l.Context(), subject, 1e9, ratelimit.OpID(id))
		},
		"AllowMany": func(l *lab, r *ratelimit.Limiter[string], id string) (ratelimit.Decision, error) {
			ds, err := r.AllowMany(l.Context(), ratelimit.Request[string]{Subject: subject, N: 3, OpID: id})
			return ds[0], err
		},
		"Wait": func(l *lab, r *ratelimit.Limiter[string], id string) (ratelimit.Decision, error) {
			return r.WaitN(l.Context(), subject, 3, ratelimit.OpID(id))
		},
		"Reserve": func(l *lab, r *ratelimit.Limiter[string], id string) (ratelimit.Decision, error) {
			res, err := r.Reserve(l.Context(), subject, 3, ratelimit.OpID(id))
			return res.Decision, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, 1)
			limiter := l.limiter(ratelimit.Window("w", 10, time.Hour), ratelimit.Bucket("b", 20, 24*time.Hour))
			id := strings.Repeat("i", 256)
			first, err := call(l, limiter, id)
			require.NoError(t, err)
			require.True(t, first.Allowed)
			require.Equal(t, ratelimit.FromServer, first.Source)
			// Also while the limits would deny it.
			l.upTo(limiter, 1e9)
			before := l.stored()
			for range 3 {
				again, err := call(l, limiter, id)
				require.NoError(t, err)
				assert.True(t, again.Allowed)
				assert.Equal(t, first.Granted, again.Granted)
				assert.Zero(t, again.RetryAfter)
				assert.Equal(t, ratelimit.FromReceipt, again.Source)
				assert.Equal(t, before, l.stored())
				l.pass(time.Minute.Microseconds())
			}
		})
	}
}

func TestAnIDIsForOneCall(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	limiter := l.limiter(ratelimit.Window("w", 10, time.Hour))
	l.allow(limiter, 2, ratelimit.OpID("a"))
	before := l.stored()
	_, err := limiter.AllowN(t.Context(), subject, 3, ratelimit.OpID("a"))
	require.ErrorIs(t, err, ratelimit.ErrOpIDReused)
	_, err = limiter.Reserve(t.Context(), subject, 3, ratelimit.OpID("a"))
	require.ErrorIs(t, err, ratelimit.ErrOpIDReused)
	_, err = limiter.AllowUpTo(t.Context(), subject, 3, ratelimit.OpID("a"))
	require.ErrorIs(t, err, ratelimit.ErrOpIDReused)
	assert.Equal(t, before, l.stored())

	d, err := limiter.AllowN(t.Context(), "other", 3, ratelimit.OpID("a"))
	require.NoError(t, err, "another subject")
	assert.Equal(t, ratelimit.FromServer, d.Source)
	for _, id := range []string{"", strings.Repeat("i", 257)} {
		_, err := limiter.Allow(t.Context(), subject, ratelimit.OpID(id))
		require.Error(t, err, len(id))
	}
	assert.Equal(t, before, l.stored())
}

// A receipt of other limits, of those names too, cannot say what these have.
func TestARepeatThroughOtherLimitsHasNoUsage(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	window, bucket := ratelimit.Window("w", 1000, time.Hour), ratelimit.Bucket("b", 1000, time.Hour)
	limiter := l.limiter(window)
	first := l.allow(limiter, 3, ratelimit.OpID("x"))
	for _, limits := range [][]ratelimit.Limit{
		{ratelimit.Window("w", 10, time.Hour)}, {ratelimit.Window("w", 1000, time.Minute)}, {window.WithSlots(2)}, {window.AsShadow()},
		{ratelimit.Window("z", 1000, time.Hour)}, {ratelimit.Bucket("w", 1000, time.Hour)}, {window, bucket}, {bucket, window},
	} {
		d := l.allow(l.with(limiter, limits...), 3, ratelimit.OpID("x"))
		assert.True(t, d.Allowed)
		assert.EqualValues(t, 3, d.Granted)
		assert.Equal(t, ratelimit.FromReceipt, d.Source)
		assert.Equal(t, first.ServerTime, d.ServerTime)
		assert.Nil(t, d.Limits, limits)
		assert.Empty(t, d.DecidedBy, limits)
	}
	again := l.allow(l.limiter(window), 3, ratelimit.OpID("x"))
	assert.Equal(t, ratelimit.FromReceipt, again.Source)
	assert.Equal(t, first.Limits, again.Limits, "the same limits of another limiter")
	assert.Equal(t, "w", again.DecidedBy)
}

func TestADenialIsNotRemembered(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	limiter := l.limiter(ratelimit.Window("w", 2, time.Second))
	l.allow(limiter, 2)
	before := l.stored()
	d := l.allow(limiter, 1, ratelimit.OpID("a"))
	require.False(t, d.Allowed)
	assert.Equal(t, before, l.stored())
	l.pass(d.RetryAfter.Microseconds())
	d = l.allow(limiter, 2, ratelimit.OpID("a"))
	assert.True(t, d.Allowed, "also for another number of tokens")
	assert.Equal(t, ratelimit.FromServer, d.Source)
}

// A receipt outlives what is counted of its call, and ends with its time.
func TestAReceiptIsKeptForItsTime(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	limiter, err := ratelimit.New(l.store, family(ratelimit.Bucket("b", 1000, time.Second)),
		ratelimit.Options{ReceiptTTL: time.Minute})
	require.NoError(t, err)
	l.allow(limiter, 1, ratelimit.OpID("a"))
	l.pass(time.Minute.Microseconds() - 1)
	assert.Equal(t, ratelimit.FromReceipt, l.allow(limiter, 1, ratelimit.OpID("a")).Source)
	l.pass(1)
	l.allow(limiter, 1, ratelimit.OpID("b"))
	assert.Equal(t, ratelimit.FromServer, l.allow(limiter, 1, ratelimit.OpID("a")).Source)
	l.pass(2 * time.Minute.Microseconds())
	assert.Empty(t, l.stored(), "nothing is left for good")
}

// Calls with ids do not fill the subject's hash as long as it is in use.
func TestReceiptsThatAreOverAreRemoved(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	limiter, err := ratelimit.New(l.store, family(ratelimit.Bucket("b", 1000, time.Second)),
		ratelimit.Options{ReceiptTTL: time.Second})
	require.NoError(t, err)
	most := 0
	for i := range 300 {
		l.allow(limiter, 1, ratelimit.OpID(fmt.Sprint("op", i)))
		l.pass(100_000)
		size := 0
		for field, value := range l.stored() {
			size += len(field) + len(value)
		}
		most = max(most, size)
	}
	assert.Less(t, most, 40*300, "about ten receipts are alive at a time")
}

// TestRepeatsChargeOnce repeats earlier calls between others at random.
func TestRepeatsChargeOnce(t *testing.T) {
	t.Parallel()
	eachSeed(t, 15, func(t *testing.T, l *lab) {
		j := newJudge(l, l.someLimits(3)...)
		limiter, err := ratelimit.New(l.store, family(j.limits[0]), ratelimit.Options{ReceiptTTL: 100 * 24 * time.Hour})
		require.NoError(t, err)
		limiter = l.with(limiter, j.limits...)
		type done struct {
			id string
			n  int64
		}
		var calls []done
		d := ratelimit.Decision{}
		ttl := 100 * 24 * time.Hour
		until := l.truth // the receipts live
		for i := range *rounds {
			l.wait(d)
			if len(calls) > 0 && l.IntN(2) == 0 && l.truth < until {
				c := calls[l.IntN(len(calls))]
				before := l.stored()
				again := l.allow(limiter, c.n, ratelimit.OpID(c.id))
				require.Equal(t, c.n, again.Granted)
				require.Equal(t, ratelimit.FromReceipt, again.Source)
				require.Equal(t, before, l.stored())
				_, err := limiter.AllowN(t.Context(), subject, c.n+1, ratelimit.OpID(c.id))
				require.ErrorIs(t, err, ratelimit.ErrOpIDReused)
				continue
			}
			c := done{strconv.Itoa(i), j.someTokens()}
			d = l.allow(limiter, c.n, ratelimit.OpID(c.id))
			j.judge(d, c.n, nil)
			if d.Allowed {
				if len(calls) == 0 {
					until = l.truth + ttl.Microseconds()
				}
				calls = append(calls, c)
			}
		}
	})
}
