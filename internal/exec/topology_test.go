package exec_test

import (
	"context"
	"fmt"
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

// TestADeadMasterIsReplacedUnderCalls kills a master, and in another run cuts it
// off, while reads and writes go on. With contexts of ten seconds none may fail but
// for writes that were under way, and calls succeed within a second of the
// promotion.
func TestADeadMasterIsReplacedUnderCalls(t *testing.T) {
	t.Parallel()
	kill := func(t *testing.T, _ *redistest.ProxySet, s *redistest.Server) { s.Kill(t) }
	hide := func(t *testing.T, ps *redistest.ProxySet, s *redistest.Server) {
		ps.Of(s).Blackhole(true)
		s.Pause(t)
	}
	for name, cut := range map[string]func(*testing.T, *redistest.ProxySet, *redistest.Server){
		"killed": kill, "black-holed": hide, "killed, shared": kill, "black-holed, shared": hide,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := redistest.StartCluster(t, 3, 1)
			ps := redistest.Proxies(t, cluster.Nodes())
			o := cluster.Options()
			o.Dialer, o.ReadTimeout, o.DialTimeout, o.DialerRetries = ps.Dialer(), 2*time.Second, time.Second, 5
			client := redis.NewClusterClient(o)
			t.Cleanup(func() { _ = client.Close() })
			c := exec.New(client)
			if strings.HasSuffix(name, "shared") {
				c = sharing(client)
			}

			const key = "k"
			victim, err := cluster.Owner(key)
			require.NoError(t, err)
			var calls, unknown atomic.Int64
			var recovered atomic.Pointer[time.Time]
			var promoted atomic.Bool
			var wg sync.WaitGroup
			ctx, stop := context.WithCancel(t.Context())
			for i := range 8 {
				wg.Go(func() {
					for n := 0; ctx.Err() == nil; n++ {
						k := key
						if i%2 == 0 {
							k = fmt.Sprint(key, n%50)
						}
						one, cancel := context.WithTimeout(t.Context(), 10*time.Second)
						err := c.Do(one, exec.Write("SET", k, "v")).Err()
						if n%2 == 0 {
							err = c.Do(one, exec.Read("EXISTS", k)).Err()
						}
						cancel()
						calls.Add(1)
						switch {
						case err == nil && k == key && promoted.Load():
							now := time.Now()
							recovered.CompareAndSwap(nil, &now)
						case err != nil && !exec.NotExecuted(err) && n%2 == 1:
							unknown.Add(1)
						case err != nil:
							t.Errorf("visible: %v", err)
						}
						time.Sleep(10 * time.Millisecond)
					}
				})
			}
			time.Sleep(300 * time.Millisecond)
			cut(t, ps, victim)
			at, err := cluster.AwaitOwnerChange(within(t, 20*time.Second), key, victim)
			require.NoError(t, err)
			promoted.Store(true)
			assert.Eventually(t, func() bool { return recovered.Load() != nil }, 10*time.Second, 5*time.Millisecond)
			time.Sleep(300 * time.Millisecond)
			stop()
			wg.Wait()
			took := recovered.Load().Sub(at)
			t.Logf("%d calls, %d unknown, recovered %v after the promotion", calls.Load(), unknown.Load(), took)
			assert.LessOrEqual(t, unknown.Load(), int64(8), "no more than were under way")
			assert.Less(t, took, time.Second+o.DialTimeout)
		})
	}
}

// TestWritesThatWaitForReplicasFollowASlot sends such writes, which go-redis does
// not route, into a slot on its way to another node and to one that has moved.
func TestWritesThatWaitForReplicasFollowASlot(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3, 1)
	client := cluster.Client(t)
	c := exec.New(client)
	ctx := within(t, 30*time.Second)
	send := func(keys ...string) (acknowledged int) {
		t.Helper()
		var b exec.Batch
		b.Replicate(exec.Replication{Replicas: 1, Timeout: 4 * time.Second})
		var replies []*exec.Reply
		for _, key := range keys {
			replies = append(replies, b.Add(exec.Write("INCR", key)))
		}
		c.Send(ctx, &b)
		for _, reply := range replies {
			require.NoError(t, reply.Err())
			if short, _ := reply.Short(); !short {
				acknowledged++
			}
		}
		return acknowledged
	}
	keys := []string{"{a}1", "{b}1", "{c}1", "{d}1"}
	require.Equal(t, 4, send(keys...))

	target := migrate(ctx, t, cluster, "{a}")
	slot := redistest.Slot("{a}")
	assert.Equal(t, 3, send("{a}1", "{a}new", "{b}1"), "one key is still there, one is asked for at the target")
	n, err := target.Client(t).Do(ctx, "CLUSTER", "COUNTKEYSINSLOT", slot).Int()
	require.NoError(t, err)
	assert.Equal(t, 1, n)

	require.NoError(t, cluster.MoveSlot(ctx, slot))
	assert.Equal(t, 4, send(keys...))
	got, err := c.Do(ctx, exec.Get("{a}1")).Bytes()
	require.NoError(t, err)
	assert.Equal(t, "3", string(got))
}

// migrate begins to move the slot of a key to the master that it returns.
func migrate(ctx context.Context, t *testing.T, cluster *redistest.Cluster, key string) (target *redistest.Server) {
	t.Helper()
	source, err := cluster.Owner(key)
	require.NoError(t, err)
	for _, node := range cluster.Nodes()[:3] {
		if node != source {
			target = node
		}
	}
	id := func(s *redistest.Server) string {
		text, err := s.Client(t).Do(ctx, "CLUSTER", "MYID").Text()
		require.NoError(t, err)
		return text
	}
	slot := redistest.Slot(key)
	require.NoError(t, target.Client(t).Do(ctx, "CLUSTER", "SETSLOT", slot, "IMPORTING", id(source)).Err())
	require.NoError(t, source.Client(t).Do(ctx, "CLUSTER", "SETSLOT", slot, "MIGRATING", id(target)).Err())
	return target
}

