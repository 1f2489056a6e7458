package state_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

// A message that is delivered twice, or handled again after its outcome was
// unknown, counts once.
func ExampleOpID() {
	visits := state.Define("visits:<page>", state.FamilyOptions[int]{TTL: 24 * time.Hour})

	server, _ := embedded.Start()
	defer func() { _ = server.Close() }()
	store, _ := state.New(server.Client(), state.Options{EnableSet: true})
	ctx := context.Background()

	count := func(messageID string) (n int, err error) {
		for range 5 {
			n, err = state.Upsert(ctx, store, visits.Key("home"), func(n *int) error { *n++; return nil }, state.OpID(messageID))
			if !errors.Is(err, state.ErrUnknownOutcome) {
				break
			}
		}
		return n, err
	}
	fmt.Println(count("message 1"))
	fmt.Println(count("message 2"))
	fmt.Println(count("message 1"))
	// Output:
	// 1 <nil>
	// 2 <nil>
	// 2 <nil>
}
