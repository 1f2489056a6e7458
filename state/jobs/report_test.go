package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/jobs"
)

// counting is an observer that counts operations by their names.
type counting struct {
	mu    sync.Mutex
	count map[string]int
}

func (c *counting) Begin(ctx context.Context, op state.Operation) (context.Context, func(state.Outcome)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count[op.Name]++
	return ctx, nil
}

func (c *counting) of(name string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count[name]
}

// watched returns a tracker on an embedded server, and what counts its operations.
func watched(t *testing.T, f *jobs.Family[string, rows, report], o jobs.Options, change ...func(*state.Options)) (*tracker, *counting) {
	t.Helper()
	server, err := embedded.Start()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	c := &counting{count: map[string]int{}}
	so := state.Options{EnableSet: true, EnableRemove: true, Observer: c}
	for _, ch := range change {
		ch(&so)
	}
	store, err := state.New(server.Client(), so)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	tr, err := jobs.New(store, f, o)
	require.NoError(t, err)
	return tr, c
}

func TestProgressIsSentNowAndThen(t *testing.T) {
	t.Parallel()
	tr, c := watched(t, define(func(o *jobs.FamilyOptions) { o.Lease = time.Minute }), jobs.Options{ReportEvery: 300 * time.Millisecond})
	create(t, tr, "1")
	run := start(t, tr, "1")
	for i := range 1000 {
		require.NoError(t, run.Report(rows{i}))
	}
	require.Eventually(t, func() bool { return get(t, tr, "1").Progress.Done == 999 }, 5*time.Second, 10*time.Millisecond)
	assert.LessOrEqual(t, c.of("Report"), 3)
	sent := c.of("Report")
	require.NoError(t, run.Report(rows{1000}))
	require.NoError(t, run.Report(rows{1001}))
	require.NoError(t, run.Succeed(t.Context(), report{}))
	assert.Equal(t, 1001, get(t, tr, "1").Progress.Done, "the finish brings it")
	assert.LessOrEqual(t, c.of("Report"), sent+1)
	require.ErrorIs(t, run.Report(rows{}), jobs.ErrFinished)
	assert.Zero(t, c.of("Heartbeat"))
}

func TestHeartbeatsEndWithTheRun(t *testing.T) {
	t.Parallel()
	tr, c := watched(t, define(func(o *jobs.FamilyOptions) { o.Lease = 150 * time.Millisecond }), jobs.Options{})
	create(t, tr, "1")
	ctx, cancel := context.WithCancel(t.Context())
	_, err := tr.Start(ctx, "1")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return c.of("Heartbeat") > 2 }, 5*time.Second, time.Millisecond)
	cancel()
	require.Eventually(t, func() bool { s := get(t, tr, "1"); return s.Stalled() }, 5*time.Second, 10*time.Millisecond)
	n := c.of("Heartbeat")
	_, err = tr.Do(t.Context(), "1", func(context.Context, *attempt) (report, error) { return report{}, nil })
	require.NoError(t, err)
	time.Sleep(200 * time.Millisecond)
	assert.Equal(t, n, c.of("Heartbeat"))
}

// A worker that winds down after its context has ended keeps its job until it is done.
func TestDoHoldsTheJobUntilItReturns(t *testing.T) {
	t.Parallel()
	tr, _ := watched(t, define(func(o *jobs.FamilyOptions) { o.Lease = 150 * time.Millisecond }), jobs.Options{})
	create(t, tr, "1")
	ctx, cancel := context.WithCancel(t.Context())
	s, err := tr.Do(ctx, "1", func(ctx context.Context, _ *attempt) (report, error) {
		cancel()
		<-ctx.Done()
		time.Sleep(400 * time.Millisecond)
		_, err := tr.Start(t.Context(), "1")
		assert.ErrorIs(t, err, jobs.ErrBusy)
		return report{"done all the same"}, nil
	})
	require.NoError(t, err)
	assert.Equal(t, jobs.Succeeded, s.State)
}

