package ratelimit_test

import (
	"context"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// A call that costs more than one token gets all of them or none.
func ExampleLimiter_AllowN() {
	exports := ratelimit.Define[string]("exports:<tenant>",
		ratelimit.Bucket("rows", 100, time.Minute))

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	server.SetTime(now)
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()
	limiter, _ := ratelimit.New(store, exports, ratelimit.Options{})

	for _, rows := range []int64{70, 40, 30, 101} {
		d, err := limiter.AllowN(ctx, "acme", rows)
		switch {
		case err != nil:
			fmt.Println(err)
		case d.RetryAfter == ratelimit.Never:
			fmt.Println(rows, "rows are too many at any time")
		default:
			fmt.Println(rows, d.Allowed, d.RetryAfter)
		}
	}
	// Output:
	// 70 true 0s
	// 40 false 6s
	// 30 true 0s
	// 101 rows are too many at any time
}

// A batch goes as far as its tokens do.
func ExampleLimiter_AllowUpTo() {
	mails := ratelimit.Define[string]("mails:<tenant>", ratelimit.Window("hour", 100, time.Hour))

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	server.SetTime(now)
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()
	limiter, _ := ratelimit.New(store, mails, ratelimit.Options{})

	for range 3 {
		d, err := limiter.AllowUpTo(ctx, "acme", 60)
		fmt.Println(d.Granted, d.Allowed, d.RetryAfter, err)
	}
	// Output:
	// 60 true 0s <nil>
	// 40 true 0s <nil>
	// 0 false 1h0m0s <nil>
}
