package state_test

import (
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
)

var _ = conform("conditional writes hold their condition", func(t *testing.T, b bench) {
	store := b.all(t)
	key := sessions.Key("1")
	require.NoError(t, state.SetIfAbsent(t.Context(), store, key, session{User: "first"}))
	assert.ErrorIs(t, state.SetIfAbsent(t.Context(), store, key, session{User: "second"}), state.ErrExists)
	v, err := key.Get(t.Context(), store)
	require.NoError(t, err)
	assert.Equal(t, "first", v.User)
	require.NoError(t, state.Replace(t.Context(), store, key, session{User: "third"}))
	v, err = key.Get(t.Context(), store)
	require.NoError(t, err)
	assert.Equal(t, "third", v.User)
	left, err := state.TimeToLive(t.Context(), store, key)
	require.NoError(t, err)
	assert.InDelta(t, 30*time.Minute, left, float64(10*time.Second))
})

var _ = conform("swap returns what was there", func(t *testing.T, b bench) {
	store := b.all(t)
	key := sessions.Key("1")
	_, found, err := state.Swap(t.Context(), store, key, session{User: "first"})
	require.NoError(t, err)
	assert.False(t, found)
	for _, opts := range [][]state.SetOption{nil, {state.KeepTTL()}} {
		old, found, err := state.Swap(t.Context(), store, key, session{User: "second"}, opts...)
		require.NoError(t, err)
		assert.True(t, found)
		assert.Equal(t, "first", old.User)
		old, found, err = state.Swap(t.Context(), store, key, session{User: "first"}, opts...)
		require.NoError(t, err)
		assert.True(t, found)
		assert.Equal(t, "second", old.User)
	}

	require.NoError(t, b.admin.Set(t.Context(), b.prefix+"session:1", "[]", 0).Err())
	_, found, err = state.Swap(t.Context(), store, key, session{User: "third"})
	_, ok := errors.AsType[*state.DecodeError](err)
	assert.True(t, ok, "%v", err)
	assert.False(t, found)
	v, err := key.Get(t.Context(), store)
	require.NoError(t, err)
	assert.Equal(t, "third", v.User)
})

var _ = conform("a value is taken once", func(t *testing.T, b bench) {
	store := b.all(t)
	key := sessions.Key("token")
	require.NoError(t, key.Set(t.Context(), store, session{User: "once"}))
	var taken, missing int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			v, err := state.Take(t.Context(), store, key)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil && v.User == "once":
				taken++
			case errors.Is(err, state.ErrNotFound):
				missing++
			default:
				t.Errorf("unexpected: %v", err)
			}
		})
	}
	wg.Wait()
	assert.Equal(t, 1, taken)
	assert.Equal(t, 15, missing)
})

var _ = conform("a value expires", func(t *testing.T, b bench) {
	store := b.all(t)
	key := sessions.Key("1")
	require.NoError(t, key.Set(t.Context(), store, session{}, state.TTL(20*time.Millisecond)))
	assert.Eventually(t, func() bool {
		_, err := key.Get(t.Context(), store)
		return errors.Is(err, state.ErrNotFound)
	}, 5*time.Second, 5*time.Millisecond)
})

var _ = conform("a call may ask for another TTL within bounds", func(t *testing.T, b bench) {
	store := b.all(t)
	capped := state.Define("capped:<id>", state.FamilyOptions[session]{TTL: time.Minute, Max: time.Hour})
	key := capped.Key("1")
	require.NoError(t, key.Set(t.Context(), store, session{}, state.TTL(time.Hour)))
	left, err := state.TimeToLive(t.Context(), store, key)
	require.NoError(t, err)
	assert.InDelta(t, time.Hour, left, float64(10*time.Second))
	require.NoError(t, state.Touch(t.Context(), store, key))
	left, err = state.TimeToLive(t.Context(), store, key)
	require.NoError(t, err)
	assert.InDelta(t, time.Minute, left, float64(10*time.Second))
	require.NoError(t, state.Touch(t.Context(), store, key, state.TTL(2*time.Minute)))
	left, err = state.TimeToLive(t.Context(), store, key)
	require.NoError(t, err)
	assert.InDelta(t, 2*time.Minute, left, float64(10*time.Second))

	for _, d := range []time.Duration{time.Hour + 1, 0, -1, time.Millisecond - 1, math.MinInt64} {
		assert.ErrorIs(t, key.Set(t.Context(), store, session{}, state.TTL(d)), state.ErrInvalidTTL, "%v", d)
		assert.ErrorIs(t, state.Touch(t.Context(), store, key, state.TTL(d)), state.ErrInvalidTTL, "%v", d)
	}
	assert.ErrorIs(t, state.SetIfAbsent(t.Context(), store, key, session{}, state.KeepTTL()), state.ErrInvalidTTL)
	assert.ErrorIs(t, key.Set(t.Context(), store, session{}, state.KeepTTL(), state.TTL(time.Minute)), state.ErrInvalidTTL)
})

