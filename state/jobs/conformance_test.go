package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest/deployment"
	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/jobs"
)

// rows is the progress of the jobs of these tests, and report their result.
type (
	rows   struct{ Done int }
	report struct{ Text string }
)

type (
	tracker = jobs.Tracker[string, rows, report]
	attempt = jobs.Run[rows, report]
)

// define returns a family whose leases are so short that heartbeats matter.
func define(change ...func(*jobs.FamilyOptions)) *jobs.Family[string, rows, report] {
	o := jobs.FamilyOptions{Lease: 1200 * time.Millisecond, Keep: time.Minute, RetryDelay: time.Millisecond}
	for _, c := range change {
		c(&o)
	}
	return jobs.Define[string, rows, report]("import:<jobID>", o)
}

// bench is what a case of the conformance suite works on.
type bench struct {
	client redis.UniversalClient
	admin  redis.UniversalClient // sees what the client may not
	prefix string
}

// conformance holds the cases that every deployment must pass.
var conformance = map[string]func(*testing.T, bench){
	"a job comes to its result":                 comesToItsResult,
	"an attempt keeps its job by heartbeats":    keepsItsJob,
	"a worker that hangs is replaced":           replacesWhoHangs,
	"a worker learns that the job is cancelled": learnsOfCancel,
	"attempts fail until none is left":          failsForGood,
	"a job that is given back is started anew":  givesBack,
	"who waits learns of the end":               awaits,
	"who watches sees each step":                watches,
	"a list has all jobs of a state in order":   lists,
	"each job is reaped once":                   reaps,
	"a job is started by one of many":           startsOnce,
	"a job is deleted and begins anew":          deletes,
	"a key of another type is left as it is":    leavesOtherTypes,
}

// TestConformance runs every case on every deployment. A case has a prefix of its own, so
// that all run on one server at the same time.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, d := range deployment.All(neededCommands(t, "single")...) {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			client, admin := d.Start(t)
			for name, run := range conformance {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					b := bench{client, admin, strings.ReplaceAll(name, " ", "-") + ":"}
					run(t, b)
					b.everyKeyEnds(t)
				})
			}
		})
	}
}

// open returns a tracker on a store that may do everything.
func (b bench) open(t *testing.T, f *jobs.Family[string, rows, report]) *tracker {
	t.Helper()
	return trackerOn(t, b.client, b.prefix, f)
}

