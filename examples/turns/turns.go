package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/typedstate/typedstate/state/ratelimit"
)

// upstream is the API that is called.
const upstream = "payments"

const (
	// perSecond is how many calls the API allows in any second.
	perSecond = 4
	workers   = 3
	calls     = 8
)

// upstreamCalls has a window, as an API that counts calls counts them all: a bucket would let
// nearly twice as many pass in its first second.
var upstreamCalls = ratelimit.Define[string]("upstream:<api>",
	ratelimit.Window("second", perSecond, time.Second))

func demo(ctx context.Context, limiter *ratelimit.Limiter[string], out io.Writer) error {
	turns, err := work(ctx, limiter)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d workers have made %d calls\n", workers, len(turns))
	fmt.Fprintf(out, "never more than %d in a second: %t\n", perSecond, most(turns) <= perSecond)
	fmt.Fprintf(out, "the last was a second or more after the first: %t\n", turns[calls-1].Sub(turns[0]) >= time.Second)
	return impatient(ctx, limiter, out)
}

// work has all calls made and returns when the turn of each was, by the clock of the server.
func work(ctx context.Context, limiter *ratelimit.Limiter[string]) ([]time.Time, error) {
	jobs := make(chan int, calls)
	for i := range calls {
		jobs <- i
	}
	close(jobs)
	var (
		mu     sync.Mutex
		turns  []time.Time
		failed []error
		wg     sync.WaitGroup
	)
	for range workers {
		wg.Go(func() {
			for range jobs {
				// The worker calls the API as soon as it is its turn.
				d, err := limiter.Wait(ctx, upstream)
				mu.Lock()
				turns, failed = append(turns, d.ServerTime), append(failed, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	slices.SortFunc(turns, time.Time.Compare)
	return turns, errors.Join(failed...)
}

// most returns how many turns there were in the second that had most of them.
func most(turns []time.Time) (n int) {
	first := 0
	for last := range turns {
		for turns[last].Sub(turns[first]) >= time.Second {
			first++
		}
		n = max(n, last-first+1)
	}
	return n
}

// impatient asks for turns that do not come in time, or never, and is told so at once.
func impatient(ctx context.Context, limiter *ratelimit.Limiter[string], out io.Writer) error {
	// What is left of the second before is nothing to wait for.
	if err := limiter.Reset(ctx, upstream); err != nil {
		return err
	}
	if _, err := limiter.AllowN(ctx, upstream, perSecond); err != nil {
		return err
	}
	soon, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
	defer cancel()
	_, err := limiter.Wait(soon, upstream)
	fmt.Fprintf(out, "no turn within 100ms: %t\n", errors.Is(err, context.DeadlineExceeded))
	_, err = limiter.WaitN(ctx, upstream, perSecond+1)
	fmt.Fprintf(out, "no turn for %d calls at once, ever: %t\n", perSecond+1, errors.Is(err, ratelimit.ErrNever))
	return nil
}
