package exec_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/internal/redistest"
)

// within returns a context that lets a failing test end.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// faulty is a deployment behind proxies, with what tells how often a command was
// executed.
type faulty struct {
	client   redis.UniversalClient
	exec     *exec.Client
	setFault func(func([]string) redistest.Fault)
	executed func(string) int
}

// faultyDeployments are the deployments with calls that go alone, as one caller's do,
// and with calls that share round trips.
func faultyDeployments() map[string]func(*testing.T) faulty {
	all := map[string]func(*testing.T) faulty{}
	for name, start := range deployments() {
		all[name] = func(t *testing.T) faulty {
			d := start(t)
			d.exec = exec.New(d.client)
			return d
		}
		all[name+" shared"] = func(t *testing.T) faulty {
			d := start(t)
			d.exec = sharing(d.client)
			return d
		}
	}
	return all
}

func deployments() map[string]func(*testing.T) faulty {
	return map[string]func(*testing.T) faulty{
		"single": func(t *testing.T) faulty {
			srv := redistest.Start(t)
			p := redistest.StartProxy(t, srv.Addr())
			o := srv.Options()
			o.Addr, o.MaxRetries = p.Addr(), 3 // go-redis would repeat what it may
			client := redis.NewClient(o)
			t.Cleanup(func() { _ = client.Close() })
			return faulty{client: client, setFault: p.SetFault, executed: p.Executed}
		},
		"cluster": func(t *testing.T) faulty {
			c := redistest.StartCluster(t, 3, 0)
			ps := redistest.Proxies(t, c.Nodes())
			o := c.Options()
			o.Dialer, o.MaxRetries = ps.Dialer(), 3
			client := redis.NewClusterClient(o)
			t.Cleanup(func() { _ = client.Close() })
			return faulty{client: client, setFault: ps.SetFault, executed: ps.Executed}
		},
		"sentinel": func(t *testing.T) faulty {
			s := redistest.StartSentinel(t, 1, 3)
			ps := redistest.Proxies(t, s.Servers())
			o := s.Options()
			o.Dialer, o.MaxRetries = ps.Dialer(), 3
			client := redis.NewFailoverClient(o)
			t.Cleanup(func() { _ = client.Close() })
			return faulty{client: client, setFault: ps.SetFault, executed: ps.Executed}
		},
	}
}

// first returns a fault for the first n requests of a command.
func first(n int64, command string, f redistest.Fault) func([]string) redistest.Fault {
	var left atomic.Int64
	left.Store(n)
	return func(request []string) redistest.Fault {
		if request[0] == command && left.Add(-1) >= 0 {
			return f
		}
		return redistest.Pass
	}
}

var losses = map[string]redistest.Fault{"lost": redistest.DropReply, "half": redistest.CutReply, "late": redistest.StallReply}

func TestAWriteWhoseReplyIsLostIsNotRepeated(t *testing.T) {
	t.Parallel()
	script := exec.NewScript(`return redis.call('INCR', KEYS[1])`)
	for deployment, start := range faultyDeployments() {
		t.Run(deployment, func(t *testing.T) {
			t.Parallel()
			d := start(t)
			c := d.exec
			require.NoError(t, c.Do(within(t, 10*time.Second), script.Write([]string{"loaded"})).Err())
			n := 0
			for loss, fault := range losses {
				for command, send := range map[string]func(context.Context) error{
					"INCR":    func(ctx context.Context) error { return c.Do(ctx, exec.Write("INCR", "k")).Err() },
					"EVALSHA": func(ctx context.Context) error { return c.Do(ctx, script.Write([]string{"k"})).Err() },
					"INCRBY": func(ctx context.Context) error {
						var b exec.Batch
						reply := b.Add(exec.Write("INCRBY", "k", int64(1)))
						for i := range 10 {
							b.Add(exec.Get(fmt.Sprint("other", i)))
						}
						c.Send(ctx, &b)
						return reply.Err()
					},
				} {
					d.setFault(first(1, command, fault))
					err := send(within(t, 300*time.Millisecond))
					require.Error(t, err, "%s %s", loss, command)
					assert.False(t, exec.NotExecuted(err), "%s %s: %v", loss, command, err)
					n++
				}
			}
			d.setFault(nil)
			got, err := c.Do(within(t, 10*time.Second), exec.Get("k")).Bytes()
			require.NoError(t, err)
			assert.Equal(t, strconv.Itoa(n), string(got))
		})
	}
}

