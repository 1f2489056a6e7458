package ratelimit_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// rubbish is what no script of this package writes to any field.
var rubbish = []string{
	"", "rubbish", "0", "1;2", "-1;-2;-3;-4;-5;", "1e5;1e5;1e5", "nan;nan;nan", "%d", ";;;;;", "0 0", "0 ", "\x00",
	"1;99999999999999999999;1", "0;99999999999999999;1", "99999999999999999999;1;1;1;1;", "9;99999999999999999;9;9;9;",
	"9999999999999999999;0;0;0", "8999999999999999;", "1;9999999999999999;1", "1;9999999999999999;1;1;1;", "1;9007199254740993;1",
}

// eachRubbish calls f on both kinds of server with a function that puts rubbish into a field of a
// subject, for each field and each rubbish.
func eachRubbish(t *testing.T, f func(limiter *ratelimit.Limiter[string], client redis.UniversalClient, who, field, what string, put func())) {
	t.Helper()
	srv, here := newServer(t)
	client := redistest.Start(t).Client(t)
	there, err := state.New(client, state.Options{Prefix: prefix, EnableSet: true, EnableRemove: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, there.Close()) })
	for name, on := range map[string]struct {
		store  *state.Store
		client redis.UniversalClient
	}{"embedded": {here, srv.Client()}, "Redis": {there, client}} {
		limiter, err := ratelimit.New(on.store, family(ratelimit.Window("w", 5, time.Hour), ratelimit.Bucket("b", 9, 2*time.Hour)), ratelimit.Options{})
		require.NoError(t, err)
		for _, field := range []string{"w3600000000:w", "b:b", "@", "#0.0", "op:x"} {
			for i, text := range rubbish {
				who := fmt.Sprintf("%x-%d", field, i)
				f(limiter, on.client, who, field, fmt.Sprintf("%s: %q in %s", name, text, field), func() {
					require.NoError(t, on.client.HSet(t.Context(), prefix+"calls:"+who, field, text).Err())
				})
			}
		}
	}
}

func TestRubbishInASubjectIsAsIfThereWasNothing(t *testing.T) {
	t.Parallel()
	eachRubbish(t, func(limiter *ratelimit.Limiter[string], client redis.UniversalClient, who, field, what string, put func()) {
		first, err := limiter.Allow(t.Context(), who, ratelimit.OpID("x"), ratelimit.ReceiptTTL(time.Millisecond))
		require.NoError(t, err)
		require.True(t, first.Allowed)
		for now := first.ServerTime; now.Sub(first.ServerTime) <= time.Millisecond; {
			d, err := limiter.Peek(t.Context(), who)
			require.NoError(t, err)
			now = d.ServerTime
		}
		put()
		granted, want := int64(0), int64(4)
		if field == "w3600000000:w" {
			want = 5
		}
		for _, id := range []string{"y", "x", "z", "a", "b", "c", "d"} {
			d, err := limiter.Allow(t.Context(), who, ratelimit.OpID(id))
			require.NoError(t, err, what)
			require.Equal(t, ratelimit.FromServer, d.Source, what)
			granted += d.Granted
		}
		assert.Equal(t, want, granted, what)
		d, err := limiter.Allow(t.Context(), who)
		require.NoError(t, err, what)
		assert.False(t, d.Allowed, what)
		d, err = limiter.Allow(t.Context(), who, ratelimit.OpID("x"))
		require.NoError(t, err, what)
		assert.Equal(t, ratelimit.FromReceipt, d.Source, what)
		ttl, err := client.PTTL(t.Context(), prefix+"calls:"+who).Result()
		require.NoError(t, err)
		assert.Greater(t, ttl, 59*time.Minute, what)
	})
}

func TestRubbishInASubjectIsNothingToGiveBackOrForget(t *testing.T) {
	t.Parallel()
	eachRubbish(t, func(limiter *ratelimit.Limiter[string], _ redis.UniversalClient, who, field, what string, put func()) {
		r, err := limiter.Reserve(t.Context(), who, 2, ratelimit.OpID("x"))
		require.NoError(t, err)
		put()
		back, err := r.Refund(t.Context())
		require.NoError(t, err, what)
		assert.Equal(t, field != "op:x", back, what)
		put()
		require.NoError(t, limiter.Reset(t.Context(), who, "w", "b"), what)
		d, err := limiter.Peek(t.Context(), who)
		require.NoError(t, err, what)
		assert.EqualValues(t, 5, d.Limits[0].Remaining, what)
		assert.EqualValues(t, 9, d.Limits[1].Remaining, what)
	})
}
