package exec_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/internal/redistest"
)

// sharing returns a Client whose calls all share round trips, however few they are.
func sharing(c redis.UniversalClient) *exec.Client {
	client := exec.New(c)
	client.SetDirect(0)
	return client
}

// both calls test with a Client whose calls go by themselves and with one whose
// calls share round trips.
func both(t *testing.T, c redis.UniversalClient, test func(t *testing.T, c *exec.Client)) {
	t.Helper()
	t.Run("alone", func(t *testing.T) { test(t, exec.New(c)) })
	t.Run("shared", func(t *testing.T) { test(t, sharing(c)) })
}

// trips is a hook that counts the pipelines and the commands in them, and those
// alone.
type trips struct{ pipelines, piped, alone atomic.Int64 }

func (*trips) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *trips) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		h.alone.Add(1)
		return next(ctx, cmd)
	}
}

func (h *trips) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		h.pipelines.Add(1)
		h.piped.Add(int64(len(cmds)))
		return next(ctx, cmds)
	}
}

// crowd has so many callers make calls at once, of which each waits until the
// others are there.
func crowd(callers, calls int, call func(caller, i int)) {
	var all, ready sync.WaitGroup
	ready.Add(callers)
	for caller := range callers {
		all.Go(func() {
			ready.Done()
			ready.Wait()
			for i := range calls {
				call(caller, i)
			}
		})
	}
	all.Wait()
}

func TestFewCallsGoAloneAndManyShareRoundTrips(t *testing.T) {
	t.Parallel()
	for deployment, start := range map[string]func() redis.UniversalClient{
		"single":  func() redis.UniversalClient { return redistest.Start(t).Client(t) },
		"cluster": func() redis.UniversalClient { return redistest.StartCluster(t, 3, 0).Client(t) },
	} {
		client := start()
		var h trips
		client.AddHook(&h)
		c := exec.New(client)
		ctx := within(t, 20*time.Second)
		for i := range 20 {
			require.NoError(t, c.Do(ctx, exec.SetUnder("k", strconv.Itoa(i), []byte(strconv.Itoa(i)), exec.SetOptions{})).Err())
		}
		assert.Zero(t, h.piped.Load(), "%s: one caller", deployment)
		assert.GreaterOrEqual(t, h.alone.Load(), int64(20), deployment)
		crowd(100, 50, func(caller, i int) {
			n := strconv.Itoa((caller + i) % 20)
			got, err := c.Do(ctx, exec.GetUnder("k", n)).Bytes()
			assert.NoError(t, err, deployment)
			assert.Equal(t, n, string(got), deployment)
		})
		assert.Greater(t, h.piped.Load(), int64(4000), "%s: most of 5000 share", deployment)
		assert.Less(t, h.pipelines.Load(), h.piped.Load()/2, deployment)
	}
}

// A reply that is lost takes with it what was sent on the same connection, of which
// nothing may be done twice, and what is read is read again.
func TestWhatSharesARoundTripIsSentOnce(t *testing.T) {
	t.Parallel()
	for deployment, start := range deployments() {
		t.Run(deployment, func(t *testing.T) {
			t.Parallel()
			d := start(t)
			c := sharing(d.client)
			for i := range 40 {
				require.NoError(t, c.Do(within(t, 10*time.Second), exec.Write("SET", fmt.Sprint("r", i), strconv.Itoa(i))).Err())
			}
			var n atomic.Int64
			d.setFault(func(request []string) redistest.Fault {
				if request[0] != "INCR" && request[0] != "GET" || n.Add(1)%20 != 0 {
					return redistest.Pass
				}
				return []redistest.Fault{redistest.DropReply, redistest.CutReply, redistest.RefuseRequest}[n.Load()/20%3]
			})
			var done, unknown [10]atomic.Int64
			crowd(40, 20, func(caller, i int) {
				if caller%2 == 0 {
					got, err := c.Do(within(t, 10*time.Second), exec.Get(fmt.Sprint("r", caller))).Bytes()
					assert.NoError(t, err, "a read is repeated")
					assert.Equal(t, strconv.Itoa(caller), string(got))
					return
				}
				k := i % len(done)
				switch err := c.Do(within(t, 10*time.Second), exec.Write("INCR", fmt.Sprint("n", k))).Err(); {
				case err == nil:
					done[k].Add(1)
				case assert.False(t, exec.NotExecuted(err), "it was tried again: %v", err):
					unknown[k].Add(1)
				}
			})
			d.setFault(nil)
			lost := int64(0)
			for k := range done {
				got, err := c.Do(within(t, 10*time.Second), exec.Get(fmt.Sprint("n", k))).Bytes()
				require.NoError(t, err)
				count, err := strconv.ParseInt(string(got), 10, 64)
				require.NoError(t, err)
				assert.GreaterOrEqual(t, count, done[k].Load(), "what was acknowledged is there")
				assert.LessOrEqual(t, count, done[k].Load()+unknown[k].Load(), "and nothing twice")
				lost += unknown[k].Load()
			}
			assert.Positive(t, lost)
		})
	}
}