var _ = conform("the longest TTL comes back as one", func(t *testing.T, b bench) {
	store := b.all(t)
	require.NoError(t, sessions.Key("1").Set(t.Context(), store, session{}, state.TTL(200*365*24*time.Hour)))
	left, err := state.TimeToLive(t.Context(), store, sessions.Key("1"))
	require.NoError(t, err)
	assert.Greater(t, left, 199*365*24*time.Hour)
})

var _ = conform("kept TTLs never make a value immortal", func(t *testing.T, b bench) {
	store := b.all(t)
	key := sessions.Key("1")
	raw := b.prefix + "session:1"
	left := func() time.Duration {
		d, err := state.TimeToLive(t.Context(), store, key)
		require.NoError(t, err)
		return d
	}
	writes := map[string]func(opts ...state.SetOption) error{
		"Set": func(opts ...state.SetOption) error { return key.Set(t.Context(), store, session{}, opts...) },
		"Swap": func(opts ...state.SetOption) error {
			_, _, err := state.Swap(t.Context(), store, key, session{}, opts...)
			return err
		},
		"SetMany": func(opts ...state.SetOption) error {
			_, err := state.SetMany(t.Context(), store, []state.KeyValue[session]{pair(key, session{})}, opts...)
			return err
		},
	}
	for name, write := range writes {
		require.NoError(t, b.admin.Del(t.Context(), raw).Err())
		require.NoError(t, write(state.KeepTTL()))
		assert.InDelta(t, 30*time.Minute, left(), float64(10*time.Second), "%s where nothing was stored", name)
		require.NoError(t, state.Touch(t.Context(), store, key, state.TTL(5*time.Minute)))
		require.NoError(t, write(state.KeepTTL()))
		assert.InDelta(t, 5*time.Minute, left(), float64(10*time.Second), "%s where five minutes were left", name)
		require.NoError(t, b.admin.Persist(t.Context(), raw).Err())
		require.NoError(t, write(state.KeepTTL()))
		assert.InDelta(t, 30*time.Minute, left(), float64(10*time.Second), "%s where the value had no TTL", name)
	}
	require.NoError(t, state.Touch(t.Context(), store, key, state.TTL(5*time.Minute)))
	require.NoError(t, state.Replace(t.Context(), store, key, session{}, state.KeepTTL()))
	assert.InDelta(t, 5*time.Minute, left(), float64(10*time.Second))
	require.NoError(t, key.Set(t.Context(), store, session{}))
	assert.InDelta(t, 30*time.Minute, left(), float64(10*time.Second))
})

var _ = conform("a family that persists has no TTL", func(t *testing.T, b bench) {
	store := b.all(t)
	kept := state.Define("position:<worker>", state.FamilyOptions[int64]{Persist: "resume points are few"})
	key := kept.Key("a")
	for _, opts := range [][]state.SetOption{nil, {state.KeepTTL()}} {
		require.NoError(t, key.Set(t.Context(), store, 7, opts...))
		left, err := state.TimeToLive(t.Context(), store, key)
		require.NoError(t, err)
		assert.Equal(t, state.NoTTL, left)
	}
	assert.ErrorIs(t, state.Touch(t.Context(), store, key), state.ErrInvalidTTL)
	require.NoError(t, key.Set(t.Context(), store, 7, state.TTL(time.Minute)))
	left, err := state.TimeToLive(t.Context(), store, key)
	require.NoError(t, err)
	assert.InDelta(t, time.Minute, left, float64(10*time.Second))
})

var _ = conform("jitter shortens and never lengthens", func(t *testing.T, b bench) {
	store := b.all(t)
	spread := state.Define("spread:<n:int>", state.FamilyOptions[int]{TTL: 100 * time.Hour, Jitter: 0.1})
	seen := map[time.Duration]bool{}
	for n := range 20 {
		require.NoError(t, spread.Key(n).Set(t.Context(), store, n))
		left, err := state.TimeToLive(t.Context(), store, spread.Key(n))
		require.NoError(t, err)
		assert.LessOrEqual(t, left, 100*time.Hour)
		assert.Greater(t, left, 90*time.Hour-time.Minute)
		seen[left.Round(time.Minute)] = true
	}
	assert.Greater(t, len(seen), 5, "the TTLs are all alike")
})

var _ = conform("set many says for each key whether it was stored", func(t *testing.T, b bench) {
	store := b.all(t)
	big := session{User: strings.Repeat("x", 1<<20)}
	results, err := state.SetMany(t.Context(), store, []state.KeyValue[session]{
		pair(sessions.Key("1"), session{User: "one"}),
		pair(sessions.Key(""), session{}),
		pair(sessions.Key("3"), big),
		pair(sessions.Key("4"), session{User: "four"}),
	}, state.TTL(time.Minute))
	assert.ErrorContains(t, err, "2 of 4 keys failed")
	require.Len(t, results, 4)
	assert.NoError(t, results[0])
	assert.ErrorIs(t, results[1], state.ErrInvalidKey)
	assert.ErrorIs(t, results[2], state.ErrTooLarge)
	assert.NoError(t, results[3])

	for id, want := range map[string]string{"1": "one", "4": "four"} {
		v, err := sessions.Key(id).Get(t.Context(), store)
		require.NoError(t, err)
		assert.Equal(t, want, v.User)
		left, err := state.TimeToLive(t.Context(), store, sessions.Key(id))
		require.NoError(t, err)
		assert.InDelta(t, time.Minute, left, float64(10*time.Second))
	}
})

