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
	fmt.Println(reserved.Allowed, err)
	other, err := limiter.Reserve(ctx, "DE89", 300)
	fmt.Println(other.Allowed, err)

	fmt.Println(reserved.Refund(ctx))
	fmt.Println(reserved.Refund(ctx)) // they are back, once

	other, err = limiter.Reserve(ctx, "DE89", 300)
	fmt.Println(other.Allowed, other.Limits[0].Remaining, err)
	// Output:
	// true <nil>
	// false <nil>
	// true <nil>
	// true <nil>
	// true 700 <nil>
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
	fmt.Println(guess.Allowed, err)
	const used = 120
	fmt.Println(guess.RefundN(ctx, guess.Granted-used))
	d, err := limiter.Peek(ctx, "alice")
	fmt.Println(d.Limits[0].Remaining, err)
	// Output:
	// true <nil>
	// true <nil>
	// 880 <nil>
}
