//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state/jobs"
)

// brokenTrackers are trackers that a test may choose by their names. A worker looks for
// its own here, too, as it is this program.
func brokenTrackers() {
	for name, breaks := range map[string]func(*jobCalls){
		"unfenced":  unfenced,
		"impatient": impatient,
		"reviving":  reviving,
		"deaf":      deafened,
		"careless":  careless,
		"forgetful": mindless,
		"idle":      idling,
		"boastful":  boastful,
	} {
		calls := realJobCalls
		breaks(&calls)
		jobCallsNamed[name] = calls
	}
}

// noticedJobs runs the trackers of that name on one server until these figures are broken.
func noticedJobs(t *testing.T, name string, broke ...string) *report {
	t.Helper()
	for i, figure := range broke {
		broke[i] = figure + "_single"
	}
	rep, _ := noticed(t, jobSingle, 700*time.Millisecond, func(b *bench) {
		b.jobs, b.drain = name, 5*time.Second
		if name == "idle" {
			b.drain = 100 * time.Millisecond
		}
	}, broke...)
	return rep
}

// names returns the name of a job's hash, and those of its index and its member there.
func (t *openTracker) names(key string) (hash, index, member string) {
	hash, _ = t.KeyName(key)
	name, tag, _ := strings.Cut(strings.TrimPrefix(hash, jobPrefix), ":__{")
	return hash, jobPrefix + "job:__:__{" + tag + ":jobs", name
}

// unfenced writes what an attempt comes to though another has replaced it.
func unfenced(c *jobCalls) {
	c.end = func(ctx context.Context, t *openTracker, key string, r *jobRun, as jobEnd) error {
		err := realJobCalls.end(ctx, t, key, r, as)
		if !errors.Is(err, jobs.ErrStale) || as.outcome != jobs.OutcomeSucceeded {
			return err
		}
		hash, _, _ := t.names(key)
		result := fmt.Sprintf(`{"attempt":%d,"epoch":"%d"}`, r.Attempt(), r.Epoch())
		return t.client.HSet(ctx, hash, "s", "3", "r", result).Err()
	}
}

func TestTrackersWithoutAFenceAreNoticed(t *testing.T) {
	t.Parallel()
	noticedJobs(t, "unfenced", "stale_writes_accepted")
}

// impatient replaces attempts whose lease has not ended.
func impatient(c *jobCalls) {
	c.start = func(ctx context.Context, t *openTracker, key string) (*jobRun, error) {
		run, err := realJobCalls.start(ctx, t, key)
		if errors.Is(err, jobs.ErrBusy) {
			hash, _, _ := t.names(key)
			_ = t.client.HSet(ctx, hash, "l", "1").Err()
			run, err = realJobCalls.start(ctx, t, key)
		}
		return run, err
	}
}

func TestTrackersThatDoNotAwaitTheLeaseAreNoticed(t *testing.T) {
	t.Parallel()
	rep := noticedJobs(t, "impatient", "double_owners")
	assert.False(t, broken(rep, "orphan_keys"), rep.broken)
}

// reviving brings jobs back that have succeeded.
func reviving(c *jobCalls) {
	c.end = func(ctx context.Context, t *openTracker, key string, r *jobRun, as jobEnd) error {
		err := realJobCalls.end(ctx, t, key, r, as)
		if hash, _, _ := t.names(key); err == nil && as.outcome == jobs.OutcomeSucceeded && r.Epoch()%2 == 0 {
			_, _ = t.Get(ctx, key)
			_ = t.client.HIncrBy(ctx, hash, "v", 1).Err()
			err = t.client.HSet(ctx, hash, "s", "1", "r", "").Err()
		}
		return err
	}
}

func TestJobsThatLeaveTheirFinalStateAreNoticed(t *testing.T) {
	t.Parallel()
	noticedJobs(t, "reviving", "illegal_transitions", "stale_writes_accepted")
}

// deafened awaits nothing but its context.
func deafened(c *jobCalls) {
	c.await = func(ctx context.Context, _ *openTracker, _ string) (jobStatus, error) {
		<-ctx.Done()
		return jobStatus{}, ctx.Err()
	}
}

