// Command pool puts jobs around a pool of goroutines that take their work from a
// channel. The channel forgets all when its process ends; the jobs in Redis remember. So what
// fails is tried again, what a process gave back as it shut down goes on in the next, and
// what one had in hand as it died is found and done by another.
//
// It runs on a Redis in this process, or on the one that REDIS_URL names, where its keys
// begin with "typedstate-pool:" and are gone in little more than an hour.
//
//	go run ./examples/pool
package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

func main() {
	if err := run(context.Background(), os.Getenv("REDIS_URL"), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "pool:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, url string, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	store, closeStore, err := open(ctx, url, out)
	if err != nil {
		return err
	}
	defer closeStore()
	// What an earlier run has left there is that of another tenant.
	return demo(ctx, store.Tenant(rand.Text()), out)
}

// open opens the Redis that url names, or one in this process if it names none.
func open(ctx context.Context, url string, out io.Writer) (*state.Store, func(), error) {
	o := state.Options{Prefix: "typedstate-pool:", EnableSet: true}
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
