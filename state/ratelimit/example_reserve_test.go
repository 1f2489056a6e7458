package ratelimit_test

import (
	"context"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// Tokens are taken before the work and given back if it turns out not to be done.
func ExampleLimiter_Reserve() {
	transfers := ratelimit.Define[string]("transfers:<account>", ratelimit.Window("day", 1000, 24*time.Hour))

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	server.SetTime(now)
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()
	limiter, _ := ratelimit.New(store, transfers, ratelimit.Options{})

	reserved, err := limiter.Reserve(ctx, "DE89", 800)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(reserved.Allowed)
	try := func() {
		d, err := limiter.AllowN(ctx, "DE89", 300)
		fmt.Println(d.Allowed, err)
	}
	try()

	fmt.Println(reserved.Refund(ctx))
	fmt.Println(reserved.Refund(ctx)) // they are back, once
	try()
	// Output:
	// true
	// false <nil>
	// true <nil>
	// true <nil>
	// true <nil>
}

// Of what was taken for a guess, what was not used goes back.
func ExampleReservation_RefundN() {
	words := ratelimit.Define[string]("words:<userID>", ratelimit.Bucket("day", 1000, 24*time.Hour))

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	server.SetTime(now)
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()
	limiter, _ := ratelimit.New(store, words, ratelimit.Options{})

	guess, err := limiter.Reserve(ctx, "alice", 500)
	if err != nil || !guess.Allowed {
		fmt.Println("not now", err)
		return
	}
	const used = 120
	fmt.Println(guess.RefundN(ctx, guess.Granted-used))
	d, err := limiter.Peek(ctx, "alice")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(d.Limits[0].Remaining)
	// Output:
	// true <nil>
	// 880
}
