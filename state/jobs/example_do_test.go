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

// A queue delivers a message at least once, and the work behind it is done once.
func ExampleTracker_Do() {
	type report struct{ Rows int }
	imports := jobs.Define[string, jobs.None, report]("import:<jobID>", jobs.FamilyOptions{Keep: 24 * time.Hour})

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()
	tracker, _ := jobs.New(store, imports, jobs.Options{Worker: "worker-1"})
	tracker.Create(ctx, "42")

	for range 2 {
		status, err := tracker.Do(ctx, "42", func(context.Context, *jobs.Run[jobs.None, report]) (report, error) {
			fmt.Println("at work")
			return report{Rows: 1200}, nil
		})
		if errors.Is(err, jobs.ErrFinished) {
			fmt.Println("done before: acknowledge the message")
			continue
		}
		result, _ := status.Result()
		fmt.Println(status.State, result.Rows, err)
	}
	// Output:
	// at work
	// succeeded 1200 <nil>
	// done before: acknowledge the message
}