func TestAwaitsThatMissTheEndAreNoticed(t *testing.T) {
	t.Parallel()
	rep := noticedJobs(t, "deaf", "awaits_hung")
	assert.False(t, broken(rep, "illegal_transitions"), rep.broken)
}

// careless leaves keys without an end, and records that are not where they should be.
func careless(c *jobCalls) {
	c.end = func(ctx context.Context, t *openTracker, key string, r *jobRun, as jobEnd) error {
		err := realJobCalls.end(ctx, t, key, r, as)
		hash, index, member := t.names(key)
		switch r.Epoch() % 3 {
		case 0:
			_ = t.client.Persist(ctx, hash).Err()
		case 1:
			_ = t.client.ZIncrBy(ctx, index, 5000, member).Err()
		}
		return err
	}
}

func TestKeysAndIndexesThatAreWrongAreNoticed(t *testing.T) {
	t.Parallel()
	rep := noticedJobs(t, "careless", "orphan_keys", "index_errors")
	assert.False(t, broken(rep, "stale_writes_accepted"), rep.broken)
}

// mindless forgets the ids of requests.
func mindless(c *jobCalls) {
	c.end = func(ctx context.Context, t *openTracker, key string, r *jobRun, as jobEnd) error {
		err := realJobCalls.end(ctx, t, key, r, as)
		hash, _, _ := t.names(key)
		_ = t.client.HDel(ctx, hash, "i", "j").Err()
		return err
	}
}

func TestRequestsThatHaveAnEffectAgainAreNoticed(t *testing.T) {
	t.Parallel()
	noticedJobs(t, "forgetful", "replays_accepted")
}

// idling creates jobs that nobody may start.
func idling(c *jobCalls) {
	c.create = func(ctx context.Context, t *openTracker, key string, _ ...jobs.CreateOption) (jobStatus, bool, error) {
		return realJobCalls.create(ctx, t, key, jobs.StartIn(time.Minute))
	}
}

func TestJobsThatDoNotEndAreNoticed(t *testing.T) {
	t.Parallel()
	rep := noticedJobs(t, "idle", "unfinished_jobs", "job_executions")
	assert.False(t, broken(rep, "illegal_transitions"), rep.broken)
}

// boastful has created each job.
func boastful(c *jobCalls) {
	c.create = func(ctx context.Context, t *openTracker, key string, opts ...jobs.CreateOption) (jobStatus, bool, error) {
		s, _, err := realJobCalls.create(ctx, t, key, opts...)
		return s, err == nil, err
	}
}

func TestTrackersThatContradictThemselvesAreNoticed(t *testing.T) {
	t.Parallel()
	noticedJobs(t, "boastful", "job_wrong_answers")
}

func TestADeafConnectionHearsAllButMessages(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	o := server.Options()
	o.Dialer = dialer{proxies: map[string]string{server.Addr(): server.Addr()}, deaf: true}.dial
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	ctx := t.Context()
	require.NoError(t, client.HSet(ctx, "hash", "field", strings.Repeat("x", 10000), "other", 2).Err())
	assert.Len(t, client.HGetAll(ctx, "hash").Val(), 2)
	assert.ErrorIs(t, client.Get(ctx, "nothing").Err(), redis.Nil)
	assert.Error(t, client.Get(ctx, "hash").Err())

	heard := client.Subscribe(ctx, "a")
	t.Cleanup(func() { _ = heard.Close() })
	_, err := heard.Receive(ctx)
	require.NoError(t, err)
	n, err := client.Publish(ctx, "a", "news").Result()
	require.NoError(t, err)
	require.Equal(t, int64(1), n)
	require.NoError(t, heard.Ping(ctx))
	next, err := heard.Receive(ctx)
	require.NoError(t, err)
	assert.IsType(t, &redis.Pong{}, next)
}

