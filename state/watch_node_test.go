package state_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

// The sentinels put another master in the place of one that they cannot demote, as
// behind a partition, and that the client can still reach.
func TestAWatchFollowsTheMasterThatTheSentinelsName(t *testing.T) {
	t.Parallel()
	d := redistest.StartSentinel(t, 2, 3)
	ctx := t.Context()
	s := openClient(t, d.Client(t), state.Options{WatchInterval: time.Hour})
	writer := openClient(t, d.Client(t), state.Options{})
	k := followed.Key("1")
	f := follow(t, watching(s, k))
	f.next()
	old, err := d.Master(ctx)
	require.NoError(t, err)
	require.NoError(t, old.Client(t).Do(ctx, "ACL", "SETUSER", "default", "-slaveof", "-replicaof", "-client|kill", "-multi").Err())
	require.NoError(t, d.Failover(ctx))
	const n = 5
	for i := range n {
		require.NoError(t, k.Set(ctx, writer, session{User: strconv.Itoa(i)}))
	}
	counted, gap := 0, false
	for user := ""; user != strconv.Itoa(n-1); {
		e := f.next()
		counted, gap = counted+1+e.Skipped, gap || e.Gap
		user = e.Value.User
	}
	assert.True(t, gap || counted >= n, "changes were missed in silence")
}

// One master is dead and nobody takes its place, which is nothing to the keys of the
// others.
func TestADeadMasterDoesNotHoldUpTheEventsOfOthers(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3, 0, redistest.WithConfig("cluster-require-full-coverage no"))
	s := openClient(t, cluster.Client(t), state.Options{WatchInterval: time.Second})
	writer := openClient(t, cluster.Client(t), state.Options{})
	ctx := t.Context()
	nodes := cluster.Nodes()
	var alive state.Key[session]
	for i := 0; ; i++ {
		alive = followed.Key(strconv.Itoa(i))
		name, err := alive.Name(s)
		require.NoError(t, err)
		owner, err := cluster.Owner(name)
		require.NoError(t, err)
		if owner == nodes[0] {
			break
		}
	}
	require.NoError(t, alive.Set(ctx, writer, session{}))
	f := follow(t, watchingAll(s, followed))
	f.next()
	nodes[2].Kill(t)
	time.Sleep(3 * time.Second) // the watcher has begun to read again
	require.NoError(t, alive.Set(ctx, writer, session{User: "ann"}))
	assert.Equal(t, "ann", f.next().Value.User)
}

// The client looks at the Cluster again and again, and what it sees is no break.
func TestAQuietClusterMakesNoGaps(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3, 0)
	s := openClient(t, cluster.Client(t), state.Options{WatchInterval: time.Hour})
	k := followed.Key("1")
	one, all := follow(t, watching(s, k)), follow(t, watchingAll(s, followed))
	one.next()
	for i := range 12 {
		time.Sleep(500 * time.Millisecond)
		user := strconv.Itoa(i)
		require.NoError(t, k.Set(t.Context(), s, session{User: user}))
		e := one.next()
		assert.Equal(t, user, e.Value.User)
		assert.False(t, e.Gap)
		a := all.next()
		assert.Equal(t, user, a.Value.User)
		assert.False(t, a.Gap)
	}
}
