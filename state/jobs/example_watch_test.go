package jobs_test

import (
	"context"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/jobs"
)

// Each step of a job is shown, until it has come to its end.
func ExampleTracker_Watch() {
	imports := jobs.Define[string, int, string]("import:<jobID>", jobs.FamilyOptions{Keep: 24 * time.Hour})

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tracker, _ := jobs.New(store, imports, jobs.Options{})
	tracker.Create(ctx, "42")

	var run *jobs.Run[int, string]
	for status, err := range tracker.Watch(ctx, "42") {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(status.State, status.Progress)
		// What a worker does meanwhile.
		switch {
		case status.State == jobs.Pending:
			run, err = tracker.Start(ctx, "42")
		case status.Progress == 0:
			err = run.Report(100)
		case status.State == jobs.Running:
			err = run.Succeed(ctx, "100 rows")
		}
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	// Output:
	// pending 0
	// running 0
	// running 100
	// succeeded 100
}