// The server is paused: what was sent may still happen, and what waits behind it may
// not, once its caller has given up.
func TestCallersThatShareReturnInTime(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	for _, timely := range []bool{true, false} {
		o := srv.Options()
		o.ContextTimeoutEnabled, o.ReadTimeout, o.PoolSize = timely, 2*time.Second, 2
		client := redis.NewClient(o)
		t.Cleanup(func() { _ = client.Close() })
		c := sharing(client)
		require.NoError(t, c.Do(within(t, 10*time.Second), exec.Write("SET", "k", "0")).Err())
		srv.Pause(t)
		const limit = 100 * time.Millisecond
		promptly(t, limit, func() { assert.Error(t, c.Do(within(t, limit), exec.Get("k")).Err()) })
		promptly(t, limit, func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer time.AfterFunc(limit, cancel).Stop()
			assert.ErrorIs(t, c.Do(ctx, exec.Write("INCR", "k")).Err(), context.Canceled)
		})
		var unsent atomic.Int64
		var mu sync.Mutex
		var worst time.Duration
		crowd(600, 1, func(caller, _ int) {
			var ctx context.Context
			var cancel context.CancelFunc
			if caller%2 == 0 {
				ctx, cancel = context.WithTimeout(t.Context(), limit)
			} else {
				ctx, cancel = context.WithCancel(t.Context())
				time.AfterFunc(limit, cancel)
			}
			defer cancel()
			err := c.Do(ctx, exec.Write("INCR", "k")).Err()
			end := time.Now()
			<-ctx.Done()
			if deadline, ok := ctx.Deadline(); ok {
				mu.Lock()
				worst = max(worst, end.Sub(deadline))
				mu.Unlock()
			}
			if assert.Error(t, err) && exec.NotExecuted(err) {
				unsent.Add(1)
			}
		})
		assert.Less(t, worst, 500*time.Millisecond, "timely %v", timely)
		assert.Positive(t, unsent.Load(), "most waited for the two connections")
		calls, _ := c.Waiting()
		assert.Zero(t, calls, "who gave up waits no longer")
		srv.Resume(t)
		got, err := c.Do(within(t, 10*time.Second), exec.Get("k")).Bytes()
		require.NoError(t, err)
		n, err := strconv.ParseInt(string(got), 10, 64)
		require.NoError(t, err)
		assert.LessOrEqual(t, n, 600+3-unsent.Load(), "nothing happened that is said not to have")
		require.NoError(t, client.Del(t.Context(), "k").Err())
	}
}

// A write that is withdrawn while its round trip waits for a connection must not
// break off the others.
func TestAWriteIsWithdrawnFromAmongOthers(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	o := srv.Options()
	o.PoolSize, o.PipelinePoolSize = 1, -1
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	held := client.Conn()
	require.NoError(t, held.Ping(t.Context()).Err())
	c := sharing(client)
	ended := make(chan error, 3)
	for i, limit := range []time.Duration{10 * time.Second, 50 * time.Millisecond, 10 * time.Second} {
		go func() {
			ended <- c.Do(within(t, limit), exec.Write("SET", fmt.Sprint("k", i), "v")).Err()
		}()
	}
	err := <-ended
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.True(t, exec.NotExecuted(err), "%v", err)
	require.NoError(t, held.Close())
	require.NoError(t, <-ended)
	require.NoError(t, <-ended)
	n, err := client.Exists(t.Context(), "k0", "k1", "k2").Result()
	require.NoError(t, err)
	assert.Equal(t, int64(2), n)
}

