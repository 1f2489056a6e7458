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

// The second attempt goes on where the first has failed.
func ExampleRun_Resume() {
	type progress struct{ Rows int }
	imports := jobs.Define[string, progress, string]("import:<jobID>", jobs.FamilyOptions{Keep: 24 * time.Hour})

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()
	tracker, _ := jobs.New(store, imports, jobs.Options{})
	tracker.Create(ctx, "42")

	work := func(_ context.Context, run *jobs.Run[progress, string]) (string, error) {
		done, _, err := run.Resume() // the zero progress, if there is none
		if err != nil {
			return "", err
		}
		fmt.Println("attempt", run.Attempt(), "begins after row", done.Rows)
		for done.Rows < 300 {
			if done.Rows == 200 && run.Attempt() == 1 {
				return "", jobs.RetryIn(errors.New("the connection broke"), 0)
			}
			done.Rows += 100
			if err := run.Report(done); err != nil { // does not wait
				return "", err
			}
		}
		return "all rows", nil
	}
	for range 2 {
		status, err := tracker.Do(ctx, "42", work)
		fmt.Println(status.State, status.Progress.Rows, err)
	}
	// Output:
	// attempt 1 begins after row 0
	// pending 200 the connection broke
	// attempt 2 begins after row 200
	// succeeded 300 <nil>
}
