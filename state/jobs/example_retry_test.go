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

// The other side has said when to come again.
func ExampleRetryIn() {
	payments := jobs.Define[string, jobs.None, string]("payment:<orderID>", jobs.FamilyOptions{Keep: 24 * time.Hour})

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	server.SetTime(now)
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()
	tracker, _ := jobs.New(store, payments, jobs.Options{})
	tracker.Create(ctx, "o-1")

	pay := func(_ context.Context, run *jobs.Run[jobs.None, string]) (string, error) {
		if run.Attempt() == 1 {
			return "", jobs.RetryIn(errors.New("too many requests"), 90*time.Second)
		}
		return "paid", nil
	}
	status, err := tracker.Do(ctx, "o-1", pay)
	// A queue that can delay a message delivers it again after this.
	fmt.Println(status.State, err, status.NotBefore.Sub(status.ServerTime), status.AttemptsLeft)

	_, err = tracker.Do(ctx, "o-1", pay)
	fmt.Println(errors.Is(err, jobs.ErrNotYet))
	server.SetTime(now.Add(90 * time.Second))
	status, err = tracker.Do(ctx, "o-1", pay)
	fmt.Println(status.State, err)
	// Output:
	// pending too many requests 1m30s 2
	// true
	// succeeded <nil>
}

// What no further attempt helps fails at once.
func ExamplePermanent() {
	payments := jobs.Define[string, jobs.None, string]("payment:<orderID>", jobs.FamilyOptions{Keep: 24 * time.Hour})

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()
	tracker, _ := jobs.New(store, payments, jobs.Options{})
	tracker.Create(ctx, "o-1")

	status, err := tracker.Do(ctx, "o-1", func(context.Context, *jobs.Run[jobs.None, string]) (string, error) {
		return "", jobs.Permanent(&jobs.Failure{Code: "card_expired", Message: "the card has expired"})
	})
	fmt.Println(status.State, err)
	// The error of a failure holds neither, as it may be logged anywhere.
	fmt.Println(status.Failure().Code, "-", status.Failure().Message)
	// Output:
	// failed jobs: the job has failed
	// card_expired - the card has expired
}
