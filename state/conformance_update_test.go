package state_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
)

var counters = state.Define("counter:<id>", state.FamilyOptions[int]{TTL: time.Hour})

func increment(n *int) error {
	*n++
	return nil
}

var _ = conform("no update of many is lost", func(t *testing.T, b bench) {
	store := b.all(t)
	key := counters.Key("1")
	require.NoError(t, key.Set(t.Context(), store, 0))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 10 {
				_, err := state.Update(t.Context(), store, key, increment)
				assert.NoError(t, err)
			}
		})
	}
	wg.Wait()
	n, err := key.Get(t.Context(), store)
	require.NoError(t, err)
	assert.Equal(t, 80, n)
})

var _ = conform("an update keeps what is left of the TTL unless told otherwise", func(t *testing.T, b bench) {
	store := b.all(t)
	key := counters.Key("1")
	left := func() time.Duration {
		d, err := state.TimeToLive(t.Context(), store, key)
		require.NoError(t, err)
		return d
	}
	same := func(*int) error { return nil }
	require.NoError(t, key.Set(t.Context(), store, 1, state.TTL(time.Minute)))
	for name, c := range map[string]struct {
		change func(*int) error
		opts   []state.UpdateOption
		want   time.Duration
	}{
		"changed":              {increment, nil, time.Minute},
		"unchanged":            {same, nil, time.Minute},
		"changed, refreshed":   {increment, []state.UpdateOption{state.RefreshTTL()}, time.Hour},
		"unchanged, refreshed": {same, []state.UpdateOption{state.RefreshTTL()}, time.Hour},
		"changed, set":         {increment, []state.UpdateOption{state.TTL(5 * time.Minute)}, 5 * time.Minute},
		"unchanged, set":       {same, []state.UpdateOption{state.TTL(5 * time.Minute)}, 5 * time.Minute},
	} {
		require.NoError(t, state.Touch(t.Context(), store, key, state.TTL(time.Minute)))
		_, err := state.Update(t.Context(), store, key, c.change, c.opts...)
		require.NoError(t, err)
		assert.InDelta(t, c.want, left(), float64(10*time.Second), name)
	}

	require.NoError(t, b.admin.Persist(t.Context(), b.prefix+"counter:1").Err())
	_, err := state.Update(t.Context(), store, key, increment)
	require.NoError(t, err)
	assert.InDelta(t, time.Hour, left(), float64(10*time.Second), "what another client stored for ever")
	_, err = state.Update(t.Context(), store, key, increment, state.TTL(0))
	assert.ErrorIs(t, err, state.ErrInvalidTTL)
})

var _ = conform("an update extends the life of a sliding value and never shortens it", func(t *testing.T, b bench) {
	store := b.all(t)
	sliding := state.Define("slide:<id>", state.FamilyOptions[int]{TTL: time.Hour, Sliding: true})
	key := sliding.Key("1")
	for _, change := range []func(*int) error{increment, func(*int) error { return nil }} {
		for had, want := range map[time.Duration]time.Duration{time.Minute: time.Hour, 2 * time.Hour: 2 * time.Hour} {
			require.NoError(t, key.Set(t.Context(), store, 1, state.TTL(had)))
			_, err := state.Update(t.Context(), store, key, change)
			require.NoError(t, err)
			left, err := state.TimeToLive(t.Context(), store, key)
			require.NoError(t, err)
			assert.InDelta(t, want, left, float64(10*time.Second))
		}
	}
})

var _ = conform("an update of nothing is told so and an upsert begins with zero", func(t *testing.T, b bench) {
	store := b.all(t)
	key := counters.Key("1")
	_, err := state.Update(t.Context(), store, key, func(*int) error { t.Error("nothing to change"); return nil })
	assert.ErrorIs(t, err, state.ErrNotFound)
	n, err := state.Upsert(t.Context(), store, key, increment)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	n, err = state.Upsert(t.Context(), store, key, increment)
	require.NoError(t, err)
	assert.Equal(t, 2, n)
	left, err := state.TimeToLive(t.Context(), store, key)
	require.NoError(t, err)
	assert.InDelta(t, time.Hour, left, float64(10*time.Second))
	n, err = state.Upsert(t.Context(), store, counters.Key("zero"), func(*int) error { return nil })
	require.NoError(t, err)
	assert.Zero(t, n)
	exists, err := state.Exists(t.Context(), store, counters.Key("zero"))
	require.NoError(t, err)
	assert.True(t, exists, "an upsert stores even a zero value")
})

