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

// At most two imports of a tenant run at the same time, whichever processes run them.
func ExampleSemaphore() {
	imports := ratelimit.DefineSemaphore[string]("imports:<tenant>", 2, 30*time.Second)

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	semaphore, _ := ratelimit.NewSemaphore(store, imports)
	ctx := context.Background()

	first, err := semaphore.TryAcquire(ctx, "acme")
	if err != nil {
		fmt.Println(err)
		return
	}
	second, err := semaphore.TryAcquire(ctx, "acme")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = semaphore.TryAcquire(ctx, "acme")
	fmt.Println("full:", errors.Is(err, ratelimit.ErrFull))
	fmt.Println("grows:", second.Fence() > first.Fence())

	fmt.Println(first.Release(ctx)) // it was held until now
	fmt.Println(second.Release(ctx))
	fmt.Println(semaphore.InUse(ctx, "acme"))
	// Output:
	// full: true
	// grows: true
	// true <nil>
	// true <nil>
	// 0 <nil>
}

// What is done under the permit ends if the permit is lost, and others can tell by the
// fencing number whether what they are asked for comes too late.
func ExampleSemaphore_Do() {
	leader := ratelimit.DefineSemaphore[ratelimit.Global]("compaction", 1, 10*time.Second)

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	semaphore, _ := ratelimit.NewSemaphore(store, leader)

	var newest int64 // kept where the writes go, such as in a column of a table
	write := func(fence int64) error {
		if fence < newest {
			return errors.New("too late")
		}
		newest = fence
		return nil
	}
	err := semaphore.Do(context.Background(), ratelimit.Global{}, func(ctx context.Context, p *ratelimit.Permit) error {
		for range 3 {
			if err := ctx.Err(); err != nil {
				return context.Cause(ctx) // ErrPermitLost, if it was
			}
			if err := write(p.Fence()); err != nil {
				return err
			}
		}
		return nil
	})
	fmt.Println(err)
	// Output:
	// <nil>
}
