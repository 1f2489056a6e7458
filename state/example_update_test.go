package state_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

// A counter that loses no count, whoever else counts at the same time.
func ExampleUpdate() {
	stock := state.Define("stock:<sku>", state.FamilyOptions[int]{TTL: 24 * time.Hour})
	errSoldOut := errors.New("sold out")

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()

	take := func(n *int) error {
		if *n == 0 {
			return errSoldOut
		}
		*n--
		return nil
	}
	_, err := state.Update(ctx, store, stock.Key("tea"), take)
	fmt.Println(err)
	_ = stock.Key("tea").Set(ctx, store, 1)
	fmt.Println(state.Update(ctx, store, stock.Key("tea"), take))
	_, err = state.Update(ctx, store, stock.Key("tea"), take)
	fmt.Println(err)
	// Output:
	// state: Update stock:<sku>: not found
	// 0 <nil>
	// sold out
}
