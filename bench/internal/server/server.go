// Package server starts the Redis that the benchmarks run against, a real
// redis-server on the loopback interface that keeps nothing on disk.
package server

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"

	"github.com/typedstate/typedstate/internal/redistest"
)

// Server is a redis-server that runs until Close.
type Server struct {
	*redistest.Server
	*host

	// Addr is its host and port.
	Addr string
}

// Start starts a server. The error says how to install one if there is none.
func Start(opts ...redistest.Option) (*Server, error) {
	h := &host{}
	return try(h, func() *Server {
		s := redistest.Start(h, opts...)
		return &Server{Server: s, host: h, Addr: s.Addr()}
	})
}

// Cluster is a Redis Cluster without replicas that runs until Close.
type Cluster struct {
	*redistest.Cluster
	*host
}

// StartCluster starts a Cluster of so many nodes, all of them masters.
func StartCluster(nodes int, opts ...redistest.Option) (*Cluster, error) {
	h := &host{}
	return try(h, func() *Cluster { return &Cluster{redistest.StartCluster(h, nodes, 0, opts...), h} })
}

// try returns what start does, or what that has failed with, and then nothing is left of it.
func try[T any](h *host, start func() *T) (_ *T, err error) {
	defer func() {
		if v := recover(); v != nil {
			if _, ok := v.(stop); !ok {
				panic(v)
			}
			err = h.Close()
		}
	}()
	return start(), nil
}

// host is what redistest asks of a test, for a program.
type host struct {
	mu      sync.Mutex
	cleanup []func()
	err     error
}

// stop is what Fatalf panics with, since it must not return.
type stop struct{}

var _ redistest.TB = (*host)(nil)

// Close stops what was started and removes its files.
func (h *host) Close() error {
	for {
		h.mu.Lock()
		n := len(h.cleanup)
		if n == 0 {
			defer h.mu.Unlock()
			return h.err
		}
		last := h.cleanup[n-1]
		h.cleanup = slices.Delete(h.cleanup, n-1, n)
		h.mu.Unlock()
		last()
	}
}

// Helper does nothing.
func (h *host) Helper() {}

// Cleanup has f run when the server is closed.
func (h *host) Cleanup(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cleanup = append(h.cleanup, f)
}

// TempDir returns a directory that lasts until the server is closed.
func (h *host) TempDir() string {
	dir, err := os.MkdirTemp("", "typedstate-bench-")
	if err != nil {
		h.Fatalf("%v", err)
	}
	h.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			h.Errorf("%v", err)
		}
	})
	return dir
}

// Failed reports whether anything went wrong.
func (h *host) Failed() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.err != nil
}

// Logf keeps what the server logged before it failed.
func (h *host) Logf(format string, args ...any) { h.Errorf(format, args...) }

// Errorf keeps an error for whoever starts or closes the server.
func (h *host) Errorf(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.err = errors.Join(h.err, fmt.Errorf(format, args...))
}

// Fatalf is Errorf and does not return.
func (h *host) Fatalf(format string, args ...any) {
	h.Errorf(format, args...)
	panic(stop{})
}

// Skipf is Fatalf: a benchmark without Redis has failed.
func (h *host) Skipf(format string, args ...any) { h.Fatalf(format, args...) }
