package state_test

import (
	"context"
	"iter"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

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
	f := follow(t, func(ctx context.Context) iter.Seq2[state.KeyEvent[session], error] {
		return state.WatchAll(ctx, s, followed)
	})
	f.next()
	nodes[2].Kill(t)
	time.Sleep(3 * time.Second) // the watcher has begun to read again
	require.NoError(t, alive.Set(ctx, writer, session{User: "ann"}))
	_, err := comes(t, f, 5*time.Second)
	require.NoError(t, err)
}
