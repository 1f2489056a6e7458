package jobs_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/jobs"
)

// faultyDeployments are servers behind proxies, with what has the proxies do wrong.
var faultyDeployments = map[string]func(*testing.T) (redis.UniversalClient, func(func([]string) redistest.Fault)){
	"single": func(t *testing.T) (redis.UniversalClient, func(func([]string) redistest.Fault)) {
		t.Helper()
		srv := redistest.Start(t)
		p := redistest.StartProxy(t, srv.Addr())
		o := srv.Options()
		o.Addr = p.Addr()
		client := redis.NewClient(o)
		t.Cleanup(func() { _ = client.Close() })
		return client, p.SetFault
	},
	"cluster": func(t *testing.T) (redis.UniversalClient, func(func([]string) redistest.Fault)) {
		t.Helper()
		c := redistest.StartCluster(t, 3, 0)
		ps := redistest.Proxies(t, c.Nodes())
		o := c.Options()
		o.Dialer = ps.Dialer()
		client := redis.NewClusterClient(o)
		t.Cleanup(func() { _ = client.Close() })
		return client, ps.SetFault
	},
}

// isScript reports whether a request is one of a script.
func isScript(request []string) bool { return strings.HasPrefix(request[0], "EVAL") }

// losing has the replies to the next scripts be lost.
func losing(n int64, f redistest.Fault) func([]string) redistest.Fault {
	var left atomic.Int64
	left.Store(n)
	return func(request []string) redistest.Fault {
		if isScript(request) && left.Add(-1) >= 0 {
			return f
		}
		return redistest.Pass
	}
}

// TestACallWhoseRepliesAreLostHasItsEffectOnce makes each call with its first two replies
// lost.
func TestACallWhoseRepliesAreLostHasItsEffectOnce(t *testing.T) {
	t.Parallel()
	f := define(func(o *jobs.FamilyOptions) { o.Lease = 5 * time.Second })
	for name, deploy := range faultyDeployments {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, setFault := deploy(t)
			tr := trackerOn(t, client, "t:", f)
			create(t, tr, "loaded")
			brief := trackerOn(t, client, "t:", define(func(o *jobs.FamilyOptions) { o.Lease = 100 * time.Millisecond }))
			var run *attempt
			var revision int64
			for _, call := range []struct {
				name string
				do   func() error
				want jobs.State
			}{
				{"create", func() error {
					_, created, err := tr.Create(t.Context(), "1")
					assert.True(t, created)
					return err
				}, jobs.Pending},
				{"start", func() (err error) { run, err = tr.Start(t.Context(), "1"); return err }, jobs.Running},
				{"retry", func() error { return run.Fail(t.Context(), jobs.RetryIn(errors.New("x"), 0)) }, jobs.Pending},
				{"start again", func() (err error) { run, err = tr.Start(t.Context(), "1"); return err }, jobs.Running},
				{"release", func() error { return run.Release(t.Context()) }, jobs.Pending},
				{"cancel", func() error { _, err := tr.Cancel(t.Context(), "1", "x"); return err }, jobs.Cancelled},
				{"restart", func() error { _, err := tr.Restart(t.Context(), "1"); return err }, jobs.Pending},
				{"start briefly", func() (err error) { run, err = brief.Start(t.Context(), "1"); return err }, jobs.Running},
				{"reap", func() error {
					jobs.Kill(run)
					time.Sleep(150 * time.Millisecond)
					some, err := tr.Reap(t.Context(), 1)
					assert.Equal(t, []jobs.Reaped[string]{{Key: "1", State: jobs.Pending}}, some)
					return err
				}, jobs.Pending},
				{"start at last", func() (err error) { run, err = tr.Start(t.Context(), "1"); return err }, jobs.Running},
				{"succeed", func() error { return run.Succeed(t.Context(), report{"x"}) }, jobs.Succeeded},
			} {
				setFault(losing(2, redistest.DropReply))
				require.NoError(t, call.do(), call.name)
				setFault(nil)
				s := get(t, tr, "1")
				revision++
				assert.Equal(t, revision, s.Revision, call.name)
				assert.Equal(t, call.want, s.State, call.name)
			}
			setFault(losing(2, redistest.DropReply))
			require.NoError(t, tr.Delete(t.Context(), "1"))
			setFault(nil)
		})
	}
}

