package state_test

import (
	"context"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

// Names without a family, for state that has no type yet.
func ExampleStore_GetState() {
	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()

	_ = store.SetState(ctx, "banner", map[string]string{"text": "Sale"}, time.Hour)
	_ = store.SetState(ctx, "notice", nil, state.NoTTL)
	values, err := store.GetState(ctx, "banner", "notice", "missing")
	fmt.Printf("%s %s %d %v\n", values["banner"], values["notice"], len(values), err)
	// Output: {"text":"Sale"} null 2 <nil>
}