func TestAResultThatCannotBeStoredFailsTheJob(t *testing.T) {
	t.Parallel()
	tr, _ := watched(t, define(), jobs.Options{}, func(o *state.Options) { o.MaxValueBytes = 20 })
	create(t, tr, "1")
	long := report{"more than twenty bytes of text"}
	run := start(t, tr, "1")
	require.ErrorIs(t, run.Succeed(t.Context(), long), state.ErrTooLarge)
	require.NoError(t, run.Release(t.Context()), "the run goes on")
	s, err := tr.Do(t.Context(), "1", func(context.Context, *attempt) (report, error) { return long, nil })
	require.ErrorIs(t, err, state.ErrTooLarge)
	assert.Equal(t, jobs.Failed, s.State)
}

func TestWhatIsStoredAndCannotBeDecodedIsAnErrorBesideTheStatus(t *testing.T) {
	t.Parallel()
	tr, _ := watched(t, define(), jobs.Options{})
	create(t, tr, "1")
	require.NoError(t, start(t, tr, "1").Succeed(t.Context(), report{"x"}))
	key, err := tr.KeyName("1")
	require.NoError(t, err)
	other, err := jobs.New(jobs.StoreOf(tr), jobs.Define[string, int, int]("import:<jobID>", jobs.FamilyOptions{Keep: time.Minute}), jobs.Options{})
	require.NoError(t, err)
	name, err := other.KeyName("1")
	require.NoError(t, err)
	require.Equal(t, key, name)
	s, err := other.Get(t.Context(), "1")
	require.ErrorAs(t, err, new(*state.DecodeError))
	assert.Equal(t, jobs.Succeeded, s.State)
	_, err = other.Await(t.Context(), "1")
	require.ErrorAs(t, err, new(*state.DecodeError))
	for l, err := range other.List(t.Context(), jobs.Succeeded) {
		require.ErrorAs(t, err, new(*state.DecodeError))
		assert.Equal(t, "1", l.Key)
	}
}

func TestOptionsThatAreWrongAreRefused(t *testing.T) {
	t.Parallel()
	tr, _ := watched(t, define(), jobs.Options{})
	store := jobs.StoreOf(tr)
	_, err := jobs.New(nil, define(), jobs.Options{})
	require.ErrorIs(t, err, state.ErrNoStore)
	_, err = jobs.New[string, rows, report](store, nil, jobs.Options{})
	require.ErrorContains(t, err, "Define")
	_, err = jobs.New(store, define(), jobs.Options{ReportEvery: -1})
	require.ErrorContains(t, err, "ReportEvery")
	_, err = jobs.New(store, define(), jobs.Options{Worker: string(make([]byte, 257))})
	require.ErrorContains(t, err, "Worker")
	for name, o := range map[string]jobs.CreateOption{
		"IfExists": jobs.IfExists(9), "StartIn": jobs.StartIn(-1), "Attempts": jobs.Attempts(0),
	} {
		_, _, err := tr.Create(t.Context(), "1", o)
		require.ErrorContains(t, err, name)
	}
	for want, o := range map[string]jobs.FamilyOptions{
		"has no Keep":                {},
		"has the Keep 1s; give 10s":  {Keep: time.Second},
		"has the Lease 1ms":          {Keep: time.Hour, Lease: time.Millisecond},
		"has the Idle 1s; give 30s":  {Keep: time.Hour, Idle: time.Second},
		"has 1001 Attempts":          {Keep: time.Hour, Attempts: 1001},
		"has the RetryDelay -1ns":    {Keep: time.Hour, RetryDelay: -1},
		"has the MaxRetryDelay 1ms":  {Keep: time.Hour, MaxRetryDelay: time.Millisecond},
		"has the KeepFailed 1s":      {Keep: time.Hour, KeepFailed: time.Second},
		"has the KeepCancelled 1h36": {Keep: time.Hour, KeepCancelled: 9000 * time.Hour},
	} {
		func() {
			defer func() { assert.Contains(t, recover(), want[:min(len(want), 20)]) }()
			jobs.Define[string, rows, report]("a:<b>", o)
		}()
	}
	assert.Panics(t, func() { jobs.Define[int, rows, report]("a:<b>", jobs.FamilyOptions{Keep: time.Hour}) })
	assert.PanicsWithValue(t, `jobs.Define("a:{<b>}"): the template has a hash tag, and the keys of a job have their own; leave the braces out`,
		func() { jobs.Define[string, rows, report]("a:{<b>}", jobs.FamilyOptions{Keep: time.Hour}) })
}