// TestACallWithoutAnyAnswerIsUnknown loses all replies, and refuses all requests.
func TestACallWithoutAnyAnswerIsUnknown(t *testing.T) {
	t.Parallel()
	client, setFault := faultyDeployments["single"](t)
	tr := trackerOn(t, client, "t:", define(func(o *jobs.FamilyOptions) { o.Lease = time.Minute }))
	create(t, tr, "1")
	create(t, tr, "2")
	run := start(t, tr, "2")
	for call, do := range map[string]func(context.Context) error{
		"create": func(ctx context.Context) error { _, _, err := tr.Create(ctx, "3"); return err },
		"cancel": func(ctx context.Context) error { _, err := tr.Cancel(ctx, "1", ""); return err },
		"fail":   func(ctx context.Context) error { return run.Fail(ctx, errors.New("x")) },
		"reap":   func(ctx context.Context) error { _, err := tr.Reap(ctx, 1); return err },
		"get":    func(ctx context.Context) error { _, err := tr.Get(ctx, "1"); return err },
	} {
		setFault(losing(1<<30, redistest.DropReply))
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		err := do(ctx)
		cancel()
		require.Error(t, err, call)
		assert.Equal(t, call != "get" && call != "reap", errors.Is(err, state.ErrUnknownOutcome), "%s: %v", call, err)
	}
	setFault(nil)
	require.NoError(t, run.Fail(t.Context(), errors.New("x")), "it may be repeated")
	assert.Equal(t, jobs.OutcomeFailed, get(t, tr, "2").History[0].Outcome)
}

// TestAnAttemptThatMayHaveBegunIsGivenBack loses the replies to Start, whose caller gives up.
func TestAnAttemptThatMayHaveBegunIsGivenBack(t *testing.T) {
	t.Parallel()
	client, setFault := faultyDeployments["single"](t)
	tr := trackerOn(t, client, "t:", define(func(o *jobs.FamilyOptions) { o.Lease = time.Hour; o.Attempts = 1 }))
	create(t, tr, "1")
	setFault(losing(1<<30, redistest.DropReply))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := tr.Start(ctx, "1")
	require.ErrorIs(t, err, state.ErrUnknownOutcome)
	setFault(nil)
	require.Eventually(t, func() bool { return get(t, tr, "1").State == jobs.Pending }, 5*time.Second, 10*time.Millisecond)
	assert.Equal(t, 1, get(t, tr, "1").AttemptsLeft)
	start(t, tr, "1")
}

// TestARunWithoutHeartbeatsStopsInTime has a server answer nothing more.
func TestARunWithoutHeartbeatsStopsInTime(t *testing.T) {
	t.Parallel()
	client, setFault := faultyDeployments["single"](t)
	const lease = 600 * time.Millisecond
	tr := trackerOn(t, client, "t:", define(func(o *jobs.FamilyOptions) { o.Lease = lease }))
	create(t, tr, "1")
	run := start(t, tr, "1")
	setFault(losing(1<<30, redistest.StallReply))
	lost := jobs.TrustedUntil(run)
	select {
	case <-run.Context().Done():
	case <-time.After(5 * time.Second):
		t.Fatal("it goes on")
	}
	if until := jobs.TrustedUntil(run); until.After(lost) { // a heartbeat was under way
		lost = until
	}
	assert.ErrorIs(t, context.Cause(run.Context()), jobs.ErrLeaseLost)
	assert.WithinDuration(t, lost, time.Now(), lease/10, "before the server lets another have the job")
	setFault(nil)
	require.ErrorIs(t, run.Report(rows{1}), jobs.ErrLeaseLost)
	require.NoError(t, run.Succeed(t.Context(), report{"x"}), "nobody else has the job yet")
}

// TestARefusalThatIsLostIsRepeatedAsItWas loses the reply that refuses to start a job.
func TestARefusalThatIsLostIsRepeatedAsItWas(t *testing.T) {
	t.Parallel()
	client, setFault := faultyDeployments["single"](t)
	tr := trackerOn(t, client, "t:", define(func(o *jobs.FamilyOptions) { o.Lease = time.Hour }))
	create(t, tr, "later", jobs.StartIn(time.Hour))
	create(t, tr, "running")
	start(t, tr, "running")
	for key, want := range map[string]error{"later": jobs.ErrNotYet, "running": jobs.ErrBusy} {
		setFault(losing(1, redistest.DropReply))
		_, err := tr.Start(t.Context(), key)
		require.ErrorIs(t, err, want)
		refused, ok := errors.AsType[*jobs.RefusedError](err)
		require.True(t, ok)
		assert.InDelta(t, time.Hour, refused.RetryAfter, float64(time.Minute))
	}
}

