package state_test

import (
	"context"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

// A token that is good for one use.
func ExampleTake() {
	tokens := state.Define("token:<id>", state.FamilyOptions[string]{TTL: 5 * time.Minute})

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	store, _ := state.New(server.Client(), state.Options{EnableSet: true, EnableRemove: true})
	ctx := context.Background()

	fmt.Println(state.SetIfAbsent(ctx, store, tokens.Key("t1"), "alice"))
	fmt.Println(state.Take(ctx, store, tokens.Key("t1")))
	_, err := state.Take(ctx, store, tokens.Key("t1"))
	fmt.Println(err)
	// Output:
	// <nil>
	// alice <nil>
	// state: Take token:<id>: not found
}