// One connection gets no answer any more. It costs what it carries, and the others
// wait for no more than the pause after which another round trip starts.
func TestAStuckConnectionHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	p := redistest.StartProxy(t, srv.Addr())
	o := srv.Options()
	o.Addr, o.ReadTimeout = p.Addr(), 1500*time.Millisecond
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	c := sharing(client)
	require.NoError(t, c.Do(within(t, 10*time.Second), exec.Write("SET", "k", "v")).Err())
	for _, connections := range []int{1, 2, 4} {
		var left atomic.Int64
		left.Store(int64(connections))
		p.SetFault(func(request []string) redistest.Fault {
			if request[0] == "GET" && left.Add(-1) >= 0 {
				return redistest.StallReply
			}
			return redistest.Pass
		})
		// One caller after the other comes, so that those behind are not aboard.
		var slow atomic.Int64
		crowd(100, 1, func(caller, _ int) {
			time.Sleep(time.Duration(caller) * 2 * time.Millisecond)
			begun := time.Now()
			assert.NoError(t, c.Do(within(t, 10*time.Second), exec.Get("k")).Err())
			if time.Since(begun) > 700*time.Millisecond {
				slow.Add(1)
			}
		})
		assert.Positive(t, slow.Load())
		assert.Less(t, slow.Load(), int64(60), "%d connections", connections)
	}
}

func TestAQueueThatIsFullFailsACallAtOnce(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	for name, limit := range map[string]struct{ calls, bytes int }{"calls": {10, 1 << 20}, "bytes": {1 << 10, 1000}} {
		o := srv.Options()
		o.PoolSize, o.PipelinePoolSize = 2, -1
		client := redis.NewClient(o)
		t.Cleanup(func() { _ = client.Close() })
		c := sharing(client)
		c.Limit(limit.calls, limit.bytes)
		require.NoError(t, c.Do(within(t, 10*time.Second), exec.Write("SET", "k", "v")).Err())
		srv.Pause(t)
		var full, others atomic.Int64
		var slowest atomic.Int64
		crowd(600, 1, func(int, int) {
			begun := time.Now()
			err := c.Do(within(t, 500*time.Millisecond), exec.Write("APPEND", "k", strings.Repeat("x", 50))).Err()
			if !errors.Is(err, exec.ErrQueueFull) {
				others.Add(1)
				return
			}
			full.Add(1)
			slowest.Store(max(slowest.Load(), int64(time.Since(begun))))
			assert.True(t, exec.NotExecuted(err), "%v", err)
		})
		assert.Positive(t, full.Load(), name)
		assert.Positive(t, others.Load(), name)
		assert.Less(t, time.Duration(slowest.Load()), 400*time.Millisecond, name)
		calls, _ := c.Waiting()
		assert.Zero(t, calls, "who gave up waits no longer")
		srv.Resume(t)
		require.NoError(t, c.Do(within(t, 10*time.Second), exec.Get("k")).Err(), "there is room again")
	}
}

func TestAClosedClientFailsWhatWaits(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	o := srv.Options()
	o.PoolSize, o.PipelinePoolSize, o.ReadTimeout = 2, -1, 5*time.Second
	client := redis.NewClient(o)
	c := sharing(client)
	require.NoError(t, c.Do(within(t, 10*time.Second), exec.Write("SET", "k", "v")).Err())
	srv.Pause(t)
	time.AfterFunc(200*time.Millisecond, func() { _ = client.Close() })
	var closed atomic.Int64
	begun := time.Now()
	crowd(1000, 1, func(int, int) {
		if err := c.Do(t.Context(), exec.Write("INCR", "n")).Err(); errors.Is(err, redis.ErrClosed) {
			closed.Add(1)
		} else {
			assert.Error(t, err)
		}
	})
	assert.Less(t, time.Since(begun), 3*time.Second)
	assert.Positive(t, closed.Load())
	srv.Resume(t)
}

// breaking is a hook that ends the goroutine of a pipeline.
type breaking struct {
	trips
	end   func()
	after bool // it was sent and answered
	over  atomic.Bool
}

func (h *breaking) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		if h.over.Load() {
			return next(ctx, cmds)
		}
		if h.after {
			_ = next(ctx, cmds)
		}
		h.end()
		return nil
	}
}