func TestAZeroTrackerAndAZeroRunFail(t *testing.T) {
	t.Parallel()
	var tr tracker
	ctx := t.Context()
	for name, do := range map[string]func() error{
		"Create":  func() error { _, _, err := tr.Create(ctx, "1"); return err },
		"Get":     func() error { _, err := tr.Get(ctx, "1"); return err },
		"GetMany": func() error { _, err := tr.GetMany(ctx, "1"); return err },
		"Start":   func() error { _, err := tr.Start(ctx, "1"); return err },
		"Do":      func() error { _, err := tr.Do(ctx, "1", nil); return err },
		"Cancel":  func() error { _, err := tr.Cancel(ctx, "1", ""); return err },
		"Restart": func() error { _, err := tr.Restart(ctx, "1"); return err },
		"Delete":  func() error { return tr.Delete(ctx, "1") },
		"Await":   func() error { _, err := tr.Await(ctx, "1"); return err },
		"Count":   func() error { _, err := tr.Count(ctx); return err },
		"Reap":    func() error { _, err := tr.Reap(ctx, 1); return err },
		"KeyName": func() error { _, err := tr.KeyName("1"); return err },
		"Watch": func() error {
			for _, err := range tr.Watch(ctx, "1") {
				return err
			}
			return nil
		},
		"List": func() error {
			for _, err := range tr.List(ctx, jobs.Pending) {
				return err
			}
			return nil
		},
	} {
		require.ErrorIs(t, do(), state.ErrNoStore, name)
	}
	var run attempt
	require.Error(t, run.Context().Err())
	assert.Zero(t, run.Attempt()+int(run.Epoch()))
	_, ok, err := run.Resume()
	assert.False(t, ok)
	require.NoError(t, err)
	for name, err := range map[string]error{
		"Report": run.Report(rows{}), "Succeed": run.Succeed(ctx, report{}), "Fail": run.Fail(ctx, errors.New("x")),
		"Cancelled": run.Cancelled(ctx), "Release": run.Release(ctx),
	} {
		require.ErrorIs(t, err, state.ErrNoStore, name)
	}
}

func TestPermissionsOfTheStoreHold(t *testing.T) {
	t.Parallel()
	tr, _ := watched(t, define(), jobs.Options{}, func(o *state.Options) { o.EnableSet, o.EnableRemove, o.DisableGet = false, false, true })
	ctx := t.Context()
	for name, err := range map[string]error{
		"create": func() error { _, _, err := tr.Create(ctx, "1"); return err }(),
		"start":  func() error { _, err := tr.Start(ctx, "1"); return err }(),
		"reap":   func() error { _, err := tr.Reap(ctx, 1); return err }(),
	} {
		require.ErrorIs(t, err, state.ErrSetDisabled, name)
	}
	require.ErrorIs(t, tr.Delete(ctx, "1"), state.ErrRemoveDisabled)
	_, err := tr.Await(ctx, "1")
	require.ErrorIs(t, err, state.ErrGetDisabled)
	_, err = tr.Count(ctx)
	require.ErrorIs(t, err, state.ErrGetDisabled)
}

func TestAStoreThatMayNotReadSeesNoProgressAndNoResult(t *testing.T) {
	t.Parallel()
	tr, _ := watched(t, define(), jobs.Options{}, func(o *state.Options) { o.DisableGet = true })
	create(t, tr, "1")
	run := start(t, tr, "1")
	require.NoError(t, run.Report(rows{7}))
	require.NoError(t, run.Release(t.Context()))
	run = start(t, tr, "1")
	_, ok, err := run.Resume()
	require.NoError(t, err)
	assert.False(t, ok)
	require.NoError(t, run.Succeed(t.Context(), report{"x"}))
	s, _, err := tr.Create(t.Context(), "1")
	require.NoError(t, err)
	assert.Equal(t, jobs.Succeeded, s.State)
	assert.Zero(t, s.Progress)
	_, err = s.Result()
	require.ErrorIs(t, err, state.ErrGetDisabled)
}

