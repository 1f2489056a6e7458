package state_test

import (
	"context"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

// Each tenant's keys lie apart, whatever its ID holds.
func ExampleStore_Tenant() {
	plans := state.Define("plan", state.FamilyOptions[string]{TTL: time.Hour})

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	store, _ := state.New(server.Client(), state.Options{Prefix: "billing:", EnableSet: true})
	ctx := context.Background()

	for _, tenant := range []string{"acme", "acme:x"} {
		fmt.Println(plans.Key().Name(store.Tenant(tenant)))
	}
	_ = plans.Key().Set(ctx, store.Tenant("acme"), "gold")
	_, found, _ := state.Lookup(ctx, store.Tenant("acme:x"), plans.Key())
	fmt.Println(found)
	// Output:
	// billing:~acme:plan <nil>
	// billing:~acme%3Ax:plan <nil>
	// false
}
