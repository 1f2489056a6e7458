// Command importer serves a web page that starts imports and shows how far they have come.
// What it shows is in Redis: a page may be reloaded or opened twice, the program may be
// stopped in the middle of an import and started again, and several of them may share the work.
//
// It runs on a Redis in this process, or on the one that REDIS_URL names, where its keys
// begin with "typedstate-importer:" and live for an hour.
//
//	go run ./examples/importer
//	go run ./examples/importer -addr 127.0.0.1:9000
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
	"github.com/typedstate/typedstate/state/jobs"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "where to listen")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Getenv("REDIS_URL"), *addr, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "importer:", err)
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
	tracker, err := NewImportTracker(store, jobs.Options{Worker: worker()})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	runner := newRunner(ctx, tracker, pace)
	defer runner.stop()
	server := &http.Server{
		Handler:           newHandler(tracker, runner),
		ReadHeaderTimeout: 5 * time.Second,
		// A stream has no end of its own, so the end of ctx is the end of each.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	fmt.Fprintf(out, "Open http://%s/ in a browser. Ctrl+C ends.\n", listener.Addr())
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

// worker returns the name of this process.
func worker() string {
	host, err := os.Hostname()
	if err != nil {
		host = "somewhere"
	}
	return fmt.Sprintf("%.200s/%d", host, os.Getpid())
}

// open opens the Redis that url names, or one in this process if it names none.
func open(ctx context.Context, url string, out io.Writer) (*state.Store, func(), error) {
	o := state.Options{Prefix: "typedstate-importer:", EnableSet: true}
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