func TestWhoShutsDownSaysHowFarItHasCome(t *testing.T) {
	t.Parallel()
	tr, _ := watched(t, define(), jobs.Options{})
	create(t, tr, "1")
	ctx, cancel := context.WithCancel(t.Context())
	s, err := tr.Do(ctx, "1", func(ctx context.Context, run *attempt) (report, error) {
		cancel()
		<-ctx.Done()
		require.NoError(t, run.Report(rows{7}))
		return report{}, ctx.Err()
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, rows{7}, s.Progress)
	assert.Equal(t, jobs.Pending, s.State)
}

func TestWhatAFunctionHasFinishedItselfIsWhatDoReturns(t *testing.T) {
	t.Parallel()
	tr, _ := watched(t, define(), jobs.Options{})
	oops := errors.New("oops")
	for want, finish := range map[error]func(*attempt) error{
		nil:                 func(run *attempt) error { return run.Succeed(t.Context(), report{"x"}) },
		jobs.ErrCancelled:   func(run *attempt) error { return run.Cancelled(t.Context()) },
		jobs.ErrNotFinished: func(run *attempt) error { return run.Release(t.Context()) },
		oops:                func(run *attempt) error { return errors.Join(run.Cancelled(t.Context()), oops) },
	} {
		key := fmt.Sprint("job ", want)
		create(t, tr, key)
		s, err := tr.Do(t.Context(), key, func(_ context.Context, run *attempt) (report, error) { return report{}, finish(run) })
		require.ErrorIs(t, err, want)
		assert.Equal(t, get(t, tr, key).Revision, s.Revision)
	}
	_, err := tr.Do(t.Context(), "1", nil)
	require.ErrorContains(t, err, "no function")
}

func TestStatesAreTexts(t *testing.T) {
	t.Parallel()
	for s := jobs.Pending; s <= jobs.Cancelled; s++ {
		text, err := s.MarshalText()
		require.NoError(t, err)
		var back jobs.State
		require.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, s, back)
	}
	_, err := jobs.State(0).MarshalText()
	require.Error(t, err)
	require.Error(t, new(jobs.State).UnmarshalText([]byte("done")))
}

func TestAFailureThatIsNoneFailsTheJob(t *testing.T) {
	t.Parallel()
	tr, _ := watched(t, define(), jobs.Options{})
	create(t, tr, "1", jobs.Attempts(1))
	s, err := tr.Do(t.Context(), "1", func(context.Context, *attempt) (report, error) {
		status := get(t, tr, "1")
		return report{}, status.Failure()
	})
	require.Error(t, err)
	assert.Equal(t, jobs.Failed, s.State)
	assert.Equal(t, &jobs.Failure{}, s.Failure())
}

func TestATimeLimitOfDoIsAFailure(t *testing.T) {
	t.Parallel()
	tr, _ := watched(t, define(), jobs.Options{})
	create(t, tr, "1")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	s, err := tr.Do(ctx, "1", func(ctx context.Context, _ *attempt) (report, error) {
		<-ctx.Done()
		return report{}, ctx.Err()
	})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Equal(t, 2, s.AttemptsLeft)
	create(t, tr, "2")
	ctx, cancel = context.WithCancel(t.Context())
	s, err = tr.Do(ctx, "2", func(ctx context.Context, _ *attempt) (report, error) {
		cancel()
		<-ctx.Done()
		return report{}, jobs.Permanent(ctx.Err())
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, jobs.Failed, s.State)
}

// empty encodes every value as nothing.
type empty struct{}

func (empty) Append(dst []byte, _ any) ([]byte, error) { return dst, nil }
func (empty) Decode(data []byte, v any) error {
	v.(*rows).Done = 100 + len(data)
	return nil
}

func TestAProgressThatIsEncodedAsNothingIsThere(t *testing.T) {
	t.Parallel()
	tr, _ := watched(t, define(func(o *jobs.FamilyOptions) { o.Progress = empty{} }), jobs.Options{})
	create(t, tr, "1")
	assert.Zero(t, get(t, tr, "1").Progress)
	run := start(t, tr, "1")
	require.NoError(t, run.Report(rows{1}))
	require.NoError(t, run.Release(t.Context()))
	assert.Equal(t, rows{100}, get(t, tr, "1").Progress)
	p, ok, err := start(t, tr, "1").Resume()
	require.NoError(t, err)
	assert.True(t, ok)
	assert.Equal(t, rows{100}, p)
}