func TestARequestThatComesAgainIsLookedAt(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	client := server.Client(t)
	ctx := t.Context()
	const job, index = "jobs:job:j1:__{1.2}", "jobs:job:__:__{1.2}:jobs"
	require.NoError(t, client.HSet(ctx, job, "s", 1, "i", ",id").Err())
	for name, c := range map[string]struct{ script, changed string }{
		"nothing":    {"return {0}", ""},
		"the record": {"return {0, redis.call('HINCRBY', KEYS[1], 'v', 1)}", "the record: v"},
		"a field":    {"return {0, redis.call('HDEL', KEYS[1], 'v')}", "the record: "},
		"its TTL":    {"return {0, redis.call('EXPIRE', KEYS[1], 1000)}", "when the record expires"},
		"its place":  {"return {0, redis.call('ZADD', KEYS[2], 7, 'job:j1')}", "the index"},
	} {
		if name == "a field" {
			require.NoError(t, client.HSet(ctx, job, "v", 1).Err())
		}
		p := newReplayer(client)
		hooked := server.Client(t)
		hooked.AddHook(p)
		// What it does the first time is not looked at, and undone.
		require.NoError(t, hooked.Eval(ctx, "return {0}", []string{job, index}, "cancel", "job:j1", "id").Err())
		require.Len(t, p.seen, 1, name)
		one := p.seen[0]
		one.script = redis.NewScript(c.script).Hash()
		p.scripts[one.script] = c.script
		changed, err := p.again(ctx, one)
		require.NoError(t, err, name)
		assert.Equal(t, c.changed, changed, name)
	}
	p := newReplayer(client)
	asked := func(operation string, code int) request {
		cmd := redis.NewCmd(ctx, "EVALSHA", "sha", "2", job, index, operation, "job:j1", "id")
		cmd.SetVal([]any{int64(code), int64(1)})
		one, kept := p.take(cmd)
		require.True(t, kept)
		p.keep(one, redis.NewCmd(ctx), errors.New("it is lost"))
		p.keep(one, cmd, nil)
		return p.seen[len(p.seen)-1]
	}
	one := asked("cancel", 0)
	unknown := asked("cancel", missingJob)
	asked("delete", 0)
	known := asked("cancel", missingJob)
	assert.Len(t, p.seen, 4)
	assert.True(t, unknown.forgotten(map[string]string{"i": ",other"}))
	assert.False(t, unknown.forgotten(map[string]string{"j": ",7:id"}))
	assert.False(t, known.forgotten(map[string]string{"i": ",other"}))
	for _, args := range [][]any{
		{"EVALSHA", "sha", "2", job, index, "get", "job:j1", "id"}, {"EVALSHA", "sha", "1", index, "10", "20", "30", "40"}, {"GET", job},
	} {
		_, kept := p.take(redis.NewCmd(ctx, args...))
		assert.False(t, kept, args)
	}
	assert.True(t, one.forgotten(map[string]string{"j": strings.Repeat(",3:x", 16)}))
	assert.False(t, one.forgotten(map[string]string{"j": strings.Repeat(",3:x", 15)}))
	assert.False(t, one.forgotten(map[string]string{"j": strings.Repeat(",3:x", 16), "i": ",id"}))
}

func TestAStoppedWorkerDoesNothingAndGoesOn(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	noted := make(chan jobNote, 1000)
	order := jobOrder{Workers: 1, On: "single", Addrs: []string{server.Addr()}, Lease: time.Second}
	p, err := startJobProcess(t, order, func(n jobNote) { noted <- n })
	require.NoError(t, err)
	require.NoError(t, p.begun())
	thaw, err := p.freeze()
	require.NoError(t, err)
	p.offer("j1")
	select {
	case n := <-noted:
		assert.Fail(t, "it works", "%+v", n)
	case <-time.After(200 * time.Millisecond):
	}
	require.NoError(t, thaw())
	assert.Eventually(t, func() bool {
		p.offer("j1") // it takes none while it is at work
		return len(noted) > 0
	}, 10*time.Second, 10*time.Millisecond)
	sum, err := p.stop()
	require.NoError(t, err)
	assert.Positive(t, sum.Calls)
	assert.Equal(t, noJob, (<-noted).Text)
}

func TestAWorkerOnJobsEndsWithItsParent(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	p, err := startJobProcess(t, jobOrder{Workers: 1, On: "single", Addrs: []string{server.Addr()}, Lease: time.Second}, func(jobNote) {})
	require.NoError(t, err)
	require.NoError(t, p.begun())
	require.NoError(t, p.in.Close())
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
		t.Fatal("it goes on")
	}
}

func TestAWorkerOnJobsWithoutAnOrderEnds(t *testing.T) {
	t.Parallel()
	assert.Equal(t, exitUsage, workOnJobs(strings.NewReader(""), io.Discard, io.Discard))
}