func trackerOn(t *testing.T, client redis.UniversalClient, prefix string, f *jobs.Family[string, rows, report]) *tracker {
	t.Helper()
	store, err := state.New(client, state.Options{Prefix: prefix, EnableSet: true, EnableRemove: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	tr, err := jobs.New(store, f, jobs.Options{Worker: "w", ReportEvery: time.Millisecond})
	require.NoError(t, err)
	return tr
}

func create(t *testing.T, tr *tracker, key string, opts ...jobs.CreateOption) {
	t.Helper()
	_, created, err := tr.Create(t.Context(), key, opts...)
	require.NoError(t, err)
	require.True(t, created)
}

func start(t *testing.T, tr *tracker, key string) *attempt {
	t.Helper()
	run, err := tr.Start(t.Context(), key)
	require.NoError(t, err)
	t.Cleanup(func() { jobs.Kill(run) })
	return run
}

func get(t *testing.T, tr *tracker, key string) jobs.Status[rows, report] {
	t.Helper()
	s, err := tr.Get(t.Context(), key)
	require.NoError(t, err)
	return s
}

// everyKeyEnds checks that no key of the case lives for good.
func (b bench) everyKeyEnds(t *testing.T) {
	t.Helper()
	scan := func(ctx context.Context, c redis.UniversalClient) error {
		keys := c.Scan(ctx, 0, b.prefix+"*", 10_000).Iterator()
		for keys.Next(ctx) {
			if strings.HasSuffix(keys.Val(), "plain") {
				continue
			}
			if ttl := c.PTTL(ctx, keys.Val()).Val(); ttl <= 0 && c.Exists(ctx, keys.Val()).Val() > 0 {
				return fmt.Errorf("%s lives for %v", keys.Val(), ttl)
			}
		}
		return keys.Err()
	}
	if cluster, ok := b.admin.(*redis.ClusterClient); ok {
		require.NoError(t, cluster.ForEachMaster(t.Context(), func(ctx context.Context, c *redis.Client) error { return scan(ctx, c) }))
		return
	}
	require.NoError(t, scan(t.Context(), b.admin))
}

func comesToItsResult(t *testing.T, b bench) {
	tr := b.open(t, define())
	s, created, err := tr.Create(t.Context(), "1")
	require.NoError(t, err)
	assert.True(t, created)
	assert.Equal(t, jobs.Pending, s.State)
	assert.Equal(t, 3, s.AttemptsLeft)
	_, err = s.Result()
	require.ErrorIs(t, err, jobs.ErrNotFinished)
	_, created, err = tr.Create(t.Context(), "1")
	require.NoError(t, err)
	assert.False(t, created)
	_, _, err = tr.Create(t.Context(), "1", jobs.IfExists(jobs.RejectExisting))
	require.ErrorIs(t, err, state.ErrExists)

	s, err = tr.Do(t.Context(), "1", func(ctx context.Context, run *attempt) (report, error) {
		assert.Equal(t, run.Context(), ctx)
		assert.Equal(t, 1, run.Attempt())
		require.NoError(t, run.Report(rows{1}))
		require.NoError(t, run.Report(rows{2}))
		return report{"all"}, nil
	})
	require.NoError(t, err)
	assert.Equal(t, jobs.Succeeded, s.State)
	assert.Equal(t, rows{2}, s.Progress)
	result, err := s.Result()
	require.NoError(t, err)
	assert.Equal(t, report{"all"}, result)
	assert.Equal(t, s.Epoch, s.History[0].Epoch)
	assert.Equal(t, jobs.OutcomeSucceeded, s.History[0].Outcome)
	again := get(t, tr, "1")
	again.ServerTime = s.ServerTime
	assert.Equal(t, s, again)

	key, err := tr.KeyName("1")
	require.NoError(t, err)
	assert.InDelta(t, time.Minute, b.admin.PTTL(t.Context(), key).Val(), float64(5*time.Second))
	all, err := tr.GetMany(t.Context(), "none", "1")
	require.NoError(t, err)
	assert.Zero(t, all[0].State)
	assert.Equal(t, jobs.Succeeded, all[1].State)
}

func keepsItsJob(t *testing.T, b bench) {
	tr := b.open(t, define())
	create(t, tr, "1")
	s, err := tr.Do(t.Context(), "1", func(ctx context.Context, _ *attempt) (report, error) {
		before := get(t, tr, "1")
		for until := time.Now().Add(1800 * time.Millisecond); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
			_, err := tr.Start(ctx, "1")
			require.ErrorIs(t, err, jobs.ErrBusy)
		}
		after := get(t, tr, "1")
		assert.Greater(t, after.LeaseUntil, before.LeaseUntil)
		assert.Equal(t, before.Revision, after.Revision, "a heartbeat is no change")
		return report{}, ctx.Err()
	})
	require.NoError(t, err)
	assert.Equal(t, 1, s.Attempt)
}

func replacesWhoHangs(t *testing.T, b bench) {
	tr := b.open(t, define(func(o *jobs.FamilyOptions) { o.Lease = time.Minute }))
	create(t, tr, "1")
	old := start(t, b.open(t, define(func(o *jobs.FamilyOptions) { o.Lease = 100 * time.Millisecond })), "1")
	jobs.Kill(old)
	var next *attempt
	require.Eventually(t, func() bool {
		var err error
		next, err = tr.Start(t.Context(), "1")
		return err == nil
	}, 5*time.Second, 10*time.Millisecond)
	defer jobs.Kill(next)
	assert.Greater(t, next.Epoch(), old.Epoch())
	assert.Equal(t, 2, next.Attempt())
	s := get(t, tr, "1")
	require.ErrorIs(t, old.Succeed(t.Context(), report{"old"}), jobs.ErrStale)
	require.ErrorIs(t, old.Fail(t.Context(), errors.New("old")), jobs.ErrStale)
	require.ErrorIs(t, old.Release(t.Context()), jobs.ErrStale)
	require.ErrorIs(t, old.Cancelled(t.Context()), jobs.ErrStale)
	assert.Equal(t, s.Revision, get(t, tr, "1").Revision)
	assert.Equal(t, jobs.OutcomeLost, s.History[0].Outcome)
	assert.Equal(t, jobs.CodeLost, s.History[0].Failure.Code)
	assert.Equal(t, 2, s.AttemptsLeft)
	require.NoError(t, next.Succeed(t.Context(), report{"new"}))
	require.NoError(t, next.Succeed(t.Context(), report{"new"}), "it may be repeated")
	require.ErrorIs(t, context.Cause(next.Context()), jobs.ErrFinished)
}

func learnsOfCancel(t *testing.T, b bench) {
	tr := b.open(t, define())
	create(t, tr, "pending")
	s, err := tr.Cancel(t.Context(), "pending", "no")
	require.NoError(t, err)
	assert.Equal(t, jobs.Cancelled, s.State)
	assert.Equal(t, "no", s.CancelReason)
	_, err = tr.Cancel(t.Context(), "pending", "again")
	require.NoError(t, err)
	assert.Equal(t, "no", get(t, tr, "pending").CancelReason)
	_, err = tr.Cancel(t.Context(), "none", "")
	require.ErrorIs(t, err, state.ErrNotFound)

	create(t, tr, "1")
	s, err = tr.Do(t.Context(), "1", func(ctx context.Context, _ *attempt) (report, error) {
		s, err := tr.Cancel(t.Context(), "1", "enough")
		require.NoError(t, err)
		assert.Equal(t, jobs.Running, s.State)
		assert.True(t, s.CancelRequested)
		select {
		case <-ctx.Done():
			assert.ErrorIs(t, context.Cause(ctx), jobs.ErrCancelRequested)
		case <-time.After(5 * time.Second):
			t.Error("it goes on")
		}
		return report{}, ctx.Err()
	})
	require.ErrorIs(t, err, jobs.ErrCancelled)
	assert.Equal(t, jobs.Cancelled, s.State)
	_, err = s.Result()
	require.ErrorIs(t, err, jobs.ErrCancelled)

	s, err = tr.Restart(t.Context(), "1")
	require.NoError(t, err)
	assert.Equal(t, jobs.Pending, s.State)
	assert.False(t, s.CancelRequested)
	_, err = tr.Restart(t.Context(), "1")
	require.ErrorIs(t, err, jobs.ErrNotFinished)
}

func failsForGood(t *testing.T, b bench) {
	tr := b.open(t, define())
	create(t, tr, "1", jobs.Attempts(2))
	oops := errors.New("oops")
	fails := func(context.Context, *attempt) (report, error) {
		return report{}, jobs.RetryIn(oops, 200*time.Millisecond)
	}
	s, err := tr.Do(t.Context(), "1", fails)
	require.ErrorIs(t, err, oops)
	assert.Equal(t, jobs.Pending, s.State)
	assert.Equal(t, 200*time.Millisecond, s.NotBefore.Sub(s.ServerTime))
	_, err = tr.Do(t.Context(), "1", fails)
	require.ErrorIs(t, err, jobs.ErrNotYet)
	refused, ok := errors.AsType[*jobs.RefusedError](err)
	require.True(t, ok)
	time.Sleep(refused.RetryAfter)
	s, err = tr.Do(t.Context(), "1", fails)
	require.ErrorIs(t, err, oops)
	assert.Equal(t, jobs.Failed, s.State)
	assert.Equal(t, "oops", s.Failure().Message)
	_, err = s.Result()
	require.ErrorAs(t, err, new(*jobs.Failure))
	_, err = tr.Do(t.Context(), "1", fails)
	require.ErrorIs(t, err, jobs.ErrFinished)

	s, created, err := tr.Create(t.Context(), "1", jobs.IfExists(jobs.RestartFailed))
	require.NoError(t, err)
	assert.True(t, created)
	assert.Equal(t, 3, s.AttemptsLeft)
	assert.Nil(t, s.Failure())
	assert.Len(t, s.History, 2)
	s, err = tr.Do(t.Context(), "1", func(context.Context, *attempt) (report, error) { return report{}, jobs.Permanent(oops) })
	require.ErrorIs(t, err, oops)
	assert.Equal(t, jobs.Failed, s.State)
	assert.Equal(t, 3, s.Attempt)
}

func givesBack(t *testing.T, b bench) {
	tr := b.open(t, define())
	create(t, tr, "1", jobs.Attempts(1))
	ctx, cancel := context.WithCancel(t.Context())
	s, err := tr.Do(ctx, "1", func(ctx context.Context, _ *attempt) (report, error) {
		cancel()
		return report{}, ctx.Err()
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, jobs.Pending, s.State)
	assert.Equal(t, 1, s.AttemptsLeft)
	assert.Equal(t, jobs.OutcomeReleased, s.History[0].Outcome)
	assert.PanicsWithValue(t, "a bug", func() {
		_, _ = tr.Do(t.Context(), "1", func(context.Context, *attempt) (report, error) { panic("a bug") })
	})
	s = get(t, tr, "1")
	assert.Equal(t, jobs.Failed, s.State)
	assert.Equal(t, "panic", s.Failure().Code)
}

func awaits(t *testing.T, b bench) {
	tr := b.open(t, define())
	_, err := tr.Await(t.Context(), "none")
	require.ErrorIs(t, err, state.ErrNotFound)
	for key, end := range map[string]func(*attempt) error{
		"succeeded": func(r *attempt) error { return r.Succeed(t.Context(), report{"x"}) },
		"failed":    func(r *attempt) error { return r.Fail(t.Context(), jobs.Permanent(errors.New("x"))) },
		"cancelled": func(r *attempt) error { return r.Cancelled(t.Context()) },
		"pending":   func(r *attempt) error { return r.Release(t.Context()) },
	} {
		t.Run(key, func(t *testing.T) {
			t.Parallel()
			create(t, tr, key)
			run := start(t, tr, key)
			var wg sync.WaitGroup
			defer wg.Wait()
			wg.Go(func() {
				time.Sleep(100 * time.Millisecond)
				assert.NoError(t, end(run))
			})
			if key == "pending" {
				ctx, cancel := context.WithTimeout(t.Context(), 700*time.Millisecond)
				defer cancel()
				_, err := tr.Await(ctx, key)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				return
			}
			for range 2 {
				s, err := tr.Await(t.Context(), key)
				require.NoError(t, err)
				assert.Equal(t, key, s.State.String())
			}
		})
	}
	t.Run("gone", func(t *testing.T) {
		t.Parallel()
		create(t, tr, "gone")
		for s, err := range tr.Watch(t.Context(), "gone") {
			if err != nil {
				require.ErrorIs(t, err, jobs.ErrGone)
				return
			}
			assert.Equal(t, jobs.Pending, s.State)
			require.NoError(t, tr.Delete(t.Context(), "gone"))
		}
		t.Error("it ends without an error")
	})
}

func watches(t *testing.T, b bench) {
	tr := b.open(t, define())
	create(t, tr, "1")
	var steps []string
	var run *attempt
	var last int64
	for s, err := range tr.Watch(t.Context(), "1") {
		require.NoError(t, err)
		steps = append(steps, s.State.String()+strconv.Itoa(s.Progress.Done))
		assert.Greater(t, s.Revision, last)
		last = s.Revision
		switch len(steps) {
		case 1:
			run = start(t, tr, "1")
		case 2, 3:
			require.NoError(t, run.Report(rows{len(steps)}))
		case 4:
			require.NoError(t, run.Succeed(t.Context(), report{}))
		}
	}
	assert.Equal(t, []string{"pending0", "running0", "running2", "running3", "succeeded3"}, steps)
}

func lists(t *testing.T, b bench) {
	tr := b.open(t, define())
	const n = 250
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() { _, _, err := tr.Create(t.Context(), strconv.Itoa(i)); assert.NoError(t, err) })
	}
	wg.Wait()
	for i := range 10 {
		_, err := tr.Cancel(t.Context(), strconv.Itoa(i), "")
		require.NoError(t, err)
		time.Sleep(2 * time.Millisecond) // the order is in milliseconds
	}
	run := start(t, tr, "10")
	counts, err := tr.Count(t.Context())
	require.NoError(t, err)
	assert.Equal(t, jobs.Counts{Pending: n - 11, Running: 1, Cancelled: 10}, counts)

	seen, cursor := map[string]bool{}, ""
	for l, err := range tr.List(t.Context(), jobs.Pending) {
		require.NoError(t, err)
		assert.Equal(t, jobs.Pending, l.State)
		assert.False(t, seen[l.Key])
		if seen[l.Key] = true; len(seen) == 120 {
			cursor = l.Cursor
			break
		}
	}
	for l, err := range tr.List(t.Context(), jobs.Pending, jobs.From(cursor)) {
		require.NoError(t, err)
		assert.False(t, seen[l.Key])
		seen[l.Key] = true
	}
	assert.Len(t, seen, n-11)
	next := 9
	for l, err := range tr.List(t.Context(), jobs.Cancelled) {
		require.NoError(t, err)
		assert.Equal(t, strconv.Itoa(next), l.Key, "the latest comes first")
		next--
	}
	assert.Equal(t, -1, next)
	running := 0
	for l, err := range tr.List(t.Context(), jobs.Running) {
		require.NoError(t, err)
		assert.Equal(t, "10", l.Key)
		running++
	}
	assert.Equal(t, 1, running)
	require.NoError(t, run.Succeed(t.Context(), report{}))
	wrong := 0
	for _, err := range tr.List(t.Context(), jobs.Running, jobs.From(cursor)) {
		require.ErrorContains(t, err, "none of a list of this state")
		wrong++
	}
	for _, err := range tr.List(t.Context(), 9) {
		require.ErrorContains(t, err, "jobs.Pending")
		wrong++
	}
	assert.Equal(t, 2, wrong)
}

