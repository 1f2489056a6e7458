package state_test

import (
	"context"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

// Reading is on by default, writing and removing are opt-in, and a function that
// takes a [state.Reader] has no way to write.
func ExampleStore_ReadOnly() {
	greetings := state.Define("greeting:<name>", state.FamilyOptions[string]{TTL: time.Hour})
	read := func(ctx context.Context, r state.Reader) (string, error) {
		// greetings.Key("x").Set(ctx, r, "") would not compile.
		return greetings.Key("x").Get(ctx, r)
	}

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()

	fmt.Println(greetings.Key("x").Set(ctx, store, "hello"))
	fmt.Println(read(ctx, store.ReadOnly()))
	_, err := state.Remove(ctx, store, greetings.Key("x"))
	fmt.Println(err)
	// Output:
	// <nil>
	// hello <nil>
	// state: Remove greeting:<name>: removing is not enabled (set Options.EnableRemove)
}
