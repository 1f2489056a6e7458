package listen_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/listen"
	"github.com/typedstate/typedstate/internal/redistest"
)

// everywhere is a key of each of the masters.
func everywhere(t *testing.T, c *redistest.Cluster) []string {
	t.Helper()
	seen := map[*redistest.Server]bool{}
	var keys []string
	for i := 0; len(keys) < 3; i++ {
		k := fmt.Sprint("k:", i)
		owner, err := c.Owner(k)
		require.NoError(t, err)
		if !seen[owner] {
			seen[owner] = true
			keys = append(keys, k)
		}
	}
	return keys
}

// subscribed returns the channels and the number of patterns of a server.
func subscribed(t *testing.T, s *redistest.Server) ([]string, int64) {
	t.Helper()
	client := s.Client(t)
	channels, err := client.PubSubChannels(within(t, soon), "*").Result()
	require.NoError(t, err)
	patterns, err := client.PubSubNumPat(within(t, soon)).Result()
	require.NoError(t, err)
	return channels, patterns
}

func TestClusterIsHeardOnItsMasters(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 3, 0, redistest.WithConfig("notify-keyspace-events KA"))
	client := c.Client(t)
	ctx := within(t, 20*time.Second)
	h := newHub(t, client)
	keys := everywhere(t, c)
	all, _ := record(h, pattern("k:*"))
	var each []*recorder
	for _, k := range keys {
		r, _ := record(h, key(k))
		each = append(each, r)
	}
	all.ready(t, 1)
	for i, k := range keys {
		each[i].ready(t, 1)
		owner, err := c.Owner(k)
		require.NoError(t, err)
		channels, patterns := subscribed(t, owner)
		assert.ElementsMatch(t, []string{k + ":__watch", "__keyspace@0__:" + k}, channels)
		assert.EqualValues(t, 2, patterns)
		assert.Equal(t, 1, connections(t, owner.Client(t)))
	}
	var want []listen.Message
	for _, k := range keys {
		// From whatever node it is announced, all hear of it once.
		for i, n := range c.Nodes() {
			publish(t, n.Client(t), k, fmt.Sprint("m", i))
			want = append(want, listen.Message{Key: k, Text: fmt.Sprint("m", i)})
		}
		require.NoError(t, client.Set(ctx, k, "v", 0).Err())
		want = append(want, listen.Message{Key: k, Text: "set", Native: true})
	}
	all.await(t, "all", func() bool { return len(all.messages) >= len(want) })
	for _, r := range each {
		r.await(t, "its own", func() bool { return len(r.messages) >= 4 })
	}
	time.Sleep(50 * time.Millisecond)
	_, got := all.snapshot()
	assert.ElementsMatch(t, want, got)
	for i := range keys {
		_, got := each[i].snapshot()
		assert.ElementsMatch(t, want[4*i:4*i+4], got)
	}
	began := time.Now()
	h.Close()
	assert.Less(t, time.Since(began), time.Second)
}

func TestClusterFollowsASlotThatMoves(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 3, 0, redistest.WithConfig("notify-keyspace-events KA"))
	client := c.Client(t)
	ctx := within(t, 20*time.Second)
	h := newHub(t, client)
	moving, _ := record(h, key("a"))
	tagged, _ := record(h, pattern("{a}*"))
	all, _ := record(h, pattern("*"))
	keys := everywhere(t, c)
	var still []*recorder
	for _, k := range keys {
		for _, s := range []listen.Subject{key(k), pattern("{" + k + "}*")} {
			r, _ := record(h, s)
			r.ready(t, 1)
			still = append(still, r)
		}
	}
	moving.ready(t, 1)
	tagged.ready(t, 1)
	all.ready(t, 1)
	at, err := c.Owner("a")
	require.NoError(t, err)
	for _, n := range c.Nodes() {
		want := 4 // two channels of all keys, and two of those with the tag of its own key
		if n == at {
			want += 2
		}
		_, patterns := subscribed(t, n)
		assert.EqualValues(t, want, patterns)
	}
	require.NoError(t, c.MoveSlot(ctx, redistest.Slot("a")))
	began := time.Now()
	moving.ready(t, 2)
	tagged.ready(t, 2)
	all.ready(t, 2)
	t.Log("followed after", time.Since(began))
	require.NoError(t, client.Set(ctx, "a", "v", 0).Err())
	publish(t, client, "a", "x")
	for _, r := range []*recorder{moving, all} {
		r.hears(t, listen.Message{Key: "a", Text: "set", Native: true})
		r.hears(t, listen.Message{Key: "a", Text: "x"})
		assert.Equal(t, []string{"ready", "lost", "ready"}, r.history())
		r.mu.Lock()
		assert.Equal(t, 1, r.times(listen.Message{Key: "a", Text: "x"}))
		r.mu.Unlock()
	}
	require.NoError(t, client.Set(ctx, "{a}b", "v", 0).Err())
	publish(t, client, "{a}b", "x")
	tagged.hears(t, listen.Message{Key: "{a}b", Text: "set", Native: true})
	tagged.hears(t, listen.Message{Key: "{a}b", Text: "x"})
	assert.Equal(t, []string{"ready", "lost", "ready"}, tagged.history())
	for _, r := range still {
		calls, _ := r.snapshot()
		assert.Equal(t, []string{"ready"}, calls, "its owner is the same")
	}
}

