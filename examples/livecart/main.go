// Command livecart serves a web page that shows a shopping cart live: whatever
// changes the cart in Redis, every browser that shows it is told by server-sent
// events. It runs on a Redis in this process, or on the one that REDIS_URL names,
// where its keys begin with "typedstate-livecart:" and live for half an hour.
//
//	go run ./examples/livecart
//	go run ./examples/livecart -addr 127.0.0.1:9000
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Getenv("REDIS_URL"), *addr, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "livecart:", err)
		os.Exit(1)
	}
}

// run serves until ctx is done.
func run(ctx context.Context, url, addr string, out io.Writer) error {
	store, closeStore, err := open(ctx, url, out)
	if err != nil {
		return err
	}
	defer closeStore()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{
		Handler:           newHandler(NewCartReader(store), store),
		ReadHeaderTimeout: 5 * time.Second,
		// A stream has no end of its own, so the end of ctx is the end of each.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	fmt.Fprintf(out, "Open http://%s/ in two windows. Ctrl+C ends.\n", listener.Addr())
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		stopped <- server.Shutdown(last)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return <-stopped
}

// open opens the Redis that url names, or one in this process if it names none.
func open(ctx context.Context, url string, out io.Writer) (*state.Store, func(), error) {
	o := state.Options{Prefix: "typedstate-livecart:", EnableSet: true, EnableRemove: true}
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