func TestAWriteIsConfirmedByReplicasOrSaidNotToBe(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	link := redistest.StartRawProxy(t, srv.Addr())
	redistest.Replicate(t, srv, link.Addr())
	p := redistest.StartProxy(t, srv.Addr())
	o := srv.Options()
	o.Addr = p.Addr()
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	c := exec.New(client)
	send := func(replicas int, timeout time.Duration) (short bool) {
		var b exec.Batch
		b.Replicate(exec.Replication{Replicas: replicas, Timeout: timeout})
		write, read := b.Add(exec.Write("SET", "k", "v")), b.Add(exec.Get("k"))
		c.Send(within(t, 10*time.Second), &b)
		require.NoError(t, write.Err())
		require.NoError(t, read.Err())
		short, _ = read.Short()
		assert.False(t, short, "a read has nothing to confirm")
		short, _ = write.Short()
		return short
	}
	assert.False(t, send(1, 4*time.Second)) // for a machine that is busy
	assert.True(t, send(2, 20*time.Millisecond), "there is one replica")
	link.Blackhole(true)
	assert.True(t, send(1, 20*time.Millisecond))
	assert.Equal(t, 3, p.Executed("WAIT"))
	var b exec.Batch
	b.Replicate(exec.Replication{Replicas: 1, Timeout: time.Second})
	b.Add(exec.Get("k"))
	b.Add(exec.Get("k"))
	c.Send(within(t, 10*time.Second), &b)
	assert.Equal(t, 3, p.Executed("WAIT"), "reads wait for nobody")
}

// A master goes dark under two callers who go alone: one waits on a socket, which
// nothing of the client ends for long, and the other for the only connection. The
// second goes to the successor, and so does who comes later.
func TestAStuckCallHasTheClusterLookedAt(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3, 1)
	ps := redistest.Proxies(t, cluster.Nodes())
	o := cluster.Options()
	o.Dialer, o.ReadTimeout, o.DialTimeout = ps.Dialer(), 30*time.Second, time.Second
	o.PoolSize, o.PoolTimeout = 1, 30*time.Second
	client := redis.NewClusterClient(o)
	t.Cleanup(func() { _ = client.Close() })
	c := exec.New(client)
	const key = "k"
	victim, err := cluster.Owner(key)
	require.NoError(t, err)
	require.NoError(t, c.Do(within(t, 10*time.Second), exec.Write("SET", key, "v")).Err())

	ps.Of(victim).Blackhole(true)
	victim.Pause(t)
	// As long as the calls are stuck, nothing else looks at the Cluster.
	ctx := within(t, 12*time.Second)
	ended := make(chan error, 2)
	go func() { ended <- c.Do(ctx, exec.Get(key)).Err() }()
	time.Sleep(50 * time.Millisecond)
	go func() { ended <- c.Do(ctx, exec.Write("INCR", "{k}n")).Err() }()
	at, err := cluster.AwaitOwnerChange(within(t, 20*time.Second), key, victim)
	require.NoError(t, err)
	select {
	case err := <-ended:
		assert.NoError(t, err, "the write, which was not sent")
	case <-time.After(3 * time.Second):
		t.Error("who waits for a connection waits on")
	}
	require.NoError(t, c.Do(within(t, 5*time.Second), exec.Write("SET", key, "w")).Err())
	t.Logf("after %v", time.Since(at))
}

// The only sign that a master is dark is one call that gets no answer. It is enough
// for those who come later not to be sent there, over a connection that is idle.
func TestACallWithoutAnAnswerIsASign(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3, 1)
	ps := redistest.Proxies(t, cluster.Nodes())
	o := cluster.Options()
	o.Dialer, o.ReadTimeout, o.DialTimeout, o.PoolSize = ps.Dialer(), 30*time.Second, time.Second, 2
	client := redis.NewClusterClient(o)
	t.Cleanup(func() { _ = client.Close() })
	c := exec.New(client)
	const key = "k"
	victim, err := cluster.Owner(key)
	require.NoError(t, err)
	require.NoError(t, c.Do(within(t, 10*time.Second), exec.Write("SET", key, "v")).Err())
	node, err := client.MasterForKey(t.Context(), key)
	require.NoError(t, err)
	first, second := node.Conn(), node.Conn()
	require.NoError(t, first.Ping(t.Context()).Err())
	require.NoError(t, second.Ping(t.Context()).Err())
	require.NoError(t, first.Close())
	require.NoError(t, second.Close())

	ps.Of(victim).Blackhole(true)
	victim.Pause(t)
	ctx, cancel := context.WithTimeout(t.Context(), 12*time.Second)
	ended := make(chan error, 1)
	go func() { ended <- c.Do(ctx, exec.Get(key)).Err() }()
	_, err = cluster.AwaitOwnerChange(within(t, 20*time.Second), key, victim)
	require.NoError(t, err)
	time.Sleep(time.Second)
	assert.NoError(t, c.Do(within(t, 3*time.Second), exec.Write("SET", key, "w")).Err())
	cancel()
	ps.Of(victim).Blackhole(false) // which ends the connection that was stuck
	<-ended
}