var _ = conform("an error of the function ends an update as it is", func(t *testing.T, b bench) {
	store := b.all(t)
	key := counters.Key("1")
	require.NoError(t, key.Set(t.Context(), store, 7))
	refusal := errors.New("no")
	_, err := state.Update(t.Context(), store, key, func(n *int) error { *n = 8; return refusal })
	assert.Same(t, refusal, err)
	n, err := key.Get(t.Context(), store)
	require.NoError(t, err)
	assert.Equal(t, 7, n)
})

var _ = conform("an update sees values that others wrote and leaves those it cannot read", func(t *testing.T, b bench) {
	store := b.all(t)
	key, raw := counters.Key("1"), b.prefix+"counter:1"
	require.NoError(t, b.admin.Set(t.Context(), raw, " 41 ", time.Minute).Err())
	n, err := state.Update(t.Context(), store, key, increment)
	require.NoError(t, err)
	assert.Equal(t, 42, n)

	require.NoError(t, b.admin.Set(t.Context(), raw, "many", time.Minute).Err())
	_, err = state.Update(t.Context(), store, key, increment)
	_, ok := errors.AsType[*state.DecodeError](err)
	assert.True(t, ok, "%v", err)
	_, err = state.Upsert(t.Context(), store, key, increment)
	_, ok = errors.AsType[*state.DecodeError](err)
	assert.True(t, ok, "%v", err)
	text, err := b.admin.Get(t.Context(), raw).Result()
	require.NoError(t, err)
	assert.Equal(t, "many", text)

	require.NoError(t, b.admin.Del(t.Context(), raw).Err())
	require.NoError(t, b.admin.RPush(t.Context(), raw, "x").Err())
	_, err = state.Update(t.Context(), store, key, increment)
	assert.ErrorIs(t, err, state.ErrWrongType)
	assert.NotErrorIs(t, err, state.ErrUnknownOutcome)
	_, err = state.SetIf(t.Context(), store, key, state.Absent(), 1)
	assert.ErrorIs(t, err, state.ErrConflict, "a list is not absence")
})

var _ = conform("an update that is always overtaken gives up and says how often it tried", func(t *testing.T, b bench) {
	store := b.all(t)
	key := counters.Key("1")
	require.NoError(t, key.Set(t.Context(), store, 0))
	ran := 0
	_, err := state.Update(t.Context(), store, key, func(n *int) error {
		ran++
		require.NoError(t, key.Set(t.Context(), store, ran))
		*n = -1
		return nil
	})
	require.ErrorIs(t, err, state.ErrConflict)
	conflict, ok := errors.AsType[*state.ConflictError](err)
	require.True(t, ok)
	assert.Equal(t, ran, conflict.Attempts)
	assert.Greater(t, ran, 10)
	n, err := key.Get(t.Context(), store)
	require.NoError(t, err)
	assert.Equal(t, ran, n)
})

var _ = conform("an update does not bring back what expired or was removed under it", func(t *testing.T, b bench) {
	store := b.all(t)
	key := counters.Key("1")
	require.NoError(t, key.Set(t.Context(), store, 1))
	_, err := state.Update(t.Context(), store, key, func(n *int) error {
		*n++
		return remove(t.Context(), store, key)
	})
	assert.ErrorIs(t, err, state.ErrNotFound)
	exists, err := state.Exists(t.Context(), store, key)
	require.NoError(t, err)
	assert.False(t, exists)
})