func TestAReadIsRepeatedUntilItIsAnswered(t *testing.T) {
	t.Parallel()
	for deployment, start := range faultyDeployments() {
		t.Run(deployment, func(t *testing.T) {
			t.Parallel()
			d := start(t)
			c := d.exec
			require.NoError(t, c.Do(within(t, 10*time.Second), exec.Write("SET", "k", "v")).Err())
			for _, fault := range []redistest.Fault{redistest.DropReply, redistest.CutReply, redistest.RefuseRequest} {
				d.setFault(first(3, "GET", fault))
				got, err := c.Do(within(t, 10*time.Second), exec.Get("k")).Bytes()
				require.NoError(t, err)
				assert.Equal(t, "v", string(got))
				d.setFault(first(3, "GET", fault))
				var b exec.Batch
				replies := []*exec.Reply{b.Add(exec.Get("k")), b.Add(exec.Get("k"))}
				c.Send(within(t, 10*time.Second), &b)
				for _, reply := range replies {
					got, err := reply.Bytes()
					require.NoError(t, err)
					assert.Equal(t, "v", string(got))
				}
			}
			d.setFault(first(1<<30, "GET", redistest.DropReply))
			begun := time.Now()
			assert.Error(t, c.Do(within(t, 300*time.Millisecond), exec.Get("k")).Err())
			assert.Error(t, c.Do(within(t, 5*time.Second), exec.Get("k").Once()).Err())
			assert.Less(t, time.Since(begun), 2*time.Second)
		})
	}
}

// An idempotent script is repeated as a read is. If it fails after all, it is unknown whether an
// attempt was executed, even where the last one was not.
func TestAnIdempotentScriptIsRepeatedUntilItIsAnswered(t *testing.T) {
	t.Parallel()
	script := exec.NewScript(`return redis.call('SADD', KEYS[1], ARGV[1])`)
	for deployment, start := range faultyDeployments() {
		t.Run(deployment, func(t *testing.T) {
			t.Parallel()
			d := start(t)
			c := d.exec
			require.NoError(t, c.Do(within(t, 10*time.Second), script.Idempotent([]string{"k"}, "loaded")).Err())
			for loss, fault := range losses {
				if loss == "late" {
					continue // nobody says that it is lost
				}
				d.setFault(first(2, "EVALSHA", fault))
				n, err := c.Do(within(t, 10*time.Second), script.Idempotent([]string{"k"}, loss)).Int()
				require.NoError(t, err, loss)
				assert.Zero(t, n, "it was executed before")
				var b exec.Batch
				d.setFault(first(2, "EVALSHA", fault))
				reply := b.Add(script.Idempotent([]string{"k"}, loss+" in a batch"))
				b.Add(exec.Get("other"))
				c.Send(within(t, 10*time.Second), &b)
				_, err = reply.Int()
				require.NoError(t, err, loss)
			}
		})
	}
}

// loading is how a server refuses every command while it reads its file.
type loading struct{}

func (loading) Error() string { return "LOADING Redis is loading the dataset in memory" }
func (loading) RedisError()   {}

