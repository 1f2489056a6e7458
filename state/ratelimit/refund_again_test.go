package ratelimit_test

import (
	"context"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
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
		for _, n := range []int64{3, 5} {
			t.Run(fmt.Sprintf("%s, then %d", how, n), func(t *testing.T) {
				t.Parallel()
				l := newLab(t, 1)
				limiter, err := ratelimit.New(l.store, family(ratelimit.Window("w", 20, time.Hour)),
					ratelimit.Options{ReceiptTTL: time.Second})
				require.NoError(t, err)
				first := l.reserve(limiter, 5, ratelimit.OpID("x"))
				l.pass(time.Second.Microseconds())
				forget(l, limiter)
				l.allow(limiter, 1)
				second := l.reserve(limiter, n, ratelimit.OpID("x"))
				require.Equal(t, ratelimit.FromServer, second.Source)
				require.Equal(t, []int64{14 - n}, l.remaining(limiter))
				before := l.stored()
				for n := range int64(5) {
					assert.False(t, l.refund(first, n+1))
				}
				assert.Equal(t, before, l.stored())
				assert.True(t, l.refund(second, n))
				assert.Equal(t, []int64{14}, l.remaining(limiter))
				assert.False(t, l.refund(first, n), "that was the refund of the other")
			})
		}
	}
}

// lossy is a hook that loses the reply to each script while it is told to.
type lossy struct{ loses bool }

func (*lossy) DialHook(next redis.DialHook) redis.DialHook { return next }
func (*lossy) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (h *lossy) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if h.loses {
			err = io.EOF
			cmd.SetErr(err)
		}
		return err
	}
}

// A reservation whose reply was lost does not know when it was made, and its id may be that of
// another call.
func TestAReservationOfUnknownOutcomeGivesBackNothingOfAnotherCall(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	hook := &lossy{}
	l.srv.Client().AddHook(hook)
	limiter := l.limiter(ratelimit.Window("w", 10, time.Hour))
	l.allow(limiter, 4, ratelimit.OpID("x"))
	hook.loses = true
	r, err := limiter.Reserve(t.Context(), subject, 2, ratelimit.OpID("x"))
	require.ErrorIs(t, err, state.ErrUnknownOutcome)
	own, err := limiter.Reserve(t.Context(), subject, 2)
	require.ErrorIs(t, err, state.ErrUnknownOutcome)
	hook.loses = false
	require.Equal(t, []int64{4}, l.remaining(limiter))
	back, err := r.Refund(t.Context())
	require.NoError(t, err)
	assert.False(t, back)
	back, err = own.Refund(t.Context())
	require.NoError(t, err)
	assert.True(t, back)
	assert.Equal(t, []int64{6}, l.remaining(limiter))
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
