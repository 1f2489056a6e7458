package state_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
)

var carts = state.Define("cart:<tenant>:<n:int>:<kind>", state.FamilyOptions[string]{TTL: time.Hour})

func scanning(t *testing.T, b bench) *state.Store {
	return b.open(t, state.Options{EnableSet: true, EnableRemove: true, EnableScan: true})
}

func fill(t *testing.T, store *state.Store) {
	t.Helper()
	var values []state.KeyValue[string]
	for _, tenant := range []string{"a", "b*", "a:b"} {
		for n := range 100 {
			values = append(values, pair(carts.Key(tenant, n, "x"), fmt.Sprint(tenant, n)))
		}
	}
	_, err := state.SetMany(t.Context(), store, values)
	require.NoError(t, err)
}

var _ = conform("keys of a family are found and no others", func(t *testing.T, b bench) {
	store := scanning(t, b)
	fill(t, store)
	for _, foreign := range []string{"cart:a:1", "cart:a:1:x:y", "cart:a:01:x", "cart:a:one:x", "cart:%61:1:x", "carts:a:1:x"} {
		require.NoError(t, b.admin.Set(t.Context(), b.prefix+foreign, "1", 0).Err())
	}
	require.NoError(t, carts.Key("a", 1, "x").Set(t.Context(), store.Tenant("other"), "1"))
	for _, c := range []struct {
		fixed []any
		want  int
	}{
		{nil, 300},
		{[]any{"a"}, 100},
		{[]any{"b*"}, 100},
		{[]any{"a:b", 7}, 1},
		{[]any{state.Any, 7}, 3},
		{[]any{state.Any, 0, "x"}, 3},
		{[]any{state.Any, state.Any, "y"}, 0},
		{[]any{"a", 7, "x"}, 1},
	} {
		seen := map[state.Key[string]]bool{}
		for key, err := range state.Keys(t.Context(), store, carts, c.fixed...) {
			require.NoError(t, err)
			seen[key] = true
		}
		assert.Len(t, seen, c.want, "%v", c.fixed)
	}
	seen := map[state.Key[string]]bool{}
	for key, err := range state.Keys(t.Context(), store, carts, "a:b", 7) {
		require.NoError(t, err)
		seen[key] = true
	}
	assert.True(t, seen[carts.Key("a:b", 7, "x")], "what is parsed is the key that was made")
})

var _ = conform("all values of a family come with their keys", func(t *testing.T, b bench) {
	store := scanning(t, b)
	fill(t, store)
	require.NoError(t, b.admin.Set(t.Context(), b.prefix+"cart:bad:1:x", "{", 0).Err())
	require.NoError(t, b.admin.RPush(t.Context(), b.prefix+"cart:list:1:x", "{").Err())
	values := map[string]bool{}
	failed := map[state.Key[string]]error{}
	for found, err := range state.All(t.Context(), store, carts) {
		if err != nil {
			failed[found.Key] = err
			assert.Empty(t, found.Value)
			continue
		}
		values[found.Value] = true
	}
	assert.Len(t, values, 300)
	assert.Len(t, failed, 2)
	_, ok := errors.AsType[*state.DecodeError](failed[carts.Key("bad", 1, "x")])
	assert.True(t, ok)
	assert.ErrorIs(t, failed[carts.Key("list", 1, "x")], state.ErrWrongType)
})

var _ = conform("a walk ends with its loop", func(t *testing.T, b bench) {
	store := scanning(t, b)
	fill(t, store)
	n := 0
	for _, err := range state.All(t.Context(), store, carts) {
		require.NoError(t, err)
		if n++; n == 5 {
			break
		}
	}
	assert.Equal(t, 5, n)
})

var _ = conform("all values of a family are removed and no others", func(t *testing.T, b bench) {
	store := scanning(t, b)
	fill(t, store)
	require.NoError(t, counters.Key("1").Set(t.Context(), store, 1))
	removed, err := state.RemoveAll(t.Context(), store, carts, state.Any, 7)
	require.NoError(t, err)
	assert.Equal(t, 3, removed)
	removed, err = state.RemoveAll(t.Context(), store, carts)
	require.NoError(t, err)
	assert.Equal(t, 297, removed)
	assert.Equal(t, []string{b.prefix + "counter:1"}, b.stored(t))
})

var _ = conform("walking asks for a switch of its own", func(t *testing.T, b bench) {
	counted, sent := b.counting(t)
	store := counted.all(t)
	errs := func(s *state.Store, fixed ...any) (all []error) {
		for _, err := range state.Keys(t.Context(), s, carts, fixed...) {
			all = append(all, err)
		}
		for _, err := range state.All(t.Context(), s, carts, fixed...) {
			all = append(all, err)
		}
		_, err := state.RemoveAll(t.Context(), s, carts, fixed...)
		return append(all, err)
	}
	check := func(want error, got []error) {
		t.Helper()
		require.Len(t, got, 3)
		for _, err := range got {
			assert.ErrorIs(t, err, want)
		}
	}
	check(state.ErrScanDisabled, errs(store))
	scanner := counted.open(t, state.Options{EnableRemove: true, EnableScan: true})
	check(state.ErrInvalidKey, errs(scanner, ""))
	check(state.ErrInvalidKey, errs(scanner, "a", "seven"))
	check(state.ErrInvalidKey, errs(scanner, "a", 7, "x", "y"))
	check(state.ErrNoStore, errs(nil))
	assert.Zero(t, sent.Load())
})

// stored returns the names of all keys below the case's prefix, sorted.
func (b bench) stored(t *testing.T) []string {
	t.Helper()
	names := scanned(t, b.admin, b.prefix+"*")
	slices.Sort(names)
	return names
}
