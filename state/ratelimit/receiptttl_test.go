package ratelimit_test

import (
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/ratelimit"
)

func TestACallIsRememberedForAsLongAsItSays(t *testing.T) {
	t.Parallel()
	server, err := embedded.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	store, err := state.New(server.Client(), state.Options{EnableSet: true})
	require.NoError(t, err)
	limiter, err := ratelimit.New(store, ratelimit.Define[string]("calls:<id>", ratelimit.Window("hour", 10, time.Hour)),
		ratelimit.Options{ReceiptTTL: time.Minute})
	require.NoError(t, err)
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	for name, tc := range map[string]struct {
		opts   []ratelimit.CallOption
		within time.Duration
	}{
		"shorter":        {[]ratelimit.CallOption{ratelimit.ReceiptTTL(10 * time.Second)}, 10 * time.Second},
		"longer":         {[]ratelimit.CallOption{ratelimit.ReceiptTTL(10 * time.Minute)}, 10 * time.Minute},
		"as the limiter": {nil, time.Minute},
	} {
		for after, want := range map[time.Duration]bool{
			tc.within - time.Microsecond: true,
			tc.within:                    false,
		} {
			subject := name + after.String()
			server.SetTime(now)
			reserved, err := limiter.Reserve(t.Context(), subject, 1, tc.opts...)
			require.NoError(t, err)
			server.SetTime(now.Add(after))
			back, err := reserved.Refund(t.Context())
			require.NoError(t, err)
			assert.Equal(t, want, back, "%s after %v", name, after)
		}
	}
	for _, bad := range []time.Duration{0, -1, time.Millisecond - 1, math.MaxInt64} {
		_, err := limiter.Allow(t.Context(), "alice", ratelimit.ReceiptTTL(bad))
		assert.ErrorContains(t, err, "give 1ms to 8784h0m0s")
	}
}

// One receipt that is kept for long does not hold up those that are over before it.
func TestReceiptsThatAreOverAreRemovedBehindOnesThatLast(t *testing.T) {
	t.Parallel()
	l := newLab(t, 1)
	limiter := l.limiter(ratelimit.Bucket("b", 1000, time.Second))
	l.allow(limiter, 1, ratelimit.OpID("long"), ratelimit.ReceiptTTL(24*time.Hour))
	most := 0
	for i := range 1500 {
		l.pass(10_000)
		ttl := []time.Duration{time.Millisecond, 30 * time.Millisecond, time.Second}[i%3]
		l.allow(limiter, 1, ratelimit.OpID(strconv.Itoa(i)), ratelimit.ReceiptTTL(ttl))
		if i%10 == 0 {
			most = max(most, len(l.stored()))
		}
	}
	assert.Less(t, most, 2*(33+3)+20, "a third of those of the last second are alive")
	l.pass(23 * time.Hour.Microseconds())
	for range 20 {
		l.allow(limiter, 1)
	}
	assert.Less(t, len(l.stored()), 10, "calls without an id clear receipts away too")
	assert.Equal(t, ratelimit.FromReceipt, l.allow(limiter, 1, ratelimit.OpID("long")).Source)
}
