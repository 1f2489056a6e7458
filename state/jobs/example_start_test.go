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

// While one worker holds a job, no other gets it.
func ExampleTracker_Start() {
	imports := jobs.Define[string, int, string]("import:<jobID>", jobs.FamilyOptions{
		Lease: time.Minute,
		Keep:  24 * time.Hour,
	})

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	server.SetTime(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC))
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()
	tracker, _ := jobs.New(store, imports, jobs.Options{})
	tracker.Create(ctx, "42")

	run, err := tracker.Start(ctx, "42")
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = tracker.Start(ctx, "42")
	if refused, ok := errors.AsType[*jobs.RefusedError](err); ok {
		fmt.Println(errors.Is(err, jobs.ErrBusy), refused.State, refused.RetryAfter)
	}

	fmt.Println(run.Succeed(ctx, "12 rows"))
	fmt.Println(run.Succeed(ctx, "12 rows")) // it was done before
	_, err = tracker.Start(ctx, "42")
	fmt.Println(errors.Is(err, jobs.ErrFinished))
	// Output:
	// true running 1m0s
	// <nil>
	// <nil>
	// true
}
