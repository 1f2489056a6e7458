package main

import (
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/typedstate/typedstate/internal/redistest"
)

// programTB is what a test is to redistest, for a program: a place for files, and
// an end at which all is cleaned up.
type programTB struct {
	name string
	errs io.Writer

	mu      sync.Mutex
	cleanup []func()
	failed  bool
}

var _ redistest.TB = (*programTB)(nil)

// fatal is what Fatalf panics with, as only the end of the goroutine's work can
// keep it from going on.
type fatal struct{}

// guarded runs f and what it left to clean up, and reports whether it went well.
func guarded(errs io.Writer, name string, f func(*programTB)) (ok bool) {
	tb := &programTB{name: name, errs: errs}
	tb.protected(func() { f(tb) })
	for {
		tb.mu.Lock()
		n := len(tb.cleanup)
		if n == 0 {
			tb.mu.Unlock()
			return !tb.Failed()
		}
		last := tb.cleanup[n-1]
		tb.cleanup = tb.cleanup[:n-1]
		tb.mu.Unlock()
		tb.protected(last)
	}
}

// protected runs f until its end or a Fatalf.
func (tb *programTB) protected(f func()) {
	defer func() {
		if v := recover(); v != nil {
			if _, ok := v.(fatal); !ok {
				panic(v)
			}
		}
	}()
	f()
}

func (tb *programTB) Helper() {}

func (tb *programTB) Cleanup(f func()) {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	tb.cleanup = append(tb.cleanup, f)
}

func (tb *programTB) TempDir() string {
	dir, err := os.MkdirTemp("", "torture-")
	if err != nil {
		tb.Fatalf("a directory for a server: %v", err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (tb *programTB) Failed() bool {
	tb.mu.Lock()
	defer tb.mu.Unlock()
	return tb.failed
}

func (tb *programTB) Logf(format string, args ...any) {
	fmt.Fprintf(tb.errs, "torture: "+tb.name+": "+format+"\n", args...)
}

func (tb *programTB) Errorf(format string, args ...any) {
	tb.mu.Lock()
	tb.failed = true
	tb.mu.Unlock()
	tb.Logf(format, args...)
}

func (tb *programTB) Fatalf(format string, args ...any) {
	tb.Errorf(format, args...)
	panic(fatal{})
}

// Skipf is Fatalf: a program that was asked to check and could not has failed.
func (tb *programTB) Skipf(format string, args ...any) { tb.Fatalf(format, args...) }
