package jobs_test

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/jobs"
)

// A page of an operator's tool shows the latest failures, and the next one those before.
func ExampleTracker_List() {
	type key struct {
		Tenant string
		Number int64
	}
	imports := jobs.Define[key, int, string]("import:<tenant>:<number:int64>", jobs.FamilyOptions{Keep: 24 * time.Hour})

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()
	tracker, _ := jobs.New(store, imports, jobs.Options{})

	for n := range int64(5) {
		server.SetTime(now.Add(time.Duration(n) * time.Minute))
		k := key{"acme", n}
		tracker.Create(ctx, k, jobs.Attempts(1))
		_, _ = tracker.Do(ctx, k, func(context.Context, *jobs.Run[int, string]) (string, error) {
			return "", &jobs.Failure{Code: "E" + strconv.FormatInt(n, 10)}
		})
	}

	var page []jobs.ListOption
	for range 2 {
		shown := 0
		for job, err := range tracker.List(ctx, jobs.Failed, page...) {
			if err != nil {
				fmt.Println(err)
				return
			}
			fmt.Println(job.Key.Tenant, job.Key.Number, job.Failure().Code, job.Finished.UTC().Format(time.TimeOnly))
			page = []jobs.ListOption{jobs.From(job.Cursor)}
			if shown++; shown == 3 {
				break
			}
		}
		fmt.Println("-")
	}
	// Output:
	// acme 4 E4 09:04:00
	// acme 3 E3 09:03:00
	// acme 2 E2 09:02:00
	// -
	// acme 1 E1 09:01:00
	// acme 0 E0 09:00:00
	// -
}