// What ends a goroutine of the client ends no caller's wait.
func TestAHookThatBreaksOffHangsNobody(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	for name, end := range map[string]func(){"panic": func() { panic("a secret") }, "exit": runtime.Goexit} {
		for _, after := range []bool{false, true} {
			client := redis.NewClient(srv.Options())
			t.Cleanup(func() { _ = client.Close() })
			h := breaking{end: end, after: after}
			client.AddHook(&h)
			c := sharing(client)
			crowd(30, 1, func(caller, _ int) {
				cmd := exec.Write("INCR", "n")
				if caller%2 == 0 {
					cmd = exec.Get("n")
				}
				err := c.Do(within(t, 5*time.Second), cmd).Err()
				if assert.Error(t, err, name) {
					assert.NotErrorIs(t, err, context.DeadlineExceeded, name)
					assert.NotContains(t, err.Error(), "secret")
					assert.Equal(t, cmd.Writes() && !after, exec.NotExecuted(err), "%s, after %v: %v", name, after, err)
				}
			})
			h.over.Store(true)
			require.NoError(t, c.Do(within(t, 5*time.Second), exec.Write("INCR", "n")).Err(), name)
		}
	}
}

// A hook that panics under a caller who goes alone is the caller's business, and must
// not count as a call that never ends.
func TestPanicsAreNoCallsUnderWay(t *testing.T) {
	t.Parallel()
	for name, client := range map[string]redis.UniversalClient{
		"single": redistest.Start(t).Client(t), "cluster": redistest.StartCluster(t, 3, 0).Client(t),
	} {
		c := exec.New(client)
		require.ErrorIs(t, c.Do(t.Context(), exec.Get("k")).Err(), redis.Nil)
		var h trips
		var over atomic.Bool
		client.AddHook(&h)
		client.AddHook(around(func(next func() error) error {
			if !over.Load() {
				panic("a hook")
			}
			return next()
		}))
		for range 20 {
			assert.Panics(t, func() { c.Do(t.Context(), exec.Get("k")) }, name)
		}
		over.Store(true)
		for range 5 {
			assert.ErrorIs(t, c.Do(t.Context(), exec.Get("k")).Err(), redis.Nil, name)
		}
		assert.Zero(t, h.piped.Load(), name)
	}
}

// TestNothingStaysBehind counts the goroutines of a client that has nothing to do.
func TestNothingStaysBehind(t *testing.T) {
	client := redistest.Start(t).Client(t)
	c := sharing(client)
	crowd(50, 20, func(int, int) { assert.NoError(t, c.Do(t.Context(), exec.Read("EXISTS", "k")).Err()) })
	assert.Eventually(t, func() bool {
		_, convoys := c.Waiting()
		return convoys == 0
	}, 5*time.Second, time.Millisecond)
	stack := make([]byte, 1<<20)
	assert.Eventually(t, func() bool {
		return !strings.Contains(string(stack[:runtime.Stack(stack, true)]), "exec.(*convoy)")
	}, 5*time.Second, 10*time.Millisecond)
}

// TestSmallReadsDoNotWaitForLargeOnes reads values of a megabyte beside small ones
// through both ways at once, and compares how long the small ones take.
func TestSmallReadsDoNotWaitForLargeOnes(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	client := srv.Client(t)
	large := strings.Repeat("x", 1<<20)
	require.NoError(t, client.Set(t.Context(), "large", large, 0).Err())
	require.NoError(t, client.Set(t.Context(), "small", "v", 0).Err())
	measure := func(c *exec.Client, expected int) (p99 time.Duration) {
		var mu sync.Mutex
		var took []time.Duration
		crowd(64, 30, func(caller, _ int) {
			if caller < 4 {
				got, err := c.Do(t.Context(), exec.Get("large").Expecting(expected)).Bytes()
				assert.NoError(t, err)
				assert.Len(t, got, len(large))
				return
			}
			begun := time.Now()
			assert.NoError(t, c.Do(t.Context(), exec.Get("small")).Err())
			mu.Lock()
			defer mu.Unlock()
			took = append(took, time.Since(begun))
		})
		slices.Sort(took)
		return took[len(took)*99/100]
	}
	alone := exec.New(client)
	alone.SetDirect(1 << 20)
	var ratios []float64
	for range 5 {
		unshared, shared := measure(alone, len(large)), measure(exec.New(client), len(large))
		ratios = append(ratios, float64(shared)/float64(unshared))
	}
	slices.Sort(ratios)
	t.Logf("the 99th percentile of small reads, shared beside unshared: %.2f", ratios)
	assert.Less(t, ratios[len(ratios)/2], 2.0)
}

