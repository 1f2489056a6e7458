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

// A job that waits is cancelled at once; the worker of one that runs is asked to stop.
func ExampleTracker_Cancel() {
	imports := jobs.Define[string, int, string]("import:<jobID>", jobs.FamilyOptions{
		Lease: 1500 * time.Millisecond, // with a heartbeat each half second
		Keep:  24 * time.Hour,
	})

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()
	tracker, _ := jobs.New(store, imports, jobs.Options{})

	tracker.Create(ctx, "41")
	status, err := tracker.Cancel(ctx, "41", "not needed any more")
	fmt.Println(status.State, status.CancelReason, err)

	tracker.Create(ctx, "42")
	status, err = tracker.Do(ctx, "42", func(ctx context.Context, _ *jobs.Run[int, string]) (string, error) {
		asked, err := tracker.Cancel(ctx, "42", "the wrong file") // somebody else
		fmt.Println(asked.State, asked.CancelRequested, err)
		<-ctx.Done()
		cause := context.Cause(ctx)
		fmt.Println(cause)
		return "", cause
	})
	fmt.Println(status.State, status.CancelReason, errors.Is(err, jobs.ErrCancelled))
	// Output:
	// cancelled not needed any more <nil>
	// running true <nil>
	// somebody has asked for the job to be cancelled
	// cancelled the wrong file true
}
