package jobs_test

import (
	"context"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/jobs"
)

// What a dashboard shows, and what wakes somebody up.
func ExampleTracker_Count() {
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

	for _, key := range []string{"a", "b", "c", "d"} {
		tracker.Create(ctx, key)
	}
	_, _ = tracker.Do(ctx, "a", func(context.Context, *jobs.Run[int, string]) (string, error) { return "done", nil })
	_, _ = tracker.Cancel(ctx, "b", "")
	life, die := context.WithCancel(ctx)
	_, _ = tracker.Start(life, "c")
	die()

	for _, later := range []time.Duration{0, time.Minute} {
		server.SetTime(now.Add(later))
		n, err := tracker.Count(ctx)
		fmt.Printf("%d pending, %d running (%d stalled), %d succeeded, %d failed, %d cancelled, %v\n",
			n.Pending, n.Running, n.Stalled, n.Succeeded, n.Failed, n.Cancelled, err)
	}
	// Output:
	// 1 pending, 1 running (0 stalled), 1 succeeded, 0 failed, 1 cancelled, <nil>
	// 1 pending, 1 running (1 stalled), 1 succeeded, 0 failed, 1 cancelled, <nil>
}
