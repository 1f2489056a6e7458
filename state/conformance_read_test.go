package state_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
)

var sessions = state.Define("session:<userID>", state.FamilyOptions[session]{TTL: 30 * time.Minute})

var _ = conform("get returns what was set", func(t *testing.T, b bench) {
	store := b.all(t)
	want := session{User: "<é&\u2028>", Cart: []string{"a"}}
	key := sessions.Key("alice@example.com")
	require.NoError(t, key.Set(t.Context(), store, want))

	got, err := key.Get(t.Context(), store)
	require.NoError(t, err)
	assert.Equal(t, want, got)

	raw, err := b.admin.Get(t.Context(), b.prefix+"session:alice@example.com").Result()
	require.NoError(t, err)
	assert.Equal(t, "{\"user\":\"<é&\u2028>\",\"cart\":[\"a\"]}", raw)
	left, err := b.admin.PTTL(t.Context(), b.prefix+"session:alice@example.com").Result()
	require.NoError(t, err)
	assert.InDelta(t, 30*time.Minute, left, float64(10*time.Second))
})

// What values are read into is used again.
var _ = conform("a value that was read leaves nothing in the next", func(t *testing.T, b bench) {
	store := b.all(t)
	full, empty, broken := sessions.Key("full"), sessions.Key("empty"), sessions.Key("broken")
	want := session{User: "u", Cart: []string{"a", "b"}}
	require.NoError(t, full.Set(t.Context(), store, want))
	require.NoError(t, b.admin.Set(t.Context(), b.prefix+"session:empty", "{}", 0).Err())
	require.NoError(t, b.admin.Set(t.Context(), b.prefix+"session:broken", `{"user":"x","cart":1}`, 0).Err())
	for range 3 {
		first, err := full.Get(t.Context(), store)
		require.NoError(t, err)
		second, err := empty.Get(t.Context(), store)
		require.NoError(t, err)
		_, err = broken.Get(t.Context(), store)
		require.Error(t, err)
		third, _, err := state.Lookup(t.Context(), store, empty)
		require.NoError(t, err)
		looked, _, err := state.Lookup(t.Context(), store, full)
		require.NoError(t, err)
		assert.Equal(t, want, first)
		assert.Equal(t, want, looked)
		assert.Zero(t, second)
		assert.Zero(t, third)
	}
})

var _ = conform("a missing value is not found", func(t *testing.T, b bench) {
	store := b.all(t)
	key := sessions.Key("1")

	_, err := key.Get(t.Context(), store)
	assert.ErrorIs(t, err, state.ErrNotFound)
	assert.ErrorIs(t, err, redis.Nil)
	labelled, ok := errors.AsType[*state.Error](err)
	require.True(t, ok)
	assert.Equal(t, "Get", labelled.Op)
	assert.Equal(t, "session:<userID>", labelled.Family)
	assert.Equal(t, b.prefix+"session:1", labelled.Key())

	_, found, err := state.Lookup(t.Context(), store, key)
	assert.NoError(t, err)
	assert.False(t, found)
	exists, err := state.Exists(t.Context(), store, key)
	assert.NoError(t, err)
	assert.False(t, exists)
	_, err = state.TimeToLive(t.Context(), store, key)
	assert.ErrorIs(t, err, state.ErrNotFound)
	_, err = state.Take(t.Context(), store, key)
	assert.ErrorIs(t, err, state.ErrNotFound)
	assert.ErrorIs(t, state.Touch(t.Context(), store, key), state.ErrNotFound)
	assert.ErrorIs(t, state.Replace(t.Context(), store, key, session{}), state.ErrNotFound)
	assert.ErrorIs(t, state.Replace(t.Context(), store, key, session{}, state.KeepTTL()), state.ErrNotFound)
	assert.NoError(t, remove(t.Context(), store, key))
	exists, err = state.Exists(t.Context(), store, key)
	assert.NoError(t, err)
	assert.False(t, exists)
})

var _ = conform("lookup tells a value from none", func(t *testing.T, b bench) {
	store := b.all(t)
	require.NoError(t, sessions.Key("1").Set(t.Context(), store, session{}))
	v, found, err := state.Lookup(t.Context(), store, sessions.Key("1"))
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, session{}, v)
	exists, err := state.Exists(t.Context(), store, sessions.Key("1"))
	require.NoError(t, err)
	assert.True(t, exists)
})

var _ = conform("what is no value of the type is a decode error and stays", func(t *testing.T, b bench) {
	store := b.all(t)
	raw := b.prefix + "session:1"
	for _, stored := range []string{`{"user":7}`, `{"user":"a","cart":7}`, `{"user":"a","user":"b"}`, `{} x`, "", "{\"user\":\"\xff\"}"} {
		require.NoError(t, b.admin.Set(t.Context(), raw, stored, time.Minute).Err())
		key := sessions.Key("1")
		v, err := key.Get(t.Context(), store)
		assert.Zero(t, v, "%q", stored)
		_, ok := errors.AsType[*state.DecodeError](err)
		assert.True(t, ok, "%q: %v", stored, err)
		_, _, err = state.Lookup(t.Context(), store, key)
		assert.Error(t, err, "%q", stored)
		_, err = state.Take(t.Context(), store, key)
		_, ok = errors.AsType[*state.DecodeError](err)
		assert.True(t, ok, "%q: %v", stored, err)
		got, err := b.admin.Get(t.Context(), raw).Result()
		require.NoError(t, err)
		assert.Equal(t, stored, got)
	}
})

