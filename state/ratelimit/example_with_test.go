package ratelimit_test

import (
	"context"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// Customers of another plan have other limits. What was used goes on from one to the other.
func ExampleLimiter_With() {
	calls := ratelimit.Define[string]("calls:<tenant>", ratelimit.Window("hour", 2, time.Hour))

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	server.SetTime(now)
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()
	free, _ := ratelimit.New(store, calls, ratelimit.Options{})
	paid, err := free.With(ratelimit.Window("hour", 10, time.Hour))
	if err != nil {
		fmt.Println(err)
		return
	}

	plans := map[string]*ratelimit.Limiter[string]{"free": free, "paid": paid}
	for _, plan := range []string{"free", "free", "free", "paid"} {
		d, err := plans[plan].Allow(ctx, "acme")
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(plan, d.Allowed, d.Limits[0].Remaining)
	}
	// Output:
	// free true 1
	// free true 0
	// free false 0
	// paid true 7
}
