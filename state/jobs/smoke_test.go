package jobs_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest/deployment"
	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/jobs"
)

type step struct{ Done, Total int }
type sum struct{ Rows int }

var imports = jobs.Define[string, step, sum]("import:<jobID>", jobs.FamilyOptions{Lease: 2 * time.Second, Keep: time.Minute, RetryDelay: time.Millisecond})

func TestSmoke(t *testing.T) {
	t.Parallel()
	for _, d := range deployment.All("+@all") {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			client, _ := d.Start(t)
			smoke(t, client)
		})
	}
}

func smoke(t *testing.T, client redis.UniversalClient) {
	store, err := state.New(client, state.Options{Prefix: "t:", EnableSet: true, EnableRemove: true})
	require.NoError(t, err)
	tr, err := jobs.New(store, imports, jobs.Options{Worker: "me;1", ReportEvery: time.Microsecond})
	require.NoError(t, err)
	ctx := t.Context()
	s, created, err := tr.Create(ctx, "42")
	require.NoError(t, err)
	assert.True(t, created)
	assert.Equal(t, jobs.Pending, s.State)
	_, created, err = tr.Create(ctx, "42")
	require.NoError(t, err)
	assert.False(t, created)
	_, _, err = tr.Create(ctx, "42", jobs.IfExists(jobs.RejectExisting))
	require.ErrorIs(t, err, state.ErrExists)
	awaited := make(chan jobs.Status[step, sum], 1)
	go func() {
		s, err := tr.Await(ctx, "42")
		assert.NoError(t, err)
		awaited <- s
	}()
	watched := make(chan int, 1)
	go func() {
		n := 0
		for s, err := range tr.Watch(ctx, "42") {
			assert.NoError(t, err)
			t.Log(s.State, s.Revision, s.Progress)
			n++
		}
		watched <- n
	}()
	s, err = tr.Do(ctx, "42", func(ctx context.Context, run *jobs.Run[step, sum]) (sum, error) {
		require.NoError(t, run.Report(step{1, 2}))
		return sum{}, errors.New("oops")
	})
	require.EqualError(t, err, "oops")
	assert.Equal(t, jobs.Pending, s.State)
	time.Sleep(5 * time.Millisecond)
	s, err = tr.Do(ctx, "42", func(ctx context.Context, run *jobs.Run[step, sum]) (sum, error) {
		p, ok, err := run.Resume()
		assert.Equal(t, step{1, 2}, p)
		assert.True(t, ok)
		assert.NoError(t, err)
		_, err = tr.Start(ctx, "42")
		assert.ErrorIs(t, err, jobs.ErrBusy)
		t.Log(err)
		counts, err := tr.Count(ctx)
		assert.NoError(t, err)
		assert.Equal(t, jobs.Counts{Running: 1}, counts)
		time.Sleep(3 * time.Second)
		return sum{7}, ctx.Err()
	})
	require.NoError(t, err)
	assert.Equal(t, jobs.Succeeded, s.State)
	r, err := s.Result()
	require.NoError(t, err)
	assert.Equal(t, sum{7}, r)
	t.Logf("%+v", s)
	s = <-awaited
	assert.Equal(t, jobs.Succeeded, s.State)
	<-watched
	for l, err := range tr.List(ctx, jobs.Succeeded) {
		require.NoError(t, err)
		assert.Equal(t, "42", l.Key)
	}
	_, err = tr.Cancel(ctx, "42", "why")
	require.ErrorIs(t, err, jobs.ErrFinished)
	require.NoError(t, tr.Delete(ctx, "42"))
	_, err = tr.Get(ctx, "42")
	require.ErrorIs(t, err, state.ErrNotFound)
	s, created, err = tr.Create(ctx, "42")
	require.NoError(t, err)
	assert.True(t, created)
	run, err := tr.Start(ctx, "42")
	require.NoError(t, err)
	_, err = tr.Cancel(ctx, "42", "why")
	require.NoError(t, err)
	<-run.Context().Done()
	assert.ErrorIs(t, context.Cause(run.Context()), jobs.ErrCancelRequested)
	require.NoError(t, run.Cancelled(ctx))
	require.NoError(t, run.Cancelled(ctx))
	require.ErrorIs(t, run.Succeed(ctx, sum{}), jobs.ErrStale)
	s, err = tr.Restart(ctx, "42")
	require.NoError(t, err)
	names, _ := tr.KeyName("42")
	t.Log(names)
}
