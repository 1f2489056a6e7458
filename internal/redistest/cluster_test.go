//go:build unix

package redistest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSlot(t *testing.T) {
	t.Parallel()
	srv := Start(t, WithConfig("cluster-enabled yes"))
	ctx := within(t, 5*time.Second)
	c := srv.Client(t)
	for _, key := range []string{"", "a", "123456789", "{a}b", "x{a}", "{}a", "{a", "a}b{", "{{a}}", "{}{a}", "{a}{b}", "\x00\xff", "ключ"} {
		assert.Equal(t, int(c.ClusterKeySlot(ctx, key).Val()), Slot(key), "%q", key)
	}
}

// A cluster takes seconds to start, so one goes through a whole life.
func TestCluster(t *testing.T) {
	t.Parallel()
	begun := time.Now()
	c := StartCluster(t, 3, 1, WithPassword("s3cret"), WithUser("app", "pw", "~*", "+@all"))
	t.Logf("cluster of 3+3 in %v", time.Since(begun))
	ctx := within(t, time.Minute)
	rdb := c.Client(t)
	require.Len(t, c.Nodes(), 6)
	key := func(i int) string { return fmt.Sprintf("{k}%d", i) }
	slot := Slot("k")

	for i := range 250 {
		require.NoError(t, rdb.Set(ctx, key(i), i, 0).Err())
	}
	all := func(t *testing.T) {
		t.Helper()
		require.NoError(t, rdb.Get(ctx, "elsewhere").Err(), "a key of another master")
		for i := range 250 {
			n, err := rdb.Get(ctx, key(i)).Int()
			require.NoError(t, err)
			require.Equal(t, i, n)
		}
	}
	require.NoError(t, rdb.Set(ctx, "elsewhere", 1, 0).Err())
	all(t)

	owner, err := c.Owner("k")
	require.NoError(t, err)
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	_, err = c.AwaitOwnerChange(short, "k", owner)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	t.Run("a slot moves with its keys", func(t *testing.T) {
		first, err := c.Owner("k")
		require.NoError(t, err)
		seen := map[*Server]bool{}
		for range 3 {
			owner, err := c.Owner("k")
			require.NoError(t, err)
			assert.False(t, seen[owner], "the masters take turns")
			seen[owner] = true
			begun := time.Now()
			require.NoError(t, c.MoveSlot(ctx, slot))
			t.Logf("slot moved in %v", time.Since(begun))
			all(t)
		}
		last, err := c.Owner("k")
		require.NoError(t, err)
		assert.Same(t, first, last)
		require.NoError(t, c.Settled(ctx))
	})

	t.Run("a half-moved slot is finished by the next call", func(t *testing.T) {
		source, err := c.Owner("k")
		require.NoError(t, err)
		others, err := c.masters(ctx, source)
		require.NoError(t, err)
		target := others[0]
		from, err := source.id(ctx)
		require.NoError(t, err)
		to, err := target.id(ctx)
		require.NoError(t, err)
		require.NoError(t, target.do(ctx, "CLUSTER", "SETSLOT", slot, "IMPORTING", from))
		require.NoError(t, source.do(ctx, "CLUSTER", "SETSLOT", slot, "MIGRATING", to))
		require.NoError(t, source.do(ctx, "MIGRATE", "127.0.0.1", target.port, key(1), 0, 1000, "COPY", "AUTH", "s3cret"))
		require.NoError(t, c.MoveSlot(ctx, slot))
		all(t)
	})

	t.Run("a replica takes over on request", func(t *testing.T) {
		old, err := c.Owner("k")
		require.NoError(t, err)
		replica, err := c.ReplicaOf(old)
		require.NoError(t, err)
		begun := time.Now()
		require.NoError(t, c.Failover(ctx, "k"))
		t.Logf("failover in %v", time.Since(begun))
		owner, err := c.Owner("k")
		require.NoError(t, err)
		assert.Same(t, replica, owner)
		require.NoError(t, c.Settled(ctx))
		all(t)
		require.NoError(t, old.follows(ctx, owner.Addr()))
	})

	t.Run("a dead master is replaced and comes back as a replica", func(t *testing.T) {
		old, err := c.Owner("k")
		require.NoError(t, err)
		require.NoError(t, old.TryKill())
		_, err = c.Owner("k")
		require.Error(t, err, "nobody serves the slot yet")
		short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, c.Settled(short), context.DeadlineExceeded)

		begun := time.Now()
		at, err := c.AwaitOwnerChange(ctx, "k", old)
		require.NoError(t, err)
		t.Logf("owner changed %v after the wait began", at.Sub(begun))
		assert.WithinRange(t, at, begun, time.Now())
		owner, err := c.Owner("k")
		require.NoError(t, err)
		assert.NotSame(t, old, owner)

		require.NoError(t, old.TryRestart())
		require.NoError(t, c.Settled(ctx))
		require.NoError(t, old.follows(ctx, owner.Addr()))
		require.NoError(t, rdb.ForEachMaster(ctx, func(ctx context.Context, n *redis.Client) error { return n.Ping(ctx).Err() }))
		rdb.ReloadState(ctx)
		require.Eventually(t, func() bool { return rdb.Get(ctx, key(0)).Err() == nil }, 5*time.Second, glance)
		all(t)
	})

	t.Run("a paused master is replaced and questions do not hang", func(t *testing.T) {
		old, err := c.Owner("k")
		require.NoError(t, err)
		old.Pause(t)
		begun := time.Now()
		_, err = c.AwaitOwnerChange(ctx, "k", old)
		require.NoError(t, err)
		assert.Less(t, time.Since(begun), 10*time.Second)
		begun = time.Now()
		_, err = c.Owner("k")
		require.NoError(t, err)
		assert.Less(t, time.Since(begun), askLimit)
		old.Resume(t)
		require.NoError(t, c.Settled(ctx))
	})
}

func TestClusterOfOneMaster(t *testing.T) {
	t.Parallel()
	c := StartCluster(t, 1, 0)
	ctx := within(t, 5*time.Second)
	require.NoError(t, c.Client(t).Set(ctx, "k", "v", 0).Err())
	require.ErrorContains(t, c.MoveSlot(ctx, 1), "no other master")
	_, err := c.ReplicaOf(c.Nodes()[0])
	require.ErrorContains(t, err, "no replica")
}

func TestClusterRefusesNonsense(t *testing.T) {
	t.Parallel()
	Require(t)
	tb := run(func(tb *fakeTB) { StartCluster(tb, 0, 1) })
	assert.Contains(t, tb.fatal, "0 masters")
	tb = run(func(tb *fakeTB) { StartCluster(tb, 3, 0, WithTLS()) })
	assert.Contains(t, tb.fatal, "single server")
	tb = run(func(tb *fakeTB) { StartCluster(tb, 1, 0, WithConfig("no-such-directive 1")) })
	assert.Contains(t, tb.fatal, "ended before it answered")
}