var _ = conform("a value over the limit is neither written nor read", func(t *testing.T, b bench) {
	store := b.open(t, state.Options{EnableSet: true, EnableRemove: true, MaxValueBytes: 10})
	text := state.Define("text:<id>", state.FamilyOptions[string]{TTL: time.Minute})
	assert.NoError(t, text.Key("1").Set(t.Context(), store, "12345678"))
	assert.ErrorIs(t, text.Key("1").Set(t.Context(), store, "123456789"), state.ErrTooLarge)
	require.NoError(t, b.admin.Set(t.Context(), b.prefix+"text:1", `"123456789"`, 0).Err())
	_, err := text.Key("1").Get(t.Context(), store)
	assert.ErrorIs(t, err, state.ErrTooLarge)
	_, _, err = state.Swap(t.Context(), store, text.Key("2"), "123456789")
	assert.ErrorIs(t, err, state.ErrTooLarge)
	require.NoError(t, b.admin.Set(t.Context(), b.prefix+"text:2", `"123456789"`, 0).Err())
	_, found, err := state.Swap(t.Context(), store, text.Key("2"), "new")
	_, ok := errors.AsType[*state.DecodeError](err)
	assert.True(t, ok, "the new value is stored, so this is not ErrTooLarge: %v", err)
	assert.NotErrorIs(t, err, state.ErrTooLarge)
	assert.False(t, found)
	stored, err := text.Key("2").Get(t.Context(), store)
	require.NoError(t, err)
	assert.Equal(t, "new", stored)
	_, err = state.Take(t.Context(), store, text.Key("1"))
	assert.ErrorIs(t, err, state.ErrTooLarge)
	exists, err := state.Exists(t.Context(), store, text.Key("1"))
	require.NoError(t, err)
	assert.True(t, exists)
})

var _ = conform("a value that cannot be encoded is refused", func(t *testing.T, b bench) {
	counted, sent := b.counting(t)
	store := counted.all(t)
	number := state.Define("number:<id>", state.FamilyOptions[float64]{TTL: time.Minute})
	err := number.Key("1").Set(t.Context(), store, math.NaN())
	_, ok := errors.AsType[*state.EncodeError](err)
	assert.True(t, ok, "%v", err)
	err = sessions.Key("1").Set(t.Context(), store, session{User: "\xff"})
	_, ok = errors.AsType[*state.EncodeError](err)
	assert.True(t, ok, "%v", err)
	assert.Zero(t, sent.Load())
})

var _ = conform("remove takes keys of several families", func(t *testing.T, b bench) {
	store := b.all(t)
	other := state.Define("other:<n:int64>", state.FamilyOptions[int]{TTL: time.Minute})
	require.NoError(t, sessions.Key("1").Set(t.Context(), store, session{}))
	require.NoError(t, other.Key(int64(7)).Set(t.Context(), store, 7))
	removed, err := state.Remove(t.Context(), store, sessions.Key("1"), other.Key(int64(7)), sessions.Key("none"))
	require.NoError(t, err)
	assert.Equal(t, 2, removed)
	removed, err = state.Remove(t.Context(), store, sessions.Key("1"), sessions.Key(""))
	assert.ErrorIs(t, err, state.ErrInvalidKey)
	assert.Zero(t, removed)
})

var _ = conform("msgpack values come back", func(t *testing.T, b bench) {
	store := b.all(t)
	packed := state.Define("packed:<id>", state.FamilyOptions[session]{TTL: time.Minute, Codec: state.Msgpack()})
	want := session{User: "a", Cart: []string{"b", "c"}}
	require.NoError(t, packed.Key("1").Set(t.Context(), store, want))
	raw, err := b.admin.Get(t.Context(), b.prefix+"packed:1").Result()
	require.NoError(t, err)
	assert.Equal(t, "\x82\xa4user\xa1a\xa4cart\x92\xa1b\xa1c", raw)
	got, err := packed.Key("1").Get(t.Context(), store)
	require.NoError(t, err)
	assert.Equal(t, want, got)
	require.NoError(t, b.admin.Set(t.Context(), b.prefix+"packed:1", "\xdd\x02\xff\xff\xff", 0).Err())
	_, err = packed.Key("1").Get(t.Context(), store)
	_, ok := errors.AsType[*state.DecodeError](err)
	assert.True(t, ok, "%v", err)
})
