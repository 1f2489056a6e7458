package state_test

import (
	"context"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

// A watcher shows what is there, what becomes of it, and its end.
func ExampleWatch() {
	srv, err := embedded.Start()
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = srv.Close() }()
	store, err := state.New(srv.Client(), state.Options{EnableSet: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = store.Close() }()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()

	progress := state.Define("progress:<job>", state.FamilyOptions[int]{TTL: time.Minute, Watch: true}).Key("import")
	for e, err := range state.Watch(ctx, store, progress) {
		if err != nil {
			fmt.Println(err)
			return
		}
		switch {
		case e.Kind == state.EventExpired:
			fmt.Println("expired")
			return
		case !e.Found:
			fmt.Println(e.Kind, "and not there")
			err = progress.Set(ctx, store, 50)
		case e.Value < 100:
			fmt.Println(e.Kind, e.Value)
			err = progress.Set(ctx, store, 100, state.TTL(20*time.Millisecond))
		default:
			fmt.Println(e.Kind, e.Value)
		}
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	// Output:
	// current and not there
	// set 50
	// set 100
	// expired
}