func TestAnIdempotentScriptIsUnknownIfAnyAttemptMayHaveBeenExecuted(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	script := exec.NewScript(`return redis.call('SADD', KEYS[1], ARGV[1])`)
	for _, lost := range []int64{0, 1} {
		client := redis.NewClient(srv.Options())
		t.Cleanup(func() { _ = client.Close() })
		c := exec.New(client)
		require.NoError(t, c.Do(within(t, 10*time.Second), script.Idempotent([]string{"k"}, "loaded")).Err())
		var sent atomic.Int64
		client.AddHook(around(func(next func() error) error {
			if sent.Add(1) <= lost {
				_ = next()
				return io.EOF
			}
			return loading{}
		}))
		err := c.Do(within(t, 100*time.Millisecond), script.Idempotent([]string{"k"}, "x")).Err()
		require.ErrorAs(t, err, new(loading))
		assert.Equal(t, lost == 0, exec.NotExecuted(err))
		assert.Greater(t, sent.Load(), lost+1)
	}
}

// The greeting of a new connection is lost: nothing of the write was sent, which
// no error of go-redis tells.
func TestAWriteThatWasNeverSentIsTriedAgain(t *testing.T) {
	t.Parallel()
	for deployment, start := range faultyDeployments() {
		t.Run(deployment, func(t *testing.T) {
			t.Parallel()
			d := start(t)
			c := d.exec
			for i, fault := range []redistest.Fault{redistest.DropReply, redistest.CutReply, redistest.RefuseRequest} {
				d.setFault(first(2, "HELLO", fault))
				require.NoError(t, c.Do(within(t, 10*time.Second), exec.Write("INCR", "k")).Err())
				got, err := c.Do(within(t, 10*time.Second), exec.Get("k")).Bytes()
				require.NoError(t, err)
				require.Equal(t, strconv.Itoa(i+1), string(got))
				// The next write dials anew.
				d.setFault(first(1, "GET", redistest.DropReply))
				_ = c.Do(within(t, 10*time.Second), exec.Get("k").Once())
			}
		})
	}
}

// refusing serves one connection after the other and replies to the commands that
// are no greeting as told, the last reply for ever.
func refusing(t *testing.T, replies ...string) (addr string, requests *atomic.Int64) {
	t.Helper()
	requests = new(atomic.Int64)
	return redistest.Serve(t, func(conn net.Conn) {
		buffer := make([]byte, 4096)
		for {
			n, err := conn.Read(buffer)
			if err != nil {
				return
			}
			reply := "-ERR unknown command\r\n"
			if !slices.Contains([]string{"hello", "HELLO"}, string(buffer[8:min(n, 13)])) {
				reply = replies[min(int(requests.Add(1)), len(replies))-1]
			}
			_, _ = io.WriteString(conn, reply)
		}
	}), requests
}

func TestAWriteThatWasRefusedForNowIsTriedAgain(t *testing.T) {
	t.Parallel()
	const suffix = " script: f00, on @user_script:1."
	for text, c := range map[string]struct{ again, executed bool }{
		"LOADING Redis is loading the dataset in memory":                        {true, false},
		"READONLY You can't write against a read only replica.":                 {true, false},
		"CLUSTERDOWN The cluster is down":                                       {true, false},
		"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is":   {true, false},
		"TRYAGAIN Multiple keys request during rehashing of slot":               {true, false},
		"NOREPLICAS Not enough good replicas to write.":                         {true, false},
		"ERR max number of clients reached":                                     {true, false},
		"READONLY You can't write against a read only replica." + suffix:        {false, true},
		"MOVED 42 127.0.0.1:1":                                                  {false, false}, // it would be a Cluster, and the client is not
		"OOM command not allowed when used memory > 'maxmemory'.":               {false, false},
		"WRONGTYPE Operation against a key holding the wrong kind of value":     {false, false},
		"NOPERM this user has no permissions to run the 'set' command":          {false, false},
		"BUSY Redis is busy running a script.":                                  {false, false},
		"ERR Error compiling script (new function): :1: READONLY no such thing": {false, true},
	} {
		t.Run(text, func(t *testing.T) {
			t.Parallel()
			addr, requests := refusing(t, "-"+text+"\r\n", "-"+text+"\r\n", "+OK\r\n")
			client := redis.NewClient(&redis.Options{Addr: addr, Protocol: 2, DisableIdentity: true, MaxRetries: 3, ContextTimeoutEnabled: true})
			t.Cleanup(func() { _ = client.Close() })
			err := exec.New(client).Do(within(t, 10*time.Second), exec.Write("SET", "k", "v")).Err()
			if c.again {
				require.NoError(t, err)
				assert.Equal(t, int64(3), requests.Load())
				return
			}
			require.Error(t, err)
			assert.Equal(t, int64(1), requests.Load())
			assert.Equal(t, !c.executed, exec.NotExecuted(err))
		})
	}
}

