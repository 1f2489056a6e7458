// Command turns has several workers call an API that allows few calls in a second: each
// waits for its turn, whichever process it is in. It runs on a Redis in this process, or on
// the one that REDIS_URL names, where it uses keys that begin with "typedstate-turns:" and
// removes them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/ratelimit"
)

func main() {
	if err := run(context.Background(), os.Getenv("REDIS_URL"), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "turns:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url string, out io.Writer) (err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	store, closeStore, err := open(ctx, url, out)
	if err != nil {
		return err
	}
	defer closeStore()
	limiter, err := ratelimit.New(store, upstreamCalls, ratelimit.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, limiter.Reset(context.WithoutCancel(ctx), upstream)) }()
	return demo(ctx, limiter, out)
}

// open opens the Redis that url names, or one in this process if it names none.
func open(ctx context.Context, url string, out io.Writer) (*state.Store, func(), error) {
	o := state.Options{Prefix: "typedstate-turns:", EnableSet: true, EnableRemove: true}
	if url != "" {
		fmt.Fprintln(out, "Redis: the one that REDIS_URL names")
		store, err := state.Open(ctx, url, o)
		return store, func() { _ = store.Close() }, err
	}
	fmt.Fprintln(out, "Redis: in this process, since REDIS_URL is not set")
	server, err := embedded.Start()
	if err != nil {
		return nil, nil, err
	}
	store, err := state.New(server.Client(), o)
	return store, func() { _, _ = store.Close(), server.Close() }, err
}
