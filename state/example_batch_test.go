package state_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

// Keys of one type share round trips; each has a result of its own.
func ExampleGetMany() {
	scores := state.Define("score:<player>", state.FamilyOptions[int]{TTL: time.Hour})

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()

	_, err := state.SetMany(ctx, store, []state.KeyValue[int]{
		{Key: scores.Key("ada"), Value: 3},
		{Key: scores.Key("bob"), Value: 5},
	})
	fmt.Println(err)
	results, err := state.GetMany(ctx, store, scores.Key("bob"), scores.Key("eve"), scores.Key("ada"))
	fmt.Println(err)
	for _, r := range results {
		fmt.Println(r.Value, errors.Is(r.Err, state.ErrNotFound))
	}
	// Output:
	// <nil>
	// <nil>
	// 5 false
	// 0 true
	// 3 false
}
