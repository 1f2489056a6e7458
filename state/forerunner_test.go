package state_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

// TestForerunner holds this package against what @purista/redis-state-store can
// do or says it can, under the names that it has there.
func TestForerunner(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t, redistest.WithAOF())
	open := func(t *testing.T, o state.Options) *state.Store {
		store, err := state.Open(t.Context(), srv.URL(), o)
		require.NoError(t, err)
		t.Cleanup(func() { assert.NoError(t, store.Close()) })
		return store
	}
	all := state.Options{EnableSet: true, EnableRemove: true}

	t.Run("getState reads several names", func(t *testing.T) {
		store := open(t, all)
		require.NoError(t, store.SetState(t.Context(), "read-1", 1, time.Minute))
		require.NoError(t, store.SetState(t.Context(), "read-2", nil, time.Minute))
		values, err := store.GetState(t.Context(), "read-1", "read-2", "read-3")
		require.NoError(t, err)
		assert.Equal(t, map[string]json.RawMessage{"read-1": json.RawMessage("1"), "read-2": json.RawMessage("null")}, values)
	})
	t.Run("setState writes plain JSON at the plain name", func(t *testing.T) {
		store := open(t, all)
		require.NoError(t, store.SetState(t.Context(), "write", map[string]any{"a": []int{1}, "b": "<&>\u2028"}, state.NoTTL))
		raw, err := store.Client().Get(t.Context(), "write").Result()
		require.NoError(t, err)
		assert.Equal(t, "{\"a\":[1],\"b\":\"<&>\u2028\"}", raw)
	})
	t.Run("removeState removes several names", func(t *testing.T) {
		store := open(t, all)
		require.NoError(t, store.SetState(t.Context(), "remove", 1, time.Minute))
		removed, err := store.RemoveState(t.Context(), "remove", "remove-2")
		require.NoError(t, err)
		assert.Equal(t, 1, removed)
	})
	t.Run("enableGet is a switch", func(t *testing.T) {
		_, err := open(t, state.Options{DisableGet: true}).GetState(t.Context(), "x")
		assert.ErrorIs(t, err, state.ErrGetDisabled)
		_, err = open(t, state.Options{}).GetState(t.Context(), "x")
		assert.NoError(t, err, "on by default")
	})
	t.Run("enableSet is a switch", func(t *testing.T) {
		err := open(t, state.Options{}).SetState(t.Context(), "switch", 1, time.Minute)
		assert.ErrorIs(t, err, state.ErrSetDisabled, "off by default")
		assert.NoError(t, open(t, state.Options{EnableSet: true}).SetState(t.Context(), "switch", 1, time.Minute))
	})
	t.Run("enableRemove is a switch", func(t *testing.T) {
		_, err := open(t, state.Options{}).RemoveState(t.Context(), "switch")
		assert.ErrorIs(t, err, state.ErrRemoveDisabled, "off by default")
		_, err = open(t, state.Options{EnableRemove: true}).RemoveState(t.Context(), "switch")
		assert.NoError(t, err)
	})
	t.Run("TTL is set with the value", func(t *testing.T) {
		store := open(t, all)
		require.NoError(t, store.SetState(t.Context(), "ttl", 1, time.Minute))
		left, err := store.Client().PTTL(t.Context(), "ttl").Result()
		require.NoError(t, err)
		assert.InDelta(t, time.Minute, left, float64(10*time.Second))
		require.NoError(t, store.SetState(t.Context(), "ttl", 1, 10*time.Millisecond))
		assert.Eventually(t, func() bool {
			values, err := store.GetState(t.Context(), "ttl")
			return err == nil && len(values) == 0
		}, 5*time.Second, 5*time.Millisecond)
	})
	t.Run("state outlives a restart of the server", func(t *testing.T) {
		store := open(t, all)
		require.NoError(t, store.SetState(t.Context(), "kept", "value", state.NoTTL))
		require.NoError(t, sessions.Key("kept").Set(t.Context(), store, session{User: "a"}))
		srv.Restart(t)

		reopened := open(t, all)
		values, err := reopened.GetState(t.Context(), "kept")
		require.NoError(t, err)
		assert.Equal(t, json.RawMessage(`"value"`), values["kept"])
		v, err := sessions.Key("kept").Get(t.Context(), reopened)
		require.NoError(t, err)
		assert.Equal(t, "a", v.User)
		left, err := state.TimeToLive(t.Context(), reopened, sessions.Key("kept"))
		require.NoError(t, err)
		assert.InDelta(t, 30*time.Minute, left, float64(time.Minute))
	})
}
