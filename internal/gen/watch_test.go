package gen_test

import "testing"

// watcher is a program that watches with generated code, and changes what it watches
// at each step.
const watcher = `package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

type Tenant string

//state:key cart:{<tenant:Tenant>}:<id:int64> ttl=1h watch scan
type Cart struct{ N int }

//state:key flags ttl=1h watch
type Flags struct{ N int }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	srv := must(embedded.Start())
	defer srv.Close()
	store := must(state.New(srv.Client(), state.Options{Prefix: "demo:", EnableSet: true, EnableRemove: true, EnableScan: true}))

	flags := NewFlagsStore(store)
	for e, err := range flags.Watch(ctx) {
		must(e, err)
		fmt.Println(e.Kind, e.Found, e.Value)
		switch e.Kind {
		case state.EventCurrent:
			must(0, flags.Set(ctx, Flags{N: 1}))
			continue
		case state.EventSet:
			must(0, flags.Remove(ctx))
			continue
		}
		break
	}

	carts := NewCartStore(store)
	must(0, carts.Set(ctx, "a:cme", 1, Cart{N: 1}))
	step := 0
	for e, err := range carts.Reader().WatchAll(ctx, CartFilter{}.Tenant("a:cme")) {
		must(e, err)
		fmt.Printf("%+v %v %v\n", e.Params, e.Found, e.Value)
		step++
		switch step {
		case 1:
			must(0, carts.Set(ctx, "other", 7, Cart{N: 7}))
			must(0, carts.Set(ctx, "a:cme", -2, Cart{N: 2}))
			continue
		case 2:
			must(0, carts.Remove(ctx, "a:cme", 1))
			continue
		}
		break
	}

	for _, err := range (&CartStore{}).Watch(ctx, "a:cme", 1) {
		fmt.Println(errors.Is(err, state.ErrNoStore))
	}
	for _, err := range carts.WatchAll(ctx, CartFilter{}.Tenant("")) {
		fmt.Println(errors.Is(err, state.ErrInvalidKey))
	}
}
`

const watcherOutput = `current false {0}
set true {1}
removed false {0}
{Tenant:a:cme ID:1} true {1}
{Tenant:a:cme ID:-2} true {2}
{Tenant:a:cme ID:1} false {0}
true
true
`

// Generated code watches as it is documented, against a real store.
func TestWatch(t *testing.T) {
	t.Parallel()
	assertPrints(t, watcherOutput, watcher)
}
