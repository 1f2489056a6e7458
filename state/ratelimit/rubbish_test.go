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

// TestRubbishInASubjectIsAsIfThereWasNothing writes to each field of a subject what no script of
// this package writes.
func TestRubbishInASubjectIsAsIfThereWasNothing(t *testing.T) {
	t.Parallel()
	srv, here := newServer(t)
	client := redistest.Start(t).Client(t)
	there, err := state.New(client, state.Options{Prefix: prefix, EnableSet: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, there.Close()) })
	rubbish := []string{
		"", "rubbish", "0", "1;2", "-1;-2;-3;-4;-5;", "1e5;1e5;1e5", "nan;nan;nan", "%d", ";;;;;", "0 0", "\x00",
		"1;99999999999999999999;1", "0;99999999999999999;1",
	}
	for name, on := range map[string]struct {
		store  *state.Store
		client redis.UniversalClient
	}{"embedded": {here, srv.Client()}, "Redis": {there, client}} {
		limiter, err := ratelimit.New(on.store, family(ratelimit.Window("w", 5, time.Hour), ratelimit.Bucket("b", 9, 2*time.Hour)), ratelimit.Options{})
		require.NoError(t, err)
		for field, want := range map[string]int64{"w3600000000:w": 5, "b:b": 4, "@": 4, "#0.0": 4, "#12.0": 4, "op:x": 4} {
			for i, text := range rubbish {
				who := fmt.Sprintf("%x-%d", field, i)
				what := fmt.Sprintf("%s: %q in %s", name, text, field)
				_, err := limiter.Allow(t.Context(), who, ratelimit.OpID("x"), ratelimit.ReceiptTTL(time.Hour))
				require.NoError(t, err)
				stored := prefix + "calls:" + string(who)
				require.NoError(t, on.client.HSet(t.Context(), stored, field, text).Err())
				granted := int64(0)
				for j := range 8 {
					d, err := limiter.Allow(t.Context(), who, ratelimit.OpID(fmt.Sprint("y", j)))
					require.NoError(t, err, what)
					granted += d.Granted
				}
				d, err := limiter.Allow(t.Context(), who)
				require.NoError(t, err, what)
				assert.False(t, d.Allowed, what)
				assert.Equal(t, want, granted, what)
				ttl, err := on.client.PTTL(t.Context(), stored).Result()
				require.NoError(t, err)
				assert.Greater(t, ttl, 59*time.Minute, what)
			}
		}
	}
}
