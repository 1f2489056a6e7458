package main

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/jobs"
)

// newTracker returns a tracker of no jobs, and the time for a test.
func newTracker(t *testing.T) (context.Context, *Tracker) {
	t.Helper()
	srv, err := embedded.Start()
	require.NoError(t, err)
	t.Cleanup(func() { srv.Close() })
	store, err := state.New(srv.Client(), state.Options{EnableSet: true})
	require.NoError(t, err)
	tracker, err := jobs.New(store, conversions, jobs.Options{})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx, tracker
}

func started(ctx context.Context, t *testing.T, tracker *Tracker, n int, work func(ctx context.Context, file string, run *Run) (Converted, error)) *pool {
	t.Helper()
	p, err := start(ctx, tracker, n, work)
	require.NoError(t, err)
	t.Cleanup(p.stop)
	return p
}

func TestAJobThatIsQueuedTwiceIsDoneOnce(t *testing.T) {
	t.Parallel()
	ctx, tracker := newTracker(t)
	var calls atomic.Int64
	work := func(context.Context, string, *Run) (Converted, error) {
		calls.Add(1)
		return Converted{}, nil
	}
	p := started(ctx, t, tracker, 3, work)
	other := started(ctx, t, tracker, 3, work)
	for range 3 {
		require.NoError(t, p.submit(ctx, "a.mp4"))
		require.NoError(t, other.submit(ctx, "a.mp4"))
	}
	require.NoError(t, p.submit(ctx, "b.mp4"))
	for _, file := range []string{"a.mp4", "b.mp4"} {
		status, err := tracker.Await(ctx, file)
		require.NoError(t, err)
		assert.Equal(t, jobs.Succeeded, status.State)
	}
	assert.EqualValues(t, 2, calls.Load())
}

func TestAPoolBoundsHowManyAreAtWork(t *testing.T) {
	t.Parallel()
	ctx, tracker := newTracker(t)
	var now, most atomic.Int64
	p := started(ctx, t, tracker, 2, func(context.Context, string, *Run) (Converted, error) {
		n := now.Add(1)
		defer now.Add(-1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			continue
		}
		time.Sleep(20 * time.Millisecond) // long enough for others to come along
		return Converted{}, nil
	})
	files := []string{"a", "b", "c", "d", "e", "f"}
	for _, file := range files {
		require.NoError(t, p.submit(ctx, file))
	}
	for _, file := range files {
		_, err := tracker.Await(ctx, file)
		require.NoError(t, err)
	}
	assert.EqualValues(t, 2, most.Load())
}

func TestAPoolTakesUpWhatWaits(t *testing.T) {
	t.Parallel()
	ctx, tracker := newTracker(t)
	_, _, err := tracker.Create(ctx, "now")
	require.NoError(t, err)
	_, _, err = tracker.Create(ctx, "later", jobs.StartIn(300*time.Millisecond))
	require.NoError(t, err)
	started(ctx, t, tracker, 1, converter{}.convert)
	now, err := tracker.Await(ctx, "now")
	require.NoError(t, err)
	later, err := tracker.Await(ctx, "later")
	require.NoError(t, err)
	assert.Less(t, now.Started.Sub(now.Created), later.Started.Sub(later.Created))
	assert.GreaterOrEqual(t, later.Started.Sub(later.Created), 300*time.Millisecond)
}

func TestAPoolThatStopsLeavesNothingRunning(t *testing.T) {
	t.Parallel()
	ctx, tracker := newTracker(t)
	begun := make(chan struct{}, 2)
	p := started(ctx, t, tracker, 2, func(ctx context.Context, _ string, _ *Run) (Converted, error) {
		begun <- struct{}{}
		<-ctx.Done()
		time.Sleep(50 * time.Millisecond) // long enough for a pool that does not wait
		return Converted{}, context.Cause(ctx)
	})
	for _, file := range []string{"a", "b", "c"} {
		require.NoError(t, p.submit(ctx, file))
	}
	<-begun
	<-begun
	p.stop()
	n, err := tracker.Count(ctx)
	require.NoError(t, err)
	assert.Equal(t, jobs.Counts{Pending: 3}, n)
}

func TestAnAttemptThatCannotBeginIsMadeLaterUnlessTheJobIsGone(t *testing.T) {
	t.Parallel()
	srv, err := embedded.Start()
	require.NoError(t, err)
	t.Cleanup(func() { srv.Close() })
	store, err := state.New(srv.Client(), state.Options{}) // which changes nothing
	require.NoError(t, err)
	tracker, err := jobs.New(store, conversions, jobs.Options{})
	require.NoError(t, err)
	p := started(t.Context(), t, tracker, 0, converter{}.convert)
	p.attempt("a.mp4")
	select {
	case file := <-p.queue:
		assert.Equal(t, "a.mp4", file)
	case <-time.After(30 * time.Second):
		require.Fail(t, "it is forgotten")
	}

	ctx, tracker := newTracker(t)
	p = started(ctx, t, tracker, 0, converter{}.convert)
	p.attempt("a.mp4")
	select {
	case <-p.queue:
		require.Fail(t, "there is no such job")
	case <-time.After(pause + 100*time.Millisecond):
	}
}