func reaps(t *testing.T, b bench) {
	tr := b.open(t, define(func(o *jobs.FamilyOptions) { o.Lease = 100 * time.Millisecond }))
	const n = 20
	for i := range n {
		key := strconv.Itoa(i)
		create(t, tr, key, jobs.Attempts(1+i%2))
		jobs.Kill(start(t, tr, key))
	}
	require.Eventually(t, func() bool {
		counts, err := tr.Count(t.Context())
		return err == nil && counts.Stalled == n
	}, 5*time.Second, 10*time.Millisecond)
	s := get(t, tr, "0")
	assert.True(t, s.Stalled())
	var mu sync.Mutex
	found := map[string]jobs.State{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range n {
				some, err := tr.Reap(t.Context(), 7)
				assert.NoError(t, err)
				assert.LessOrEqual(t, len(some), 7)
				mu.Lock()
				for _, r := range some {
					assert.NotContains(t, found, r.Key)
					found[r.Key] = r.State
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	assert.Len(t, found, n)
	for i := range n {
		want := jobs.Failed
		if i%2 == 1 {
			want = jobs.Pending
		}
		assert.Equal(t, want, found[strconv.Itoa(i)])
	}
	_, err := tr.Reap(t.Context(), 0)
	require.Error(t, err)
}

func startsOnce(t *testing.T, b bench) {
	tr := b.open(t, define())
	create(t, tr, "1")
	var mu sync.Mutex
	var runs []*attempt
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			run, err := tr.Start(t.Context(), "1")
			if err != nil {
				assert.ErrorIs(t, err, jobs.ErrBusy)
				return
			}
			mu.Lock()
			runs = append(runs, run)
			mu.Unlock()
		})
	}
	wg.Wait()
	require.Len(t, runs, 1)
	require.ErrorIs(t, tr.Delete(t.Context(), "1"), jobs.ErrBusy)
	require.NoError(t, runs[0].Release(t.Context()))
}

