package state_test

import (
	"context"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

// Two accounts of one bank change together or not at all. The braces in the
// template have both keys in one slot of a Cluster.
func ExampleStore_Atomically() {
	balances := state.Define("balance:{<bank>}:<account>", state.FamilyOptions[int]{TTL: time.Hour})

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()
	ada, bob := balances.Key("b", "ada"), balances.Key("b", "bob")
	_ = ada.Set(ctx, store, 100)
	_ = bob.Set(ctx, store, 0)

	transfer := func(amount int) error {
		return store.Atomically(ctx, func(ctx context.Context, tx *state.Tx) error {
			left, err := state.Update(ctx, tx, ada, func(n *int) error { *n -= amount; return nil })
			if err != nil {
				return err
			}
			if left < 0 {
				return fmt.Errorf("%d too little", -left)
			}
			_, err = state.Update(ctx, tx, bob, func(n *int) error { *n += amount; return nil })
			return err
		})
	}
	fmt.Println(transfer(60))
	fmt.Println(transfer(60))
	fmt.Println(ada.Get(ctx, store))
	fmt.Println(bob.Get(ctx, store))
	// Output:
	// <nil>
	// 20 too little
	// 40 <nil>
	// 60 <nil>
}
