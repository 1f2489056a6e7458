package ratelimit_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state/ratelimit"
)

// TestARefundKnowsItsCallFromALaterOneWithTheSameID has a first reservation forgotten before
// another call uses its id again.
func TestARefundKnowsItsCallFromALaterOneWithTheSameID(t *testing.T) {
	t.Parallel()
	for how, forget := range map[string]func(*lab, *ratelimit.Limiter[string]){
		"a reset": func(l *lab, limiter *ratelimit.Limiter[string]) {
			require.NoError(l, limiter.Reset(l.Context(), subject))
			l.allow(limiter, 5)
		},
		"the end of the receipt": func(*lab, *ratelimit.Limiter[string]) {},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			l := newLab(t, 1)
			limiter, err := ratelimit.New(l.store, family(ratelimit.Window("w", 10, time.Hour)),
				ratelimit.Options{ReceiptTTL: time.Second})
			require.NoError(t, err)
			first := l.reserve(limiter, 5, ratelimit.OpID("x"))
			l.pass(time.Second.Microseconds())
			forget(l, limiter)
			l.allow(limiter, 1)
			second := l.reserve(limiter, 3, ratelimit.OpID("x"))
			require.Equal(t, ratelimit.FromServer, second.Source)
			require.Equal(t, []int64{1}, l.remaining(limiter))
			before := l.stored()
			for n := range int64(5) {
				assert.False(t, l.refund(first, n+1))
			}
			assert.Equal(t, before, l.stored())
			assert.True(t, l.refund(second, 3))
			assert.Equal(t, []int64{4}, l.remaining(limiter))
			assert.False(t, l.refund(first, 3), "that was the refund of the other")
		})
	}
}

func TestARefundOfAnotherNumberIsNotTheOneThatWasMade(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	limiter := l.limiter(ratelimit.Window("w", 10, time.Hour))
	r := l.reserve(limiter, 5)
	require.True(t, l.refund(r, 2))
	before := l.stored()
	assert.False(t, l.refund(r, 3))
	assert.False(t, l.refund(r, 1))
	back, err := r.Refund(t.Context())
	require.NoError(t, err)
	assert.False(t, back)
	assert.True(t, l.refund(r, 2))
	assert.Equal(t, before, l.stored())
}