// TestLargeCommandsGoAlone is for what a pipeline would hold up.
func TestLargeCommandsGoAlone(t *testing.T) {
	t.Parallel()
	client := redistest.Start(t).Client(t)
	var h trips
	client.AddHook(&h)
	c := sharing(client)
	large := []byte(strings.Repeat("x", 20<<10))
	require.NoError(t, c.Do(t.Context(), exec.SetUnder("", "k", large, exec.SetOptions{})).Err())
	require.NoError(t, c.Do(t.Context(), exec.Write("SET", "k", large)).Err())
	require.NoError(t, c.Do(t.Context(), exec.Get("k").Expecting(len(large))).Err())
	assert.Zero(t, h.piped.Load())
	require.NoError(t, c.Do(t.Context(), exec.Get("k")).Err())
	assert.Equal(t, int64(1), h.piped.Load())
}

// A master is gone, and what waits for it goes to its successor.
func TestWhatWaitsForADeadMasterGoesToItsSuccessor(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3, 1)
	ps := redistest.Proxies(t, cluster.Nodes())
	o := cluster.Options()
	// No timeout of the client ends what is stuck within the test.
	o.Dialer, o.ReadTimeout, o.DialTimeout, o.PoolSize = ps.Dialer(), 20*time.Second, time.Second, 3
	client := redis.NewClusterClient(o)
	t.Cleanup(func() { _ = client.Close() })
	c := sharing(client)
	const key = "k"
	victim, err := cluster.Owner(key)
	require.NoError(t, err)
	require.NoError(t, c.Do(within(t, 10*time.Second), exec.Write("SET", key, "0")).Err())
	ps.Of(victim).Blackhole(true)
	victim.Pause(t)
	var reads, writes, unknown atomic.Int64
	var others atomic.Int64
	go func() {
		for i := range 20 {
			other := fmt.Sprint("other", i)
			if owner, err := cluster.Owner(other); err == nil && owner != victim {
				begun := time.Now()
				if c.Do(within(t, 10*time.Second), exec.Get(other)).Err() == nil || time.Since(begun) < time.Second {
					others.Add(1)
				}
			}
		}
	}()
	crowd(400, 1, func(caller, _ int) {
		ctx := within(t, 15*time.Second)
		if caller%2 == 0 {
			if assert.NoError(t, c.Do(ctx, exec.Get(key)).Err()) {
				reads.Add(1)
			}
			return
		}
		time.Sleep(time.Duration(caller) * time.Millisecond)
		switch err := c.Do(ctx, exec.Write("INCR", key)).Err(); {
		case err == nil:
			writes.Add(1)
		case assert.False(t, exec.NotExecuted(err), "%v", err):
			unknown.Add(1)
		}
	})
	t.Logf("%d reads, %d writes, %d unknown", reads.Load(), writes.Load(), unknown.Load())
	assert.Equal(t, int64(200), reads.Load())
	assert.Positive(t, writes.Load(), "those that were never sent")
	assert.Positive(t, others.Load(), "other nodes have queues of their own")
	got, err := c.Do(within(t, 10*time.Second), exec.Get(key)).Bytes()
	require.NoError(t, err)
	assert.Equal(t, strconv.FormatInt(writes.Load(), 10), string(got), "what the successor knows")
}

// TestCallersOwnTheirArguments is for the race detector: who has given up uses his
// memory anew while the round trip is still going to send it, or not.
func TestCallersOwnTheirArguments(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	p := redistest.StartProxy(t, srv.Addr())
	o := srv.Options()
	o.Addr = p.Addr()
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	p.SetFault(func(request []string) redistest.Fault {
		if len(request) > 1 && len(request[1])%3 == 0 {
			return redistest.Pass.Delayed(20 * time.Millisecond)
		}
		return redistest.Pass
	})
	both(t, client, func(t *testing.T, c *exec.Client) {
		crowd(16, 60, func(caller, i int) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%8)*5*time.Millisecond)
			defer cancel()
			key := fmt.Sprintf("%d-%*d", caller, 1+i%4, i)
			data := []byte(key)
			if c.Do(ctx, exec.SetUnder("", key, data, exec.SetOptions{})).Settled() {
				clear(data)
			}
			got, err := c.Do(ctx, exec.Get(key)).Bytes()
			if err == nil {
				assert.Equal(t, key, string(got))
			}
		})
	})
}
