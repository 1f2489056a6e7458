// Command apilimits serves an HTTP API that is limited per user and per tenant at once,
// calls it as three of its users would, prints what they are told, and ends. It runs on a
// Redis in this process, or on the one that REDIS_URL names, where it uses keys that begin
// with "typedstate-apilimits:" and removes them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

func main() {
	if err := run(context.Background(), os.Getenv("REDIS_URL"), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "apilimits:", err)
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
	limits, err := newLimits(store)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, limits.reset(context.WithoutCancel(ctx))) }()

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: newHandler(limits), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }()
	defer func() { _ = server.Close() }()
	return demo(ctx, "http://"+listener.Addr().String(), out)
}

// open opens the Redis that url names, or one in this process if it names none.
func open(ctx context.Context, url string, out io.Writer) (*state.Store, func(), error) {
	o := state.Options{Prefix: "typedstate-apilimits:", EnableSet: true, EnableRemove: true}
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
