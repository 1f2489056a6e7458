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

// What has failed begins anew once its cause is mended, and its history stays.
func ExampleTracker_Restart() {
	imports := jobs.Define[string, int, string]("import:<jobID>", jobs.FamilyOptions{
		Keep:     24 * time.Hour,
		Attempts: 1,
	})

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()
	tracker, _ := jobs.New(store, imports, jobs.Options{})

	full := true
	work := func(context.Context, *jobs.Run[int, string]) (string, error) {
		if full {
			return "", errors.New("the disk is full")
		}
		return "12 rows", nil
	}
	tracker.Create(ctx, "42")
	status, _ := tracker.Do(ctx, "42", work)
	fmt.Println(status.State, status.AttemptsLeft)

	full = false
	status, err := tracker.Restart(ctx, "42")
	fmt.Println(status.State, status.AttemptsLeft, err)
	status, _ = tracker.Do(ctx, "42", work)
	for _, attempt := range status.History {
		fmt.Println(attempt.Number, attempt.Outcome)
	}
	_, err = tracker.Restart(ctx, "42")
	fmt.Println(errors.Is(err, jobs.ErrFinished)) // it has succeeded
	// Output:
	// failed 0
	// pending 1 <nil>
	// 1 failed
	// 2 succeeded
	// true
}
