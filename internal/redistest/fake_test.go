package redistest

import (
	"fmt"
	"os"
	"runtime"
	"slices"
)

// fakeTB records what a test would have been told.
type fakeTB struct {
	fatal, skipped, logged, errored string

	cleanups []func()
}

// run runs f as a test of its own, cleanups included.
func run(f func(*fakeTB)) *fakeTB {
	tb := new(fakeTB)
	done := make(chan struct{})
	go func() {
		defer close(done)
		f(tb)
	}()
	<-done
	for _, c := range slices.Backward(tb.cleanups) {
		c()
	}
	return tb
}

func (tb *fakeTB) Helper()          {}
func (tb *fakeTB) Cleanup(f func()) { tb.cleanups = append(tb.cleanups, f) }
func (tb *fakeTB) Failed() bool     { return tb.fatal != "" || tb.errored != "" }

func (tb *fakeTB) TempDir() string {
	dir, err := os.MkdirTemp("", "redistest")
	if err != nil {
		panic(err)
	}
	tb.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func (tb *fakeTB) Logf(format string, args ...any) {
	tb.logged += fmt.Sprintf(format, args...)
}

func (tb *fakeTB) Errorf(format string, args ...any) {
	tb.errored += fmt.Sprintf(format, args...)
}

func (tb *fakeTB) Fatalf(format string, args ...any) {
	tb.fatal = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func (tb *fakeTB) Skipf(format string, args ...any) {
	tb.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}