func TestAServerThatIsAwayIsTriedUntilTheDeadline(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t, redistest.WithAOF())
	c := exec.New(srv.Client(t))
	srv.Kill(t)
	err := c.Do(within(t, 400*time.Millisecond), exec.Write("INCR", "k")).Err()
	require.Error(t, err)
	assert.True(t, exec.NotExecuted(err), "%v", err)
	assert.NotErrorIs(t, err, context.DeadlineExceeded, "what kept it from the server says more")

	done := make(chan error)
	go func() { done <- c.Do(within(t, 10*time.Second), exec.Write("INCR", "k")).Err() }()
	time.Sleep(300 * time.Millisecond)
	srv.Restart(t)
	require.NoError(t, <-done)
}

// promptly asserts that call takes as long as limit and no more than 50 ms beyond,
// at the best of three times, as the machine may be busy.
func promptly(t *testing.T, limit time.Duration, call func(), msg ...any) {
	t.Helper()
	best := time.Hour
	for range 3 {
		begun := time.Now()
		call()
		if best = min(best, time.Since(begun)); best < limit+50*time.Millisecond {
			break
		}
	}
	assert.InDelta(t, limit, best, float64(50*time.Millisecond), msg...)
}

// TestDeadlinesAndCancels stalls every reply. A call returns at its deadline
// whether or not the client's sockets follow it; a batch returns when it is
// cancelled.
func TestDeadlinesAndCancels(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	p := redistest.StartProxy(t, srv.Addr())
	for _, timely := range []bool{true, false} {
		o := srv.Options()
		o.Addr, o.ContextTimeoutEnabled, o.ReadTimeout, o.PoolSize = p.Addr(), timely, 2*time.Second, 50
		client := redis.NewClient(o)
		t.Cleanup(func() { _ = client.Close() })
		c := exec.New(client)
		assert.Equal(t, timely, c.Timely())
		require.NoError(t, c.Do(within(t, 10*time.Second), exec.Write("SET", "k", "v")).Err())
		p.SetFault(func(request []string) redistest.Fault {
			if request[0] == "SET" || request[0] == "GET" {
				return redistest.StallReply
			}
			return redistest.Pass
		})
		batch := func(ctx context.Context) error {
			var b exec.Batch
			reply := b.Add(exec.Write("SET", "k", "w"))
			b.Add(exec.Get("k"))
			c.Send(ctx, &b)
			return reply.Err()
		}
		const limit = 150 * time.Millisecond
		for name, call := range map[string]func(context.Context) error{
			"write": func(ctx context.Context) error { return c.Do(ctx, exec.Write("SET", "k", "w")).Err() },
			"read":  func(ctx context.Context) error { return c.Do(ctx, exec.Get("k")).Err() },
			"batch": batch,
		} {
			promptly(t, limit, func() {
				err := call(within(t, limit))
				require.Error(t, err, name)
				if name != "read" {
					assert.False(t, exec.NotExecuted(err), "%s was sent: %v", name, err)
				}
			}, "%s, timely %v", name, timely)
		}
		alone := func(ctx context.Context) error {
			var b exec.Batch
			reply := b.Add(exec.Write("SET", "k", "w"))
			c.Send(ctx, &b)
			return reply.Err()
		}
		for name, call := range map[string]func(context.Context) error{"batch": batch, "batch of one": alone} {
			promptly(t, limit, func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer time.AfterFunc(limit, cancel).Stop()
				err := call(ctx)
				assert.ErrorIs(t, err, context.Canceled)
				assert.False(t, exec.NotExecuted(err), "it was sent: %v", err)
			}, "a %s that is cancelled", name)
		}

		early, cancel := context.WithCancel(t.Context())
		cancel()
		assert.True(t, exec.NotExecuted(batch(early)), "it was never sent")
		p.SetFault(nil)
	}
}