func TestASlotThatNobodyOwnsDisturbsNobody(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 3, 0, redistest.WithConfig("cluster-require-full-coverage no"))
	client := c.Client(t)
	ctx := within(t, 20*time.Second)
	h := newHub(t, client)
	all, _ := record(h, pattern("*"))
	orphan, _ := record(h, key("a"))
	all.ready(t, 1)
	orphan.ready(t, 1)
	owner, err := c.Owner("a")
	require.NoError(t, err)
	for _, n := range append([]*redistest.Server{owner}, c.Nodes()...) {
		err := n.Client(t).ClusterDelSlots(ctx, redistest.Slot("a")).Err()
		if err != nil {
			require.ErrorContains(t, err, "already unassigned")
		}
	}
	require.Eventually(t, func() bool {
		client.ReloadState(ctx)
		named := map[*redis.Client]bool{}
		for range 20 {
			node, err := client.MasterForKey(ctx, "a")
			require.NoError(t, err)
			named[node] = true
		}
		return len(named) > 1
	}, soon, 50*time.Millisecond)
	for range 100 {
		h.Follows("a") // which has the hub look, whenever another node is named
		time.Sleep(5 * time.Millisecond)
	}
	for _, r := range []*recorder{all, orphan} {
		calls, _ := r.snapshot()
		assert.Equal(t, []string{"ready"}, calls)
	}
	for _, k := range everywhere(t, c) {
		publish(t, client, k, "x")
		all.hears(t, listen.Message{Key: k, Text: "x"})
	}
}

func TestClusterFollowsAFailover(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 3, 1)
	client := c.Client(t)
	ctx := within(t, 25*time.Second)
	h := newHub(t, client)
	keys := everywhere(t, c)
	one, _ := record(h, key(keys[0]))
	other, _ := record(h, key(keys[1]))
	all, _ := record(h, pattern("k:*"))
	for _, r := range []*recorder{one, other, all} {
		r.ready(t, 1)
	}
	require.NoError(t, c.Failover(ctx, keys[0]))
	// The client learns of it from a redirection, long before the hub has it ask.
	require.NoError(t, client.Set(ctx, keys[0], "v", 0).Err())
	began := time.Now()
	one.ready(t, 2)
	assert.Less(t, time.Since(began), 3*time.Second)
	all.ready(t, 2)
	publish(t, client, keys[0], "after the failover")
	for _, r := range []*recorder{one, all} {
		r.hears(t, listen.Message{Key: keys[0], Text: "after the failover"})
	}
	calls, _ := other.snapshot()
	assert.Equal(t, []string{"ready"}, calls, "its owner is the same")

	owner, err := c.Owner(keys[1])
	require.NoError(t, err)
	require.NoError(t, owner.TryKill())
	began = time.Now()
	other.lost(t)
	all.lost(t)
	assert.Less(t, time.Since(began), time.Second)
	at, err := c.AwaitOwnerChange(ctx, keys[1], owner)
	require.NoError(t, err)
	other.ready(t, 2)
	all.ready(t, 3)
	t.Log("ready", time.Since(at), "after the promotion")
	assert.Less(t, time.Since(at), 2*time.Second)
	publish(t, client, keys[1], "after the death")
	for _, r := range []*recorder{other, all} {
		r.hears(t, listen.Message{Key: keys[1], Text: "after the death"})
	}
	assert.Equal(t, []string{"ready", "lost", "ready"}, other.history())
	calls, _ = other.snapshot()
	assert.Equal(t, 2, strings.Count(strings.Join(calls, " "), "ready"))
	calls, _ = all.snapshot()
	assert.Equal(t, 3, strings.Count(strings.Join(calls, " "), "ready"))

	require.NoError(t, client.Close())
	for _, r := range []*recorder{one, other, all} {
		require.ErrorIs(t, r.failed(t), redis.ErrClosed)
	}
}

func TestClusterThatIsNotThere(t *testing.T) {
	t.Parallel()
	client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{"127.0.0.1:1"}})
	h := newHub(t, client)
	r, stop := record(h, key("a"))
	r.await(t, "lost twice", func() bool { return r.count("lost") >= 2 })
	stop()
	r, _ = record(h, pattern("a"))
	r.lost(t)
	require.NoError(t, client.Close())
	require.ErrorIs(t, r.failed(t), redis.ErrClosed)
	assert.NotErrorIs(t, r.errs[0], redis.ErrClosed)
}

func TestSentinelFailover(t *testing.T) {
	t.Parallel()
	d := redistest.StartSentinel(t, 1, 3)
	client := d.Client(t)
	ctx := within(t, 25*time.Second)
	h := newHub(t, client)
	r, _ := record(h, key("a"))
	r.ready(t, 1)
	old, err := d.Master(ctx)
	require.NoError(t, err)
	require.NoError(t, old.TryKill())
	r.lost(t)
	at, err := d.AwaitMasterChange(ctx, old)
	require.NoError(t, err)
	r.ready(t, 2)
	t.Log("ready", time.Since(at), "after the change")
	require.Eventually(t, func() bool {
		return client.Publish(ctx, listen.Channel("a"), "x").Err() == nil
	}, soon, 10*time.Millisecond)
	r.hears(t, listen.Message{Key: "a", Text: "x"})
}

func TestSentinelSwitch(t *testing.T) {
	t.Parallel()
	d := redistest.StartSentinel(t, 1, 3)
	client := d.Client(t)
	ctx := within(t, 25*time.Second)
	h := newHub(t, client)
	r, _ := record(h, key("a"))
	r.ready(t, 1)
	require.NoError(t, d.Failover(ctx))
	r.ready(t, 2)
	require.Eventually(t, func() bool {
		err := client.Set(ctx, "a", "v", 0).Err()
		if err == nil {
			err = client.Publish(ctx, listen.Channel("a"), "x").Err()
		}
		return err == nil || errors.Is(err, context.DeadlineExceeded)
	}, soon, 10*time.Millisecond)
	r.hears(t, listen.Message{Key: "a", Text: "x"})
}
