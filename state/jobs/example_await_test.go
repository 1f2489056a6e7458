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

// Whoever wants the result waits for it, and is told what has become of the job.
func ExampleTracker_Await() {
	imports := jobs.Define[string, int, string]("import:<jobID>", jobs.FamilyOptions{Keep: 24 * time.Hour})

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	tracker, _ := jobs.New(store, imports, jobs.Options{})

	for _, key := range []string{"good", "bad"} {
		tracker.Create(ctx, key, jobs.Attempts(1))
		go func() { // in another process
			_, _ = tracker.Do(ctx, key, func(context.Context, *jobs.Run[int, string]) (string, error) {
				if key == "bad" {
					return "", &jobs.Failure{Code: "no_such_file", Message: "there is no file of that name"}
				}
				return "12 rows", nil
			})
		}()
		status, err := tracker.Await(ctx, key)
		if err != nil {
			fmt.Println(err)
			return
		}
		result, err := status.Result()
		if failure, ok := errors.AsType[*jobs.Failure](err); ok {
			fmt.Println(status.State, failure.Code)
			continue
		}
		fmt.Println(status.State, result, err)
	}
	// Output:
	// succeeded 12 rows <nil>
	// failed no_such_file
}
