package state_test

import (
	"context"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

// All carts of one tenant, whatever their number.
func ExampleAll() {
	carts := state.Define("cart:<tenant>:<number:int>", state.FamilyOptions[string]{TTL: time.Hour})

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	store, _ := state.New(server.Client(), state.Options{EnableSet: true, EnableRemove: true, EnableScan: true})
	ctx := context.Background()
	_ = carts.Key("acme", 1).Set(ctx, store, "tea")
	_ = carts.Key("acme", 2).Set(ctx, store, "milk")
	_ = carts.Key("other", 1).Set(ctx, store, "salt")

	for cart, err := range state.All(ctx, store, carts, "acme") {
		fmt.Println(cart.Value, err)
	}
	fmt.Println(state.RemoveAll(ctx, store, carts, state.Any, 1))
	// Unordered output:
	// tea <nil>
	// milk <nil>
	// 2 <nil>
}
