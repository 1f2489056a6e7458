package ratelimit_test

import (
	"context"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// What a user has left is shown to them, and takes nothing.
func ExampleLimiter_Peek() {
	calls := ratelimit.Define[string]("calls:<userID>",
		ratelimit.Window("minute", 100, time.Minute),
		ratelimit.Bucket("hour", 6000, time.Hour).WithBurst(50))

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	server.SetTime(now)
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()
	limiter, _ := ratelimit.New(store, calls, ratelimit.Options{})

	_, err := limiter.AllowN(ctx, "alice", 20)
	fmt.Println(err)
	for range 2 {
		d, err := limiter.Peek(ctx, "alice")
		fmt.Println(d.Allowed, err)
		for _, u := range d.Limits {
			fmt.Printf("%s: %d left, more in %v, all in %v\n", u.Limit.Name(), u.Remaining, u.NextAfter, u.ResetAfter)
		}
	}
	// Output:
	// <nil>
	// true <nil>
	// minute: 80 left, more in 1m0s, all in 1m0s
	// hour: 30 left, more in 600ms, all in 12s
	// true <nil>
	// minute: 80 left, more in 1m0s, all in 1m0s
	// hour: 30 left, more in 600ms, all in 12s
}
