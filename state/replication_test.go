package state_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

// TestReplicatedWritesAreConfirmed makes every kind of write with a replica that
// follows, and with one that is cut off.
func TestReplicatedWritesAreConfirmed(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	link := redistest.StartRawProxy(t, srv.Addr())
	redistest.Replicate(t, srv, link.Addr())
	client := srv.Client(t)
	options := state.Options{EnableSet: true, EnableRemove: true, EnableScan: true}
	store, err := state.New(client, options)
	require.NoError(t, err)
	var always *state.Store
	var once state.WriteOption
	wait := func(timeout time.Duration) {
		once = state.Replicated(1, timeout)
		options.Replication = state.Replication{Replicas: 1, Timeout: timeout}
		always, err = state.New(client, options)
		require.NoError(t, err)
	}
	ctx := t.Context()
	key := accounts.Key("b", "1")

	writes := map[string]func() error{
		"Set":     func() error { return key.Set(ctx, store, 1, once) },
		"KeepTTL": func() error { return key.Set(ctx, store, 1, once, state.KeepTTL()) },
		"Replace": func() error { return state.Replace(ctx, store, key, 1, once) },
		"Swap":    func() error { _, _, err := state.Swap(ctx, store, key, 1, once); return err },
		"Touch":   func() error { return state.Touch(ctx, store, key, once) },
		"Update":  func() error { _, err := state.Update(ctx, store, key, increment, once); return err },
		"Upsert":  func() error { _, err := state.Upsert(ctx, store, key, increment, once); return err },
		"again":   func() error { return key.Set(ctx, store, 1, once, state.OpID("same")) },
		"unchanged": func() error {
			_, err := state.Update(ctx, store, key, func(*int) error { return nil }, once)
			return err
		},
		"Update again": func() error {
			_, err := state.Update(ctx, store, key, increment, once, state.OpID("update"))
			return err
		},
		"Take again": func() error {
			require.NoError(t, state.SetIfAbsent(ctx, store, counters.Key("again"), 7, state.OpID("set")))
			n, err := state.Take(ctx, store, counters.Key("again"), once, state.OpID("take"))
			assert.Equal(t, 7, n)
			return err
		},
		"Atomically again": func() error {
			return store.Atomically(ctx, func(ctx context.Context, tx *state.Tx) error {
				n, err := key.Get(ctx, tx)
				if err != nil {
					return err
				}
				return key.Set(ctx, tx, n+1)
			}, once, state.OpID("tx"))
		},
		"only read": func() error {
			return store.Atomically(ctx, func(ctx context.Context, tx *state.Tx) error {
				_, err := key.Get(ctx, tx)
				return err
			}, once)
		},
		"SetState": func() error { return always.SetState(ctx, "x", 1, time.Minute) },
		"always":   func() error { return key.Set(ctx, always, 1) },
		"SetMany": func() error {
			_, err := state.SetMany(ctx, store, []state.KeyValue[int]{pair(key, 1), pair(counters.Key("1"), 1)}, once)
			return err
		},
		"SetIf": func() error {
			e, err := state.GetEntry(ctx, store, key)
			require.NoError(t, err)
			_, err = state.SetIf(ctx, store, key, e.Token, e.Value+1, once)
			return err
		},
		"Atomically": func() error {
			return store.Atomically(ctx, func(ctx context.Context, tx *state.Tx) error { return key.Set(ctx, tx, 1) }, once)
		},
		"Take": func() error {
			require.NoError(t, counters.Key("2").Set(ctx, store, 7))
			n, err := state.Take(ctx, store, counters.Key("2"), once)
			assert.Equal(t, 7, n, "what was taken comes with the error")
			return err
		},
		"RemoveIf": func() error {
			require.NoError(t, counters.Key("2").Set(ctx, store, 7))
			e, err := state.GetEntry(ctx, store, counters.Key("2"))
			require.NoError(t, err)
			return state.RemoveIf(ctx, store, counters.Key("2"), e.Token, once)
		},
		"Remove": func() error { return remove(ctx, always, counters.Key("1")) },
	}
	wait(4 * time.Second) // for a machine that is busy
	require.NoError(t, key.Set(ctx, store, 0))
	for name, write := range writes {
		assert.NoError(t, write(), name)
	}
	link.Blackhole(true)
	wait(20 * time.Millisecond)
	for name, write := range writes {
		err := write()
		assert.ErrorIs(t, err, state.ErrNotReplicated, name)
		assert.NotErrorIs(t, err, state.ErrUnknownOutcome, name)
	}
	require.NoError(t, key.Set(ctx, always, 1, state.Replicated(0, 0)), "a call can do without")
	assert.ErrorIs(t, state.SetIfAbsent(ctx, always, key, 1), state.ErrExists, "nothing was written that could be confirmed")
	_, err = key.Get(ctx, always)
	assert.NoError(t, err)
}

// A client that wraps one of go-redis may hide a Cluster, where WAIT and SCAN would
// go to any node.
func TestAWrappedClientWaitsForNoReplicasAndWalksOverNothing(t *testing.T) {
	t.Parallel()
	store, err := state.New(struct{ *redis.ClusterClient }{redistest.StartCluster(t, 3, 0).Client(t)},
		state.Options{EnableSet: true, EnableScan: true})
	require.NoError(t, err)
	require.NoError(t, counters.Key("1").Set(t.Context(), store, 1))
	assert.ErrorContains(t, counters.Key("1").Set(t.Context(), store, 1, state.Replicated(1, time.Second)), "not one that wraps it")
	for _, err := range state.Keys(t.Context(), store, counters) {
		assert.ErrorContains(t, err, "not one that wraps it")
	}
	unused := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1"})
	t.Cleanup(func() { _ = unused.Close() })
	_, err = state.New(struct{ *redis.Client }{unused}, state.Options{Replication: state.Replication{Replicas: 1, Timeout: time.Second}})
	assert.ErrorContains(t, err, "not one that wraps it")
}

func TestReplicationIsChecked(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", ReadTimeout: time.Second, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	store, err := state.New(client, state.Options{EnableSet: true})
	require.NoError(t, err)
	for want, r := range map[string]state.Replication{
		"asks for -1 replicas":     {Replicas: -1, Timeout: time.Millisecond},
		"asks for 0 replicas":      {Timeout: time.Millisecond},
		"has the Timeout 1µs":      {Replicas: 1, Timeout: time.Microsecond},
		"ReadTimeout, which is 1s": {Replicas: 1, Timeout: time.Second},
	} {
		_, err := state.New(client, state.Options{Replication: r})
		assert.ErrorContains(t, err, "Options.Replication")
		assert.ErrorContains(t, err, want)
		if r.Replicas != 0 {
			err = sessions.Key("1").Set(t.Context(), store, session{}, state.Replicated(r.Replicas, r.Timeout))
			assert.ErrorContains(t, err, want)
		}
	}
}
