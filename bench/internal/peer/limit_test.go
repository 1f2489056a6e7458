package peer

import (
	"strconv"
	"testing"
	"time"

	"github.com/go-redis/redis_rate/v10"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// TestRemainingAfterTheFirstCall compares what limiters say is left of 1 up to 200 tokens per
// second after one was taken. Ours must be right for each; what a peer gets wrong, which
// counts in floating-point numbers, is printed.
func TestRemainingAfterTheFirstCall(t *testing.T) {
	client := redistest.Start(t).Client(t)
	store, err := state.New(client, state.Options{EnableSet: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	theirs := redis_rate.NewLimiter(client)
	ours := map[string]func(rate int64) ratelimit.Limit{
		"bucket": func(rate int64) ratelimit.Limit { return ratelimit.Bucket("limit", rate, time.Second) },
		"window": func(rate int64) ratelimit.Limit { return ratelimit.Window("limit", rate, time.Second) },
	}
	wrong := 0
	for rate := int64(1); rate <= 200; rate++ {
		for name, limit := range ours {
			limiter, err := ratelimit.New(store, ratelimit.Define[string]("calls:<id>", limit(rate)), ratelimit.Options{})
			if err != nil {
				t.Fatal(err)
			}
			d, err := limiter.Allow(t.Context(), name+strconv.FormatInt(rate, 10))
			if err != nil {
				t.Fatal(err)
			}
			if got := d.Limits[0].Remaining; got != rate-1 {
				t.Errorf("a %s of %d has %d left", name, rate, got)
			}
		}
		result, err := theirs.Allow(t.Context(), strconv.FormatInt(rate, 10), redis_rate.PerSecond(int(rate)))
		if err != nil {
			t.Fatal(err)
		}
		if int64(result.Remaining) != rate-1 {
			wrong++
		}
	}
	t.Logf("after one call redis_rate says what remains wrongly for %d of 200 rates", wrong)
}
