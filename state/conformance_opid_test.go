package state_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
)

// receipts returns how many receipts there are and the shortest time that one is
// kept.
func receipts(t *testing.T, b bench) (n int, kept time.Duration) {
	t.Helper()
	kept = time.Duration(1<<63 - 1)
	for _, key := range b.stored(t) {
		if strings.HasPrefix(key, b.prefix+"__op:") {
			left, err := b.admin.PTTL(t.Context(), key).Result()
			require.NoError(t, err)
			n, kept = n+1, min(kept, left)
		}
	}
	return n, kept
}

var tagged = state.Define("tagged:{<group>}:<id>", state.FamilyOptions[int]{TTL: time.Hour})

var _ = conform("a call that is repeated with its id is answered and not applied again", func(t *testing.T, b bench) {
	store := b.all(t)
	for name, key := range map[string]state.Key[int]{"plain": counters.Key("1"), "tagged": tagged.Key("a", "1")} {
		for range 3 {
			n, err := state.Update(t.Context(), store, key, increment, state.OpID("none"))
			assert.ErrorIs(t, err, state.ErrNotFound, name)
			assert.Zero(t, n)
		}
		for range 3 {
			n, err := state.Upsert(t.Context(), store, key, increment, state.OpID("upsert"))
			require.NoError(t, err, name)
			assert.Equal(t, 1, n, name)
		}
		for range 3 {
			n, err := state.Update(t.Context(), store, key, increment, state.OpID("update"))
			require.NoError(t, err, name)
			assert.Equal(t, 2, n, name)
		}
		for range 3 {
			require.NoError(t, key.Set(t.Context(), store, 10, state.OpID("set")), name)
			_, err := state.Update(t.Context(), store, key, increment)
			require.NoError(t, err, name)
		}
		n, err := key.Get(t.Context(), store)
		require.NoError(t, err)
		assert.Equal(t, 13, n, name)
		for range 3 {
			old, found, err := state.Swap(t.Context(), store, key, 20, state.OpID("swap"))
			require.NoError(t, err, name)
			assert.True(t, found, name)
			assert.Equal(t, 13, old, name)
		}
		e, err := state.GetEntry(t.Context(), store, key)
		require.NoError(t, err)
		for range 3 {
			_, err := state.SetIf(t.Context(), store, key, e.Token, 30, state.OpID("set if"))
			require.NoError(t, err, name)
			require.NoError(t, state.Replace(t.Context(), store, key, 31, state.OpID("replace")), name)
			require.NoError(t, state.Touch(t.Context(), store, key, state.TTL(time.Minute), state.OpID("touch")), name)
			require.NoError(t, state.Touch(t.Context(), store, key, state.TTL(2*time.Minute)), name)
		}
		left, err := state.TimeToLive(t.Context(), store, key)
		require.NoError(t, err)
		assert.InDelta(t, 2*time.Minute, left, float64(10*time.Second), name)
		for i := range 3 {
			v, err := state.Take(t.Context(), store, key, state.OpID("take"))
			require.NoError(t, err, name)
			assert.Equal(t, 31, v, name)
			require.NoError(t, state.SetIfAbsent(t.Context(), store, key, 40+i, state.OpID("absent")), name)
		}
		e, err = state.GetEntry(t.Context(), store, key)
		require.NoError(t, err)
		assert.Equal(t, 40, e.Value, name)
		for range 3 {
			require.NoError(t, state.RemoveIf(t.Context(), store, key, e.Token, state.OpID("remove")), name)
		}
		n, err = state.Update(t.Context(), store, key, increment, state.OpID("update"))
		require.NoError(t, err, "%s: it was applied, and the value is gone since", name)
		assert.Zero(t, n, name)
	}
	n, kept := receipts(t, b)
	assert.Equal(t, 2*10, n, "a refused call leaves no receipt")
	assert.Greater(t, kept, 59*time.Minute)
})

var _ = conform("receipts of different keys have different names", func(t *testing.T, b bench) {
	store := b.all(t)
	plain := state.Define("user:<id>", state.FamilyOptions[int]{TTL: time.Hour})
	whole := state.Define("{user:<id>}", state.FamilyOptions[int]{TTL: time.Hour})
	keys := []state.Key[int]{plain.Key("1"), whole.Key("1"), accounts.Key("tx", "1"), accounts.Key("key", "1")}
	for i, key := range keys {
		require.NoError(t, key.Set(t.Context(), store, i, state.OpID("x")))
		n, err := key.Get(t.Context(), store)
		require.NoError(t, err)
		assert.Equal(t, i, n)
	}
	n, _ := receipts(t, b)
	assert.Equal(t, len(keys), n)
})

var _ = conform("an id belongs to one key and one operation", func(t *testing.T, b bench) {
	store := b.all(t)
	require.NoError(t, tagged.Key("a", "1").Set(t.Context(), store, 1, state.OpID("x")))
	require.NoError(t, tagged.Key("a", "2").Set(t.Context(), store, 2, state.OpID("x")))
	require.NoError(t, counters.Key("1").Set(t.Context(), store, 3, state.OpID("x")))
	for key, want := range map[state.Key[int]]int{tagged.Key("a", "1"): 1, tagged.Key("a", "2"): 2, counters.Key("1"): 3} {
		n, err := key.Get(t.Context(), store)
		require.NoError(t, err)
		assert.Equal(t, want, n)
	}
	_, err := state.Take(t.Context(), store, counters.Key("1"), state.OpID("x"))
	assert.ErrorContains(t, err, "used for another operation")
	_, err = state.Upsert(t.Context(), store, counters.Key("1"), increment, state.OpID("x"))
	assert.ErrorContains(t, err, "used for another operation")
	for _, id := range []string{"", strings.Repeat("x", 257)} {
		assert.ErrorIs(t, counters.Key("1").Set(t.Context(), store, 1, state.OpID(id)), state.ErrInvalidKey)
	}
	require.NoError(t, counters.Key("1").Set(t.Context(), store, 4, state.OpID("a:b{c}*")))
})

var _ = conform("many values are set once under one id", func(t *testing.T, b bench) {
	store := b.all(t)
	values := []state.KeyValue[int]{pair(counters.Key("1"), 1), pair(counters.Key("2"), 2)}
	for range 2 {
		_, err := state.SetMany(t.Context(), store, values, state.OpID("x"))
		require.NoError(t, err)
		_, err = state.Update(t.Context(), store, counters.Key("2"), increment)
		require.NoError(t, err)
	}
	n, err := counters.Key("2").Get(t.Context(), store)
	require.NoError(t, err)
	assert.Equal(t, 4, n)
})
