// Command tour shows what package state does, step by step, with the key, the
// bytes and the TTL that each step leaves in Redis. It runs on a Redis in this
// process, or on the one that REDIS_URL names, where it uses keys that begin with
// "typedstate-tour:" and removes them; what is left of a job for ten minutes only keeps late
// repeats of its requests out.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

func main() {
	if err := run(context.Background(), os.Getenv("REDIS_URL"), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "tour:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url string, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	options := state.Options{
		Prefix:       "typedstate-tour:",
		EnableSet:    true,
		EnableRemove: true,
	}
	store, closeStore, err := open(ctx, url, options, out)
	if err != nil {
		return err
	}
	defer closeStore()
	t := tour{out: out, store: store}
	return t.run(ctx)
}

// open opens the Redis that url names, or one in this process if it names none.
func open(ctx context.Context, url string, o state.Options, out io.Writer) (*state.Store, func(), error) {
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
	return store, func() { _ = server.Close() }, err
}
