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

// A caller waits for its turn, unless that comes too late.
func ExampleLimiter_Wait() {
	calls := ratelimit.Define[string]("upstream:<api>", ratelimit.Window("brief", 2, 200*time.Millisecond))

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()
	limiter, _ := ratelimit.New(store, calls, ratelimit.Options{})

	began := time.Now()
	for range 3 {
		if _, err := limiter.Wait(ctx, "payments"); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(time.Since(began) >= 200*time.Millisecond)

	_, err := limiter.WaitN(ctx, "payments", 3)
	fmt.Println(err, errors.Is(err, ratelimit.ErrNever))
	// Output:
	// true
	// state: WaitN upstream:<api>: more tokens than the limit can ever grant at once true
}
