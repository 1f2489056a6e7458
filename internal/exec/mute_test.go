package exec_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/internal/redistest"
)

// TestDeadlinesOfClientsThatNeverConnected has each kind of client find nothing but
// silence, from the first connection on.
func TestDeadlinesOfClientsThatNeverConnected(t *testing.T) {
	t.Parallel()
	addr := redistest.Serve(t, func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) })
	const limit, timeout = 150 * time.Millisecond, time.Second
	for _, timely := range []bool{true, false} {
		for name, client := range map[string]redis.UniversalClient{
			"single": redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: timely, ReadTimeout: timeout}),
			"tls": redis.NewClient(&redis.Options{
				Addr: addr, ContextTimeoutEnabled: timely, ReadTimeout: timeout, DialTimeout: timeout, TLSConfig: &tls.Config{ServerName: "localhost"},
			}),
			"cluster":          redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{addr}, ContextTimeoutEnabled: timely, ReadTimeout: timeout}),
			"sentinel":         redis.NewFailoverClient(&redis.FailoverOptions{MasterName: "m", SentinelAddrs: []string{addr}, ContextTimeoutEnabled: timely, ReadTimeout: timeout}),
			"sentinel cluster": redis.NewFailoverClusterClient(&redis.FailoverOptions{MasterName: "m", SentinelAddrs: []string{addr}, ContextTimeoutEnabled: timely, ReadTimeout: timeout}),
		} {
			t.Run(fmt.Sprintf("%s, timely %v", name, timely), func(t *testing.T) {
				t.Parallel()
				t.Cleanup(func() { _ = client.Close() })
				c, shared := exec.New(client), sharing(client)
				for what, call := range map[string]func(context.Context) error{
					"write":        func(ctx context.Context) error { return c.Do(ctx, exec.Write("SET", "k", "v")).Err() },
					"read":         func(ctx context.Context) error { return c.Do(ctx, exec.Get("k")).Err() },
					"shared write": func(ctx context.Context) error { return shared.Do(ctx, exec.Write("SET", "k", "v")).Err() },
					"shared read":  func(ctx context.Context) error { return shared.Do(ctx, exec.Get("k")).Err() },
					"scan":         func(ctx context.Context) error { return c.Scan(ctx, "*", func([]string) bool { return true }) },
					"replicated": func(ctx context.Context) error {
						var b exec.Batch
						b.Replicate(exec.Replication{Replicas: 1, Timeout: time.Second})
						reply := b.Add(exec.Write("SET", "k", "v"))
						c.Send(ctx, &b)
						return reply.Err()
					},
				} {
					promptly(t, limit, func() { require.Error(t, call(within(t, limit))) }, what)
				}
				promptly(t, limit, func() {
					ctx, cancel := context.WithCancel(t.Context())
					defer time.AfterFunc(limit, cancel).Stop()
					var b exec.Batch
					reply := b.Add(exec.Write("SET", "k", "v"))
					b.Add(exec.Get("k"))
					c.Send(ctx, &b)
					assert.True(t, exec.NotExecuted(reply.Err()), "%v", reply.Err())
				}, "a batch that is cancelled")
			})
		}
	}
}

// Without a timeout of its own, go-redis gives a socket no deadline at all.
func TestAClientWithoutTimeoutsFollowsDeadlinesAllTheSame(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	o := srv.Options()
	o.ReadTimeout, o.WriteTimeout = -2, -2
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	c := exec.New(client)
	assert.False(t, c.Timely())
	require.NoError(t, c.Do(within(t, 10*time.Second), exec.Read("PING")).Err())
	srv.Pause(t)
	const limit = 100 * time.Millisecond
	promptly(t, limit, func() {
		ended := make(chan error, 1)
		go func() { ended <- c.Do(within(t, limit), exec.Get("k")).Err() }()
		select {
		case err := <-ended:
			assert.Error(t, err)
		case <-time.After(2 * time.Second):
		}
	})
	srv.Resume(t)
}

func TestCommandsAreLeftInOnePiece(t *testing.T) {
	t.Parallel()
	client := redistest.StartCluster(t, 3, 0).Client(t)
	client.SetCommandInfoResolver(client.NewDynamicResolver())
	c := exec.New(client)
	ctx := within(t, 20*time.Second)
	var b exec.Batch
	var removed []*exec.Reply
	for i := range 10 {
		key := fmt.Sprint("k", i)
		require.NoError(t, c.Do(ctx, exec.Write("SET", key, "v")).Err())
		n, err := c.Do(ctx, exec.Read("EXISTS", key)).Int()
		require.NoError(t, err)
		assert.Equal(t, int64(1), n)
		removed = append(removed, b.Add(exec.Write("UNLINK", key)))
	}
	c.Send(ctx, &b)
	for _, reply := range removed {
		n, err := reply.Int()
		require.NoError(t, err)
		assert.Equal(t, int64(1), n)
	}
}

func TestASlotOnItsWayIsFollowedWithoutRedirections(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3, 0)
	o := cluster.Options()
	o.MaxRedirects = -1
	client := redis.NewClusterClient(o)
	t.Cleanup(func() { _ = client.Close() })
	c := exec.New(client)
	ctx := within(t, 20*time.Second)
	require.NoError(t, c.Do(ctx, exec.Write("SET", "{a}old", "v")).Err())
	migrate(ctx, t, cluster, "{a}")
	require.NoError(t, c.Do(ctx, exec.Write("SET", "{a}new", "v")).Err())
	got, err := c.Do(ctx, exec.Get("{a}new")).Bytes()
	require.NoError(t, err)
	assert.Equal(t, "v", string(got))
}
