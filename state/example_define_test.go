package state_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

// A family without the generator: its keys' parts are checked when they are used.
func ExampleDefine() {
	type Profile struct {
		Name string `json:"name"`
	}
	profiles := state.Define("profile:<userID:int64>", state.FamilyOptions[Profile]{TTL: time.Hour})

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	store, _ := state.New(server.Client(), state.Options{Prefix: "shop:", EnableSet: true})
	ctx := context.Background()

	fmt.Println(profiles.Key(42).Set(ctx, store, Profile{Name: "Ada"}))
	profile, err := profiles.Key(42).Get(ctx, store)
	fmt.Println(profile.Name, err)
	_, err = profiles.Key("forty-two").Get(ctx, store)
	fmt.Println(err, errors.Is(err, state.ErrInvalidKey))
	name, _ := profiles.Key(42).Name(store)
	fmt.Println(server.Client().Get(ctx, name).Val())
	// Output:
	// <nil>
	// Ada <nil>
	// state: Get profile:<userID:int64>: invalid key: <userID> was given a value that is no int64 true
	// {"name":"Ada"}
}
