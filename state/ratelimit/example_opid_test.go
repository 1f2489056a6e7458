package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// A message that is delivered twice, or handled again after its outcome was unknown, is
// charged once.
func ExampleOpID() {
	sms := ratelimit.Define[string]("sms:<tenant>", ratelimit.Window("day", 2, 24*time.Hour))

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	server.SetTime(now)
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()
	limiter, _ := ratelimit.New(store, sms, ratelimit.Options{})

	charge := func(messageID string) {
		var d ratelimit.Decision
		var err error
		for range 5 {
			d, err = limiter.Allow(ctx, "acme", ratelimit.OpID(messageID))
			if !errors.Is(err, state.ErrUnknownOutcome) {
				break
			}
		}
		fmt.Println(d.Allowed, d.Source == ratelimit.FromReceipt, err)
	}
	charge("message 1")
	charge("message 1")
	charge("message 2")
	charge("message 3")
	charge("message 2")
	// Output:
	// true false <nil>
	// true true <nil>
	// true false <nil>
	// false false <nil>
	// true true <nil>
}