// TestAFinishMayBeRepeatedAfterOthers loses the replies to the end of an attempt, and has
// another begin and end before it is repeated.
func TestAFinishMayBeRepeatedAfterOthers(t *testing.T) {
	t.Parallel()
	client, setFault := faultyDeployments["single"](t)
	tr := trackerOn(t, client, "t:", define(func(o *jobs.FamilyOptions) { o.Lease = time.Hour }))
	create(t, tr, "1")
	run := start(t, tr, "1")
	setFault(losing(1<<30, redistest.DropReply))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, run.Fail(ctx, jobs.RetryIn(errors.New("x"), 0)), state.ErrUnknownOutcome)
	setFault(nil)
	require.NoError(t, start(t, tr, "1").Release(t.Context()))
	s := get(t, tr, "1")
	require.NoError(t, run.Fail(t.Context(), jobs.RetryIn(errors.New("x"), 0)))
	require.ErrorIs(t, run.Release(t.Context()), jobs.ErrStale)
	assert.Equal(t, s.Revision, get(t, tr, "1").Revision)
}

// TestAStartThatTookLongHasItsWholeLease has the server refuse to be reached for longer than a
// lease.
func TestAStartThatTookLongHasItsWholeLease(t *testing.T) {
	t.Parallel()
	client, setFault := faultyDeployments["single"](t)
	const lease = 800 * time.Millisecond
	tr := trackerOn(t, client, "t:", define(func(o *jobs.FamilyOptions) { o.Lease = lease }))
	create(t, tr, "1")
	until := time.Now().Add(lease)
	setFault(func(request []string) redistest.Fault {
		if isScript(request) && time.Now().Before(until) {
			return redistest.RefuseRequest
		}
		return redistest.Pass
	})
	run := start(t, tr, "1")
	require.NoError(t, run.Context().Err())
	assert.WithinDuration(t, time.Now().Add(lease*9/10), jobs.TrustedUntil(run), lease/2)
	require.NoError(t, run.Succeed(t.Context(), report{}))
}

// TestWhereMemoryIsShortJobsAreHeldAndDeleted has a server refuse what takes memory.
func TestWhereMemoryIsShortJobsAreHeldAndDeleted(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	admin := srv.Client(t)
	tr := trackerOn(t, admin, "t:", define(func(o *jobs.FamilyOptions) { o.Lease = 600 * time.Millisecond }))
	create(t, tr, "1")
	create(t, tr, "2")
	run := start(t, tr, "1")
	require.NoError(t, admin.ConfigSet(t.Context(), "maxmemory", "1").Err())
	_, _, err := tr.Create(t.Context(), "3")
	require.ErrorIs(t, err, state.ErrOutOfMemory)
	require.ErrorIs(t, run.Succeed(t.Context(), report{}), state.ErrOutOfMemory)
	require.NoError(t, run.Report(rows{1}))
	time.Sleep(time.Second)
	require.NoError(t, run.Context().Err())
	_, err = tr.Start(t.Context(), "1")
	require.ErrorIs(t, err, jobs.ErrBusy)
	require.NoError(t, tr.Delete(t.Context(), "2"))
	require.NoError(t, admin.ConfigSet(t.Context(), "maxmemory", "0").Err())
	require.NoError(t, run.Succeed(t.Context(), report{}))
	assert.Equal(t, rows{1}, get(t, tr, "1").Progress)
}

// endsAtStart is an observer that has the caller's context end as Start returns.
type endsAtStart struct{}

type cancelKey struct{}

func (endsAtStart) Begin(ctx context.Context, op state.Operation) (context.Context, func(state.Outcome)) {
	return ctx, func(state.Outcome) {
		if cancel, ok := ctx.Value(cancelKey{}).(context.CancelFunc); ok && op.Name == "Start" {
			cancel()
		}
	}
}

func TestAContextMayEndAsStartReturns(t *testing.T) {
	t.Parallel()
	tr, _ := watched(t, define(func(o *jobs.FamilyOptions) { o.Lease = time.Hour }), jobs.Options{}, func(o *state.Options) { o.Observer = endsAtStart{} })
	create(t, tr, "1")
	for range 300 {
		ctx, cancel := context.WithCancel(t.Context())
		run, err := tr.Start(context.WithValue(ctx, cancelKey{}, cancel), "1")
		require.NoError(t, err)
		<-run.Context().Done()
		require.ErrorIs(t, context.Cause(run.Context()), context.Canceled)
		require.NoError(t, run.Release(t.Context()))
	}
}
