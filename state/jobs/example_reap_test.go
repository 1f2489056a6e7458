package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/jobs"
)

// Every worker looks for jobs of workers that have died, each few seconds.
func ExampleTracker_Reap() {
	imports := jobs.Define[string, int, string]("import:<jobID>", jobs.FamilyOptions{
		Lease: 30 * time.Second,
		Keep:  24 * time.Hour,
	})

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	server.SetTime(now)
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()
	tracker, _ := jobs.New(store, imports, jobs.Options{})
	tracker.Create(ctx, "42")

	life, die := context.WithCancel(ctx)
	defer die()
	dead, err := tracker.Start(life, "42")
	if err != nil {
		fmt.Println(err)
		return
	}
	die() // no heartbeat comes any more

	for _, later := range []time.Duration{10 * time.Second, 31 * time.Second, 32 * time.Second} {
		server.SetTime(now.Add(later))
		reaped, err := tracker.Reap(ctx, 100)
		fmt.Println(later, len(reaped), err)
		for _, job := range reaped {
			fmt.Println("back to the queue:", job.Key, job.State)
		}
	}
	fmt.Println(errors.Is(dead.Succeed(ctx, "too late"), jobs.ErrStale))
	// Output:
	// 10s 0 <nil>
	// 31s 1 <nil>
	// back to the queue: 42 pending
	// 32s 0 <nil>
	// true
}