var _ = conform("another Redis type is an error and stays", func(t *testing.T, b bench) {
	store := b.all(t)
	raw := b.prefix + "session:1"
	require.NoError(t, b.admin.RPush(t.Context(), raw, "x").Err())
	key := sessions.Key("1")

	_, err := key.Get(t.Context(), store)
	assert.ErrorIs(t, err, state.ErrWrongType)
	_, err = state.Take(t.Context(), store, key)
	assert.ErrorIs(t, err, state.ErrWrongType)
	_, _, err = state.Swap(t.Context(), store, key, session{})
	assert.ErrorIs(t, err, state.ErrWrongType)
	_, _, err = state.Swap(t.Context(), store, key, session{}, state.KeepTTL())
	assert.ErrorIs(t, err, state.ErrWrongType)
	assert.ErrorIs(t, key.Set(t.Context(), store, session{}, state.KeepTTL()), state.ErrWrongType)
	_, err = store.GetState(t.Context(), "session:1")
	assert.ErrorIs(t, err, state.ErrWrongType)
	results, err := state.GetMany(t.Context(), store, key)
	assert.ErrorIs(t, err, state.ErrWrongType)
	assert.ErrorIs(t, results[0].Err, state.ErrWrongType)

	kind, err := b.admin.Type(t.Context(), raw).Result()
	require.NoError(t, err)
	assert.Equal(t, "list", kind)
})

var _ = conform("get many keeps the order and has a result for each key", func(t *testing.T, b bench) {
	store := b.all(t)
	require.NoError(t, sessions.Key("1").Set(t.Context(), store, session{User: "one"}))
	require.NoError(t, sessions.Key("2").Set(t.Context(), store, session{User: "two"}))
	require.NoError(t, b.admin.RPush(t.Context(), b.prefix+"session:list", "x").Err())

	results, err := state.GetMany(t.Context(), store, sessions.Key("2"), sessions.Key("none"), sessions.Key("1"), sessions.Key("2"))
	require.NoError(t, err, "a missing value is no error of the call")
	require.Len(t, results, 4)
	assert.Equal(t, "two", results[0].Value.User)
	assert.ErrorIs(t, results[1].Err, state.ErrNotFound)
	assert.Equal(t, "one", results[2].Value.User)
	assert.NoError(t, results[2].Err)
	assert.Equal(t, "two", results[3].Value.User)

	results, err = state.GetMany(t.Context(), store, sessions.Key("list"), sessions.Key(""), sessions.Key("1"))
	assert.ErrorContains(t, err, "2 of 3 keys failed")
	assert.ErrorIs(t, results[0].Err, state.ErrWrongType)
	assert.ErrorIs(t, results[1].Err, state.ErrInvalidKey)
	assert.Equal(t, "one", results[2].Value.User)

	results, err = state.GetMany[session](t.Context(), store)
	assert.NoError(t, err)
	assert.Empty(t, results)
})

var _ = conform("a long batch takes several round trips", func(t *testing.T, b bench) {
	if b.shares {
		return // a batch never shares, and the embedded server is slow with so many keys
	}
	store := b.all(t)
	var values []state.KeyValue[session]
	var keys []state.Key[session]
	for i := range 1000 {
		key := sessions.Key(string(rune('a'+i%26)) + time.Duration(i).String())
		keys = append(keys, key)
		values = append(values, pair(key, session{User: time.Duration(i).String()}))
	}
	stored, err := state.SetMany(t.Context(), store, values)
	require.NoError(t, err)
	for _, err := range stored {
		require.NoError(t, err)
	}
	results, err := state.GetMany(t.Context(), store, keys...)
	require.NoError(t, err)
	for i, r := range results {
		require.NoError(t, r.Err)
		require.Equal(t, time.Duration(i).String(), r.Value.User)
	}
})

var _ = conform("a sliding family lives on with each read", func(t *testing.T, b bench) {
	store := b.all(t)
	sliding := state.Define("slide:<id>", state.FamilyOptions[session]{TTL: time.Hour, Max: 24 * time.Hour, Sliding: true})
	key := sliding.Key("1")
	left := func() time.Duration {
		d, err := state.TimeToLive(t.Context(), store, key)
		require.NoError(t, err)
		return d
	}
	reads := map[string]func(r state.Reader) error{
		"Get":     func(r state.Reader) error { _, err := key.Get(t.Context(), r); return err },
		"Lookup":  func(r state.Reader) error { _, _, err := state.Lookup(t.Context(), r, key); return err },
		"GetMany": func(r state.Reader) error { _, err := state.GetMany(t.Context(), r, key); return err },
	}
	for name, read := range reads {
		require.NoError(t, key.Set(t.Context(), store, session{}, state.TTL(time.Minute)))
		require.NoError(t, read(b.open(t, state.Options{})))
		assert.LessOrEqual(t, left(), time.Minute, "%s where writing is not enabled", name)
		require.NoError(t, read(store.ReadOnly()))
		assert.LessOrEqual(t, left(), time.Minute, "%s through a view", name)
		require.NoError(t, read(store))
		assert.InDelta(t, time.Hour, left(), float64(10*time.Second), name)

		require.NoError(t, key.Set(t.Context(), store, session{}, state.TTL(24*time.Hour)))
		require.NoError(t, read(store))
		assert.InDelta(t, 24*time.Hour, left(), float64(10*time.Second), "%s must not cut a life short", name)
	}
	require.NoError(t, remove(t.Context(), store, key))
	_, err := key.Get(t.Context(), store)
	assert.ErrorIs(t, err, state.ErrNotFound)
})
