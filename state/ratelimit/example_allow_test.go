package ratelimit_test

import (
	"context"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// Two limits of a user, which are decided together.
func ExampleLimiter_Allow() {
	logins := ratelimit.Define[string]("logins:<userID>",
		ratelimit.Window("minute", 3, time.Minute),
		ratelimit.Window("second", 2, time.Second))

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	server.SetTime(now)
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()
	limiter, _ := ratelimit.New(store, logins, ratelimit.Options{})

	try := func(userID string) {
		d, err := limiter.Allow(ctx, userID)
		fmt.Println(d.Allowed, d.DecidedBy, d.RetryAfter, err)
	}
	try("alice")
	try("alice")
	try("alice")
	server.SetTime(now.Add(2 * time.Second))
	try("alice")
	try("alice")
	try("bob")
	// Output:
	// true second 0s <nil>
	// true second 0s <nil>
	// false second 1s <nil>
	// true minute 0s <nil>
	// false minute 58s <nil>
	// true second 0s <nil>
}
