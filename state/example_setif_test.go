package state_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

// A token travels to a browser and back, as an ETag would, and guards the page
// that was edited.
func ExampleSetIf() {
	pages := state.Define("page:<title>", state.FamilyOptions[string]{TTL: time.Hour})

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()
	key := pages.Key("home")

	_ = key.Set(ctx, store, "draft")
	entry, _ := state.GetEntry(ctx, store, key)
	etag := entry.Token.String()

	_ = key.Set(ctx, store, "changed by somebody else")
	token, _ := state.ParseToken(etag)
	_, err := state.SetIf(ctx, store, key, token, "changed by me")
	fmt.Println(errors.Is(err, state.ErrConflict))
	fmt.Println(key.Get(ctx, store))
	// Output:
	// true
	// changed by somebody else <nil>
}