// TestWhatWasGivenUpIsNotSentLater gives up on writes while go-redis is still
// setting up their connection, which it then has.
func TestWhatWasGivenUpIsNotSentLater(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	o := srv.Options()
	o.ContextTimeoutEnabled = false
	o.OnConnect = func(context.Context, *redis.Conn) error {
		time.Sleep(200 * time.Millisecond)
		return nil
	}
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	both(t, client, func(t *testing.T, c *exec.Client) {
		err := c.Do(within(t, 50*time.Millisecond), exec.Write("SET", "k", "1")).Err()
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.True(t, exec.NotExecuted(err))
	})
	c := exec.New(client)
	var b exec.Batch
	replies := []*exec.Reply{b.Add(exec.Write("UNLINK", "other")), b.Add(exec.Write("SET", "k", "1"))}
	c.Send(within(t, 50*time.Millisecond), &b)
	for _, reply := range replies {
		require.ErrorIs(t, reply.Err(), context.DeadlineExceeded)
		assert.True(t, exec.NotExecuted(reply.Err()))
	}
	time.Sleep(400 * time.Millisecond)
	assert.ErrorIs(t, c.Do(within(t, 10*time.Second), exec.Get("k")).Err(), redis.Nil)
}

func TestScriptsAreHealedInBatches(t *testing.T) {
	t.Parallel()
	script := exec.NewScript(`return redis.call('INCRBY', KEYS[1], ARGV[1])`)
	for deployment, start := range faultyDeployments() {
		t.Run(deployment, func(t *testing.T) {
			t.Parallel()
			d := start(t)
			c := d.exec
			for round := 1; round <= 3; round++ {
				require.NoError(t, d.client.ScriptFlush(t.Context()).Err())
				var b exec.Batch
				var replies []*exec.Reply
				for i := range 50 {
					replies = append(replies, b.Add(script.Write([]string{fmt.Sprint("k", i)}, int64(i))))
				}
				c.Send(within(t, 10*time.Second), &b)
				for i, reply := range replies {
					n, err := reply.Int()
					require.NoError(t, err)
					require.Equal(t, int64(round*i), n)
				}
			}
		})
	}
}

// TestWhatIsAbandonedIsLeftAlone is for the race detector: the background goes on
// with calls that were given up.
func TestWhatIsAbandonedIsLeftAlone(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	p := redistest.StartProxy(t, srv.Addr())
	o := srv.Options()
	o.Addr, o.ContextTimeoutEnabled, o.PoolSize = p.Addr(), false, 20
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	c := exec.New(client)
	p.SetFault(func(request []string) redistest.Fault {
		if request[0] == "GET" && len(request[1])%3 == 0 {
			return redistest.Pass.Delayed(20 * time.Millisecond)
		}
		return redistest.Pass
	})
	var wg [8]chan struct{}
	for w := range wg {
		wg[w] = make(chan struct{})
		go func() {
			defer close(wg[w])
			for i := range 60 {
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%8)*5*time.Millisecond)
				key := fmt.Sprintf("%d-%*d", w, 1+i%4, i)
				var b exec.Batch
				set, get := b.Add(exec.Write("SET", key, key)), b.Add(exec.Get(key))
				c.Send(ctx, &b)
				got, err := get.Bytes()
				if err == nil && set.Err() == nil {
					assert.Equal(t, key, string(got))
				}
				got, err = c.Do(ctx, exec.Get(key)).Bytes()
				if err == nil {
					assert.Equal(t, key, string(got))
				}
				assert.True(t, err == nil || errors.Is(err, redis.Nil) || ctx.Err() != nil, "%v", err)
				cancel()
			}
		}()
	}
	for _, done := range wg {
		<-done
	}
}