var _ = conform("an update that changes nothing writes nothing", func(t *testing.T, b bench) {
	store := b.all(t)
	key := counters.Key("1")
	require.NoError(t, key.Set(t.Context(), store, 1))
	_, err := state.Update(t.Context(), store, key, func(*int) error { return nil })
	require.NoError(t, err) // the scripts are known from here on
	counted, sent := b.counting(t)
	other := counted.all(t)
	require.NoError(t, other.Ping(t.Context())) // it is connected from here on
	sent.Store(0)
	n, err := state.Update(t.Context(), other, key, func(*int) error { return nil })
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	assert.Equal(t, int64(1), sent.Load(), "one command that reads")
})

var _ = conform("an entry has the token and what is left to live", func(t *testing.T, b bench) {
	store := b.all(t)
	key := counters.Key("1")
	e, err := state.GetEntry(t.Context(), store.ReadOnly(), key)
	assert.ErrorIs(t, err, state.ErrNotFound)
	assert.Equal(t, state.Absent(), e.Token)

	token, err := state.SetIf(t.Context(), store, key, e.Token, 1)
	require.NoError(t, err)
	e, err = state.GetEntry(t.Context(), store, key)
	require.NoError(t, err)
	assert.Equal(t, 1, e.Value)
	assert.Equal(t, token, e.Token)
	assert.InDelta(t, time.Hour, e.TTL, float64(10*time.Second))
	require.NoError(t, b.admin.Persist(t.Context(), b.prefix+"counter:1").Err())
	e, err = state.GetEntry(t.Context(), store, key)
	require.NoError(t, err)
	assert.Equal(t, state.NoTTL, e.TTL)

	require.NoError(t, b.admin.Set(t.Context(), b.prefix+"counter:1", "x", 0).Err())
	e, err = state.GetEntry(t.Context(), store, key)
	assert.Error(t, err)
	assert.Zero(t, e)
})

var _ = conform("a write with a token happens only on what the token names", func(t *testing.T, b bench) {
	store := b.all(t)
	key := counters.Key("1")
	require.NoError(t, key.Set(t.Context(), store, 1))
	e, err := state.GetEntry(t.Context(), store, key)
	require.NoError(t, err)

	second, err := state.SetIf(t.Context(), store, key, e.Token, 2, state.TTL(time.Minute))
	require.NoError(t, err)
	left, err := state.TimeToLive(t.Context(), store, key)
	require.NoError(t, err)
	assert.InDelta(t, time.Minute, left, float64(10*time.Second))
	for name, stale := range map[string]state.Token{"stale": e.Token, "absent": state.Absent(), "zero": {}} {
		_, err = state.SetIf(t.Context(), store, key, stale, 3)
		assert.ErrorIs(t, err, state.ErrConflict, name)
		assert.ErrorIs(t, state.RemoveIf(t.Context(), store, key, stale), state.ErrConflict, name)
	}
	require.NoError(t, state.RemoveIf(t.Context(), store, key, second))
	for name, token := range map[string]state.Token{"value": second, "zero": {}} {
		_, err = state.SetIf(t.Context(), store, key, token, 3)
		assert.ErrorIs(t, err, state.ErrConflict, "%s: what was removed must not come back", name)
		assert.ErrorIs(t, state.RemoveIf(t.Context(), store, key, token), state.ErrConflict, name)
	}
	assert.NoError(t, state.RemoveIf(t.Context(), store, key, state.Absent()))
	exists, err := state.Exists(t.Context(), store, key)
	require.NoError(t, err)
	assert.False(t, exists)
})

var _ = conform("only one of many writes with one token happens", func(t *testing.T, b bench) {
	store := b.all(t)
	var won atomic.Int64
	var wg sync.WaitGroup
	for i := range 16 {
		wg.Go(func() {
			_, err := state.SetIf(t.Context(), store, counters.Key("1"), state.Absent(), i)
			if err == nil {
				won.Add(1)
				return
			}
			assert.ErrorIs(t, err, state.ErrConflict)
		})
	}
	wg.Wait()
	assert.Equal(t, int64(1), won.Load())
})
