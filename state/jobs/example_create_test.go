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

// A job is created once, however often it is asked for.
func ExampleTracker_Create() {
	imports := jobs.Define[string, int, string]("import:<jobID>", jobs.FamilyOptions{Keep: 24 * time.Hour})

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	server.SetTime(now)
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()
	tracker, _ := jobs.New(store, imports, jobs.Options{})

	for range 2 {
		status, created, err := tracker.Create(ctx, "42")
		fmt.Println(status.State, created, status.AttemptsLeft, err)
	}
	_, _, err := tracker.Create(ctx, "42", jobs.IfExists(jobs.RejectExisting))
	fmt.Println(errors.Is(err, state.ErrExists))

	// One that begins at night, and is tried once.
	status, _, err := tracker.Create(ctx, "43", jobs.StartIn(15*time.Hour), jobs.Attempts(1))
	fmt.Println(status.NotBefore.UTC().Format(time.DateTime), status.AttemptsLeft, err)
	_, err = tracker.Start(ctx, "43")
	if refused, ok := errors.AsType[*jobs.RefusedError](err); ok {
		fmt.Println(errors.Is(err, jobs.ErrNotYet), refused.RetryAfter)
	}
	// Output:
	// pending true 3 <nil>
	// pending false 3 <nil>
	// true
	// 2026-11-25 00:00:00 1 <nil>
	// true 15h0m0s
}
