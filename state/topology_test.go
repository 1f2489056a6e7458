package state_test

import (
	"cmp"
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

// TestAWalkSaysThatTheServersChanged changes the servers after the first key of a
// walk that goes on for several replies.
func TestAWalkSaysThatTheServersChanged(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	t.Cleanup(cancel)
	options := state.Options{EnableSet: true, EnableScan: true}
	fill := func(store *state.Store) {
		var values []state.KeyValue[int]
		for n := range 3000 {
			values = append(values, pair(counters.Key(strconv.Itoa(n)), n))
		}
		_, err := state.SetMany(ctx, store, values)
		require.NoError(t, err)
	}
	walk := func(store *state.Store, meanwhile func()) (n int, failed error) {
		for _, err := range state.Keys(ctx, store, counters) {
			if err != nil {
				return n, err
			}
			if n++; n == 1 && meanwhile != nil {
				meanwhile()
			}
		}
		return n, nil
	}

	cluster := redistest.StartCluster(t, 3, 1, redistest.WithAOF())
	store, err := state.New(cluster.Client(t), options)
	require.NoError(t, err)
	fill(store)
	n, err := walk(store, nil)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, n, 3000)
	_, err = walk(store, func() { require.NoError(t, cluster.MoveSlot(ctx, redistest.Slot("counter:1"))) })
	assert.ErrorIs(t, err, state.ErrScanIncomplete, "a slot moved")
	_, err = walk(store, func() {
		require.NoError(t, cluster.MoveSlot(ctx, redistest.Slot("counter:1")))
		require.NoError(t, cluster.MoveSlot(ctx, redistest.Slot("counter:1")))
		require.NoError(t, cluster.MoveSlot(ctx, redistest.Slot("counter:1")))
	})
	assert.ErrorIs(t, err, state.ErrScanIncomplete, "a slot moved round and back")
	require.NoError(t, cluster.Settled(ctx))
	_, err = walk(store, func() {
		owner, err := cluster.Owner("counter:1")
		require.NoError(t, err)
		require.NoError(t, owner.TryRestart())
		require.NoError(t, cluster.Settled(ctx))
	})
	assert.ErrorIs(t, err, state.ErrScanIncomplete, "a node restarted, with its slots and epoch as they were")
	_, err = walk(store, func() { require.NoError(t, cluster.Failover(ctx, "counter:1")) })
	assert.ErrorIs(t, err, state.ErrScanIncomplete, "a replica took over")
	n, err = walk(store, nil)
	require.NoError(t, err)
	assert.GreaterOrEqual(t, n, 3000)

	srv := redistest.Start(t, redistest.WithAOF())
	store, err = state.New(srv.Client(t), options)
	require.NoError(t, err)
	fill(store)
	_, err = walk(store, func() { srv.Restart(t) })
	assert.ErrorIs(t, err, state.ErrScanIncomplete, "the server restarted")

	sentinel := redistest.StartSentinel(t, 1, 3, redistest.WithAOF())
	behind := redis.NewFailoverClusterClient(sentinel.Options())
	t.Cleanup(func() { _ = behind.Close() })
	other, err := state.New(behind, options)
	require.NoError(t, err)
	fill(other)
	_, err = walk(other, func() {
		master, err := sentinel.Master(ctx)
		require.NoError(t, err)
		require.NoError(t, master.TryRestart())
	})
	assert.ErrorIs(t, err, state.ErrScanIncomplete, "a master behind Sentinel restarted")

	_, err = walk(store, func() { srv.Kill(t); cancel() })
	assert.Error(t, err)
	assert.NotErrorIs(t, err, state.ErrScanIncomplete)
	assert.ErrorIs(t, err, context.Canceled)
}

// gone removes a key after each SCAN.
type gone struct {
	counter
	client *redis.Client
	key    string
}

func (g gone) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if cmd.Name() == "scan" {
			err = cmp.Or(err, g.client.Del(ctx, g.key).Err())
		}
		return err
	}
}

func TestAValueThatGoesDuringAWalkIsLeftOut(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	client := srv.Client(t)
	client.AddHook(gone{counter{new(atomic.Int64)}, srv.Client(t), "counter:1"})
	store, err := state.New(client, state.Options{EnableSet: true, EnableScan: true})
	require.NoError(t, err)
	for n := range 3 {
		require.NoError(t, counters.Key(strconv.Itoa(n)).Set(t.Context(), store, n))
	}
	var found []int
	for one, err := range state.All(t.Context(), store, counters) {
		require.NoError(t, err)
		found = append(found, one.Value)
	}
	assert.ElementsMatch(t, []int{0, 2}, found)
}

// TestABatchNeverTakesAnUnreachableNodeForEmpty reads from a Cluster one of whose
// masters does not answer.
func TestABatchNeverTakesAnUnreachableNodeForEmpty(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3, 0, redistest.WithConfig("cluster-require-full-coverage no"))
	store, err := state.New(cluster.Client(t), state.Options{EnableSet: true, EnableRemove: true})
	require.NoError(t, err)
	var keys []state.Key[int]
	var values []state.KeyValue[int]
	for n := range 600 {
		keys = append(keys, counters.Key(strconv.Itoa(n)))
		values = append(values, pair(keys[n], n))
	}
	_, err = state.SetMany(t.Context(), store, values)
	require.NoError(t, err)
	dead, err := cluster.Owner("counter:7")
	require.NoError(t, err)
	dead.Pause(t)

	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	results, err := state.GetMany(ctx, store, keys...)
	require.Error(t, err)
	var failed int
	for n, r := range results {
		if r.Err != nil {
			failed++
			assert.NotErrorIs(t, r.Err, state.ErrNotFound)
			continue
		}
		assert.Equal(t, n, r.Value)
	}
	assert.Error(t, results[7].Err)
	assert.Greater(t, failed, 100)
	assert.Less(t, failed, 600, "other nodes have answered")
}
