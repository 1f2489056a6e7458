package main

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/jobs"
)

// newTracker returns a tracker of no imports, and the time for a test.
func newTracker(t *testing.T) (context.Context, *ImportTracker) {
	t.Helper()
	srv, err := embedded.Start()
	require.NoError(t, err)
	t.Cleanup(func() { srv.Close() })
	store, err := state.New(srv.Client(), state.Options{EnableSet: true})
	require.NoError(t, err)
	tracker, err := NewImportTracker(store, jobs.Options{ReportEvery: time.Millisecond})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx, tracker
}

// working returns a runner that takes no time over an import.
func working(ctx context.Context, t *testing.T, tracker *ImportTracker) *runner {
	t.Helper()
	r := newRunner(ctx, tracker, time.Microsecond)
	t.Cleanup(r.stop)
	return r
}

// outcomes returns how the attempts at an import have ended.
func outcomes(s ImportStatus) (all []jobs.Outcome) {
	for _, a := range s.History {
		all = append(all, a.Outcome)
	}
	return all
}

func TestEverySourceIsImported(t *testing.T) {
	t.Parallel()
	for source, want := range map[string][]jobs.Outcome{
		"steady":   {jobs.OutcomeSucceeded},
		"breaking": {jobs.OutcomeFailed, jobs.OutcomeSucceeded},
		"faulty":   {jobs.OutcomeFailed, jobs.OutcomeSucceeded},
	} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			ctx, tracker := newTracker(t)
			r := working(ctx, t, tracker)
			key := ImportJobKey{source, "i1"}
			_, _, err := tracker.Create(ctx, key)
			require.NoError(t, err)
			r.begin(key)
			status, err := tracker.Await(ctx, key)
			require.NoError(t, err)
			if source == "faulty" {
				assert.Equal(t, jobs.Failed, status.State)
				assert.Equal(t, "no_price", status.Failure().Code)
				assert.Equal(t, 780, status.Progress.Rows)
				_, err = tracker.Restart(ctx, key)
				require.NoError(t, err)
				r.begin(key)
				status, err = tracker.Await(ctx, key)
				require.NoError(t, err)
			}
			report, err := status.Result()
			require.NoError(t, err)
			assert.Equal(t, Report{Imported: 1194, Skipped: 6}, report, "no row is counted twice")
			assert.Equal(t, want, outcomes(status))
		})
	}
}

func TestASecondAttemptImportsWhatIsLeft(t *testing.T) {
	t.Parallel()
	ctx, tracker := newTracker(t)
	key := ImportJobKey{"steady", "i1"}
	_, _, err := tracker.Create(ctx, key)
	require.NoError(t, err)
	first, err := tracker.Start(ctx, key)
	require.NoError(t, err)
	require.NoError(t, first.Report(Progress{Rows: total - batch, Skipped: 5}))
	require.NoError(t, first.Release(ctx))

	second, err := tracker.Start(ctx, key)
	require.NoError(t, err)
	defer second.Release(ctx)
	soon, cancel := context.WithTimeout(ctx, 2*time.Second) // all of it takes 6
	defer cancel()
	report, err := load(soon, key.Source, 50*time.Millisecond, second)
	require.NoError(t, err)
	assert.Equal(t, Report{Imported: 1194, Skipped: 6}, report)
}

func TestARunnerTakesUpWhatOthersHaveLeft(t *testing.T) {
	t.Parallel()
	ctx, tracker := newTracker(t)
	waits, lost := ImportJobKey{"steady", "waits"}, ImportJobKey{"steady", "lost"}
	for _, key := range []ImportJobKey{waits, lost} {
		_, _, err := tracker.Create(ctx, key)
		require.NoError(t, err)
	}
	life, die := context.WithCancel(ctx)
	_, err := tracker.Start(life, lost)
	require.NoError(t, err)
	die()

	working(ctx, t, tracker)
	status, err := tracker.Await(ctx, waits)
	require.NoError(t, err)
	assert.Equal(t, []jobs.Outcome{jobs.OutcomeSucceeded}, outcomes(status))
	status, err = tracker.Await(ctx, lost)
	require.NoError(t, err)
	assert.Equal(t, []jobs.Outcome{jobs.OutcomeLost, jobs.OutcomeSucceeded}, outcomes(status))
}

func TestARunnerThatStopsGivesItsImportsBackAndBeginsNone(t *testing.T) {
	t.Parallel()
	ctx, tracker := newTracker(t)
	r := newRunner(ctx, tracker, time.Hour)
	key := ImportJobKey{"steady", "i1"}
	_, _, err := tracker.Create(ctx, key)
	require.NoError(t, err)
	r.begin(key)
	for status, err := range tracker.Watch(ctx, key) {
		require.NoError(t, err)
		if status.State == jobs.Running {
			break
		}
	}
	r.stop()
	began := false
	r.background(func() { began = true })
	r.stop()
	assert.False(t, began)
	status, err := tracker.Get(ctx, key)
	require.NoError(t, err)
	assert.Equal(t, jobs.Pending, status.State)
	assert.Equal(t, []jobs.Outcome{jobs.OutcomeReleased}, outcomes(status))
}