func deletes(t *testing.T, b bench) {
	tr := b.open(t, define())
	require.ErrorIs(t, tr.Delete(t.Context(), "1"), state.ErrNotFound)
	create(t, tr, "1")
	run := start(t, tr, "1")
	require.NoError(t, run.Succeed(t.Context(), report{"x"}))
	before := get(t, tr, "1")
	require.NoError(t, tr.Delete(t.Context(), "1"))
	_, err := tr.Get(t.Context(), "1")
	require.ErrorIs(t, err, state.ErrNotFound)
	require.ErrorIs(t, run.Fail(t.Context(), nil), jobs.ErrGone)
	_, err = tr.Start(t.Context(), "1")
	require.ErrorIs(t, err, state.ErrNotFound)
	counts, err := tr.Count(t.Context())
	require.NoError(t, err)
	assert.Zero(t, counts)
	create(t, tr, "1")
	after := get(t, tr, "1")
	assert.Greater(t, after.Revision, before.Revision)
	assert.Zero(t, after.Attempt)
	assert.Empty(t, after.History)
	assert.Greater(t, start(t, tr, "1").Epoch(), before.Epoch)
	require.ErrorIs(t, run.Succeed(t.Context(), report{"x"}), jobs.ErrStale)
}

func leavesOtherTypes(t *testing.T, b bench) {
	tr := b.open(t, define())
	key, err := tr.KeyName("plain")
	require.NoError(t, err)
	for _, write := range []func() error{
		func() error { return b.admin.Set(t.Context(), key, "text", time.Minute).Err() },
		func() error { return b.admin.HSet(t.Context(), key, "s", "text").Err() },
	} {
		require.NoError(t, b.admin.Del(t.Context(), key).Err())
		require.NoError(t, write())
		require.NoError(t, b.admin.Expire(t.Context(), key, time.Minute).Err())
		_, err := tr.Get(t.Context(), "plain")
		require.ErrorIs(t, err, state.ErrWrongType)
		_, _, err = tr.Create(t.Context(), "plain")
		require.ErrorIs(t, err, state.ErrWrongType)
		assert.NotErrorIs(t, err, state.ErrUnknownOutcome)
		_, err = tr.Await(t.Context(), "plain")
		require.ErrorIs(t, err, state.ErrWrongType)
	}
}
