package state_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
)

var (
	accounts = state.Define("account:{<bank>}:<id>", state.FamilyOptions[int]{TTL: time.Hour})
	journal  = state.Define("journal:{<bank>}", state.FamilyOptions[[]string]{Persist: "the books"})
)

func transfer(from, to string, amount int) func(context.Context, *state.Tx) error {
	return func(ctx context.Context, tx *state.Tx) error {
		for id, by := range map[string]int{from: -amount, to: amount} {
			if _, err := state.Update(ctx, tx, accounts.Key("b", id), func(n *int) error { *n += by; return nil }); err != nil {
				return err
			}
		}
		return nil
	}
}

func balances(t *testing.T, store *state.Store, ids ...string) (all []int) {
	t.Helper()
	for _, id := range ids {
		n, err := accounts.Key("b", id).Get(t.Context(), store)
		require.NoError(t, err)
		all = append(all, n)
	}
	return all
}

var _ = conform("transactions keep what adds up", func(t *testing.T, b bench) {
	store := b.all(t)
	for _, id := range []string{"1", "2", "3"} {
		require.NoError(t, accounts.Key("b", id).Set(t.Context(), store, 100))
	}
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			for j := range 5 {
				from, to := 1+(i+j)%3, 1+(i+j+1)%3
				assert.NoError(t, store.Atomically(t.Context(), transfer(strconv.Itoa(from), strconv.Itoa(to), i+1)))
			}
		})
	}
	wg.Wait()
	sum := 0
	for _, n := range balances(t, store, "1", "2", "3") {
		sum += n
	}
	assert.Equal(t, 300, sum)
	left, err := state.TimeToLive(t.Context(), store, accounts.Key("b", "1"))
	require.NoError(t, err)
	assert.InDelta(t, time.Hour, left, float64(10*time.Second))
})

var _ = conform("a transaction sees what it wrote and others see nothing before its end", func(t *testing.T, b bench) {
	store := b.all(t)
	require.NoError(t, accounts.Key("b", "old").Set(t.Context(), store, 5, state.TTL(time.Minute)))
	err := store.Atomically(t.Context(), func(ctx context.Context, tx *state.Tx) error {
		one, old := accounts.Key("b", "1"), accounts.Key("b", "old")
		_, err := one.Get(ctx, tx)
		assert.ErrorIs(t, err, state.ErrNotFound)
		require.NoError(t, one.Set(ctx, tx, 1))
		assert.ErrorIs(t, state.SetIfAbsent(ctx, tx, one, 2), state.ErrExists)
		require.NoError(t, state.Replace(ctx, tx, one, 3))
		n, err := one.Get(ctx, tx)
		require.NoError(t, err)
		assert.Equal(t, 3, n)
		left, err := state.TimeToLive(ctx, tx, one)
		require.NoError(t, err)
		assert.Equal(t, time.Hour, left)

		before, found, err := state.Swap(ctx, tx, old, 6, state.KeepTTL())
		require.NoError(t, err)
		assert.True(t, found)
		assert.Equal(t, 5, before)
		e, err := state.GetEntry(ctx, tx, old)
		require.NoError(t, err)
		assert.Equal(t, 6, e.Value)
		assert.InDelta(t, time.Minute, e.TTL, float64(10*time.Second))
		_, err = state.SetIf(ctx, tx, old, e.Token, 7, state.KeepTTL())
		require.NoError(t, err)
		_, err = state.SetIf(ctx, tx, old, e.Token, 8)
		assert.ErrorIs(t, err, state.ErrConflict)
		results, err := state.GetMany(ctx, tx, one, old, accounts.Key("b", "none"))
		require.NoError(t, err)
		assert.Equal(t, 3, results[0].Value)
		assert.Equal(t, 7, results[1].Value)
		assert.ErrorIs(t, results[2].Err, state.ErrNotFound)

		require.NoError(t, journal.Key("b").Set(ctx, tx, []string{"x"}))
		v, err := state.Take(ctx, tx, journal.Key("b"))
		require.NoError(t, err)
		assert.Equal(t, []string{"x"}, v)
		_, err = journal.Key("b").Get(ctx, tx)
		assert.ErrorIs(t, err, state.ErrNotFound)
		require.NoError(t, journal.Key("b").Set(ctx, tx, []string{"y"}))

		results, err = state.GetMany(t.Context(), store, one, old)
		require.NoError(t, err)
		assert.ErrorIs(t, results[0].Err, state.ErrNotFound)
		assert.Equal(t, 5, results[1].Value)
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, []int{3, 7}, balances(t, store, "1", "old"))
	left, err := state.TimeToLive(t.Context(), store, accounts.Key("b", "old"))
	require.NoError(t, err)
	assert.InDelta(t, time.Minute, left, float64(10*time.Second))
	books, err := journal.Key("b").Get(t.Context(), store)
	require.NoError(t, err)
	assert.Equal(t, []string{"y"}, books)
})

var _ = conform("a transaction orders TTLs as its calls do", func(t *testing.T, b bench) {
	store := b.all(t)
	one, two, three := accounts.Key("b", "1"), accounts.Key("b", "2"), accounts.Key("b", "3")
	for _, key := range []state.Key[int]{one, two, three} {
		require.NoError(t, key.Set(t.Context(), store, 1, state.TTL(time.Minute)))
	}
	require.NoError(t, store.Atomically(t.Context(), func(ctx context.Context, tx *state.Tx) error {
		require.NoError(t, state.Touch(ctx, tx, one, state.TTL(10*time.Minute)))
		_, err := state.Update(ctx, tx, one, increment)
		require.NoError(t, err)
		_, err = state.Update(ctx, tx, two, increment)
		require.NoError(t, err)
		require.NoError(t, state.Touch(ctx, tx, two, state.TTL(20*time.Minute)))
		require.NoError(t, three.Set(ctx, tx, 9, state.TTL(30*time.Minute)))
		_, err = state.Update(ctx, tx, three, increment)
		return err
	}))
	for key, want := range map[state.Key[int]]time.Duration{one: 10 * time.Minute, two: 20 * time.Minute, three: 30 * time.Minute} {
		left, err := state.TimeToLive(t.Context(), store, key)
		require.NoError(t, err)
		assert.InDelta(t, want, left, float64(10*time.Second))
	}
	assert.Equal(t, []int{2, 2, 10}, balances(t, store, "1", "2", "3"))
})

var _ = conform("a transaction that was overtaken runs again and one that always is says where", func(t *testing.T, b bench) {
	store := b.all(t)
	require.NoError(t, accounts.Key("b", "1").Set(t.Context(), store, 1))
	require.NoError(t, accounts.Key("b", "2").Set(t.Context(), store, 1))
	runs := 0
	require.NoError(t, store.Atomically(t.Context(), func(ctx context.Context, tx *state.Tx) error {
		n, err := accounts.Key("b", "1").Get(ctx, tx)
		require.NoError(t, err)
		if runs++; runs == 1 {
			require.NoError(t, accounts.Key("b", "1").Set(t.Context(), store, 5))
		}
		return accounts.Key("b", "2").Set(ctx, tx, n)
	}))
	assert.Equal(t, 2, runs)
	assert.Equal(t, []int{5, 5}, balances(t, store, "1", "2"))

	err := store.Atomically(t.Context(), func(ctx context.Context, tx *state.Tx) error {
		_, err := accounts.Key("b", "1").Get(ctx, tx)
		require.NoError(t, err)
		_, err = journal.Key("b").Get(ctx, tx)
		assert.ErrorIs(t, err, state.ErrNotFound)
		runs++
		require.NoError(t, journal.Key("b").Set(t.Context(), store, []string{strconv.Itoa(runs)}))
		require.NoError(t, remove(t.Context(), store, journal.Key("b"))) // and back again, which no token tells
		require.NoError(t, accounts.Key("b", "1").Set(t.Context(), store, runs))
		return accounts.Key("b", "2").Set(ctx, tx, -1)
	})
	require.ErrorIs(t, err, state.ErrConflict)
	conflict, ok := errors.AsType[*state.ConflictError](err)
	require.True(t, ok)
	assert.Equal(t, runs-2, conflict.Attempts)
	assert.Equal(t, []string{"account:{<bank>}:<id>"}, conflict.Families)
	assert.Equal(t, []string{b.prefix + "account:{b}:1"}, conflict.Keys())
	assert.Equal(t, 5, balances(t, store, "2")[0], "nothing was applied")
})

var _ = conform("a transaction that fails writes nothing", func(t *testing.T, b bench) {
	store := b.all(t)
	require.NoError(t, accounts.Key("b", "1").Set(t.Context(), store, 1))
	require.NoError(t, b.admin.RPush(t.Context(), b.prefix+"account:{b}:list", "x").Err())
	refusal := errors.New("no")
	err := store.Atomically(t.Context(), func(ctx context.Context, tx *state.Tx) error {
		require.NoError(t, accounts.Key("b", "1").Set(ctx, tx, 2))
		return refusal
	})
	assert.Same(t, refusal, err)

	err = store.Atomically(t.Context(), func(ctx context.Context, tx *state.Tx) error {
		require.NoError(t, accounts.Key("b", "1").Set(ctx, tx, 2))
		return accounts.Key("b", "list").Set(ctx, tx, 2)
	})
	assert.ErrorIs(t, err, state.ErrWrongType)
	assert.NotErrorIs(t, err, state.ErrUnknownOutcome)
	err = store.Atomically(t.Context(), func(ctx context.Context, tx *state.Tx) error {
		require.NoError(t, accounts.Key("b", "1").Set(ctx, tx, 2))
		return remove(ctx, tx, accounts.Key("b", "list"))
	})
	assert.ErrorIs(t, err, state.ErrWrongType)
	err = store.Atomically(t.Context(), func(ctx context.Context, tx *state.Tx) error {
		results, err := state.SetMany(ctx, tx, []state.KeyValue[int]{pair(accounts.Key("b", "1"), 2), pair(accounts.Key("", "1"), 2)})
		assert.Error(t, results[0])
		assert.ErrorIs(t, results[1], state.ErrInvalidKey)
		assert.Error(t, err)
		n, err := accounts.Key("b", "1").Get(ctx, tx)
		require.NoError(t, err)
		assert.Equal(t, 1, n, "all or nothing")
		return nil
	})
	require.NoError(t, err)
	assert.Equal(t, []int{1}, balances(t, store, "1"))
	n, err := b.admin.LLen(t.Context(), b.prefix+"account:{b}:list").Result()
	require.NoError(t, err)
	assert.Equal(t, int64(1), n)
})

var _ = conform("keys of a transaction share a hash tag", func(t *testing.T, b bench) {
	store := b.all(t)
	counted, sent := b.counting(t)
	silent := counted.all(t)
	plain := state.Define("plain:<id>", state.FamilyOptions[int]{TTL: time.Hour})
	for name, c := range map[string]struct {
		first, second state.Key[int]
		want          []string
	}{
		"no tag":      {counters.Key("1"), plain.Key("1"), []string{"counter:<id>", "plain:<id>", "no hash tag"}},
		"same family": {counters.Key("1"), counters.Key("2"), []string{"counter:<id>", "no hash tag"}},
		"one tag":     {accounts.Key("b", "1"), counters.Key("1"), []string{"counter:<id> has no hash tag"}},
		"two tags":    {accounts.Key("b", "1"), accounts.Key("c", "1"), []string{"different values in the braces"}},
	} {
		err := silent.Atomically(t.Context(), func(ctx context.Context, tx *state.Tx) error {
			require.NoError(t, c.first.Set(ctx, tx, 1))
			err := c.second.Set(ctx, tx, 1)
			assert.ErrorIs(t, err, state.ErrCrossSlot, name)
			return nil // swallowed, and still not committed
		})
		require.ErrorIs(t, err, state.ErrCrossSlot, name)
		for _, want := range c.want {
			assert.ErrorContains(t, err, want, name)
		}
	}
	assert.Zero(t, sent.Load())
	require.NoError(t, store.Atomically(t.Context(), func(ctx context.Context, tx *state.Tx) error {
		require.NoError(t, counters.Key("1").Set(ctx, tx, 1))
		_, err := state.Update(ctx, tx, counters.Key("1"), increment)
		return err
	}), "one key needs no tag")
	n, err := counters.Key("1").Get(t.Context(), store)
	require.NoError(t, err)
	assert.Equal(t, 2, n)
})

var _ = conform("nothing escapes a transaction", func(t *testing.T, b bench) {
	store := b.open(t, state.Options{EnableSet: true, EnableRemove: true, EnableScan: true})
	key := accounts.Key("b", "1")
	var kept *state.Tx
	var inner context.Context
	require.NoError(t, store.Atomically(t.Context(), func(ctx context.Context, tx *state.Tx) error {
		kept, inner = tx, ctx
		assert.ErrorIs(t, key.Set(ctx, store, 1), state.ErrOutsideTx)
		assert.ErrorIs(t, key.Set(ctx, store.Tenant("x"), 1), state.ErrOutsideTx)
		_, err := key.Get(ctx, store.ReadOnly())
		assert.ErrorIs(t, err, state.ErrOutsideTx)
		assert.ErrorIs(t, store.Atomically(ctx, func(context.Context, *state.Tx) error { return nil }), state.ErrOutsideTx)
		assert.ErrorIs(t, key.Set(ctx, tx, 1, state.OpID("x")), state.ErrInTx)
		assert.ErrorIs(t, key.Set(ctx, tx, 1, state.Replicated(1, time.Second)), state.ErrInTx)
		for _, err := range state.Keys(ctx, tx, accounts) {
			assert.ErrorIs(t, err, state.ErrInTx)
		}
		_, err = state.RemoveAll(ctx, tx, accounts)
		assert.ErrorIs(t, err, state.ErrInTx)
		return nil
	}))
	assert.ErrorIs(t, key.Set(t.Context(), kept, 1), state.ErrTxDone)
	_, err := key.Get(t.Context(), kept)
	assert.ErrorIs(t, err, state.ErrTxDone)
	require.NoError(t, key.Set(inner, store, 1), "the context is an ordinary one once the transaction has ended")

	limited := b.open(t, state.Options{})
	require.NoError(t, limited.Atomically(t.Context(), func(ctx context.Context, tx *state.Tx) error {
		assert.ErrorIs(t, key.Set(ctx, tx, 2), state.ErrSetDisabled)
		assert.ErrorIs(t, remove(ctx, tx, key), state.ErrRemoveDisabled)
		n, err := key.Get(ctx, tx)
		require.NoError(t, err)
		assert.Equal(t, 1, n)
		return nil
	}))
	var none *state.Tx
	assert.ErrorIs(t, key.Set(t.Context(), none, 1), state.ErrNoStore)
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v", kept, kept, kept), "account")
})

var _ = conform("what a transaction only read was true at one moment", func(t *testing.T, b bench) {
	store := b.all(t)
	one, two := accounts.Key("b", "1"), accounts.Key("b", "2")
	require.NoError(t, one.Set(t.Context(), store, 1))
	require.NoError(t, two.Set(t.Context(), store, 1))
	runs, seen := 0, [2]int{}
	require.NoError(t, store.Atomically(t.Context(), func(ctx context.Context, tx *state.Tx) (err error) {
		if seen[0], err = one.Get(ctx, tx); err != nil {
			return err
		}
		if runs++; runs == 1 {
			require.NoError(t, one.Set(t.Context(), store, 2))
			require.NoError(t, two.Set(t.Context(), store, 2))
		}
		seen[1], err = two.Get(ctx, tx)
		return err
	}))
	assert.Equal(t, [2]int{2, 2}, seen)
	assert.Equal(t, 2, runs)
})

var _ = conform("a transaction that is repeated with its id is not applied again", func(t *testing.T, b bench) {
	store := b.all(t)
	require.NoError(t, accounts.Key("b", "1").Set(t.Context(), store, 100))
	require.NoError(t, accounts.Key("b", "2").Set(t.Context(), store, 0))
	for range 3 {
		require.NoError(t, store.Atomically(t.Context(), func(ctx context.Context, tx *state.Tx) error {
			n, err := accounts.Key("b", "1").Get(ctx, tx)
			if err == nil && n < 60 {
				return errors.New("not enough left")
			}
			if err != nil {
				return err
			}
			return transfer("1", "2", 60)(ctx, tx)
		}, state.OpID("order 7")))
	}
	assert.Equal(t, []int{40, 60}, balances(t, store, "1", "2"))
	for range 3 {
		require.NoError(t, store.Atomically(t.Context(), func(ctx context.Context, tx *state.Tx) error {
			both, err := state.GetMany(ctx, tx, accounts.Key("b", "1"), accounts.Key("b", "2"))
			if err != nil {
				return err
			}
			if both[0].Value < 40 {
				return errors.New("not enough left")
			}
			return transfer("1", "2", 40)(ctx, tx)
		}, state.OpID("order 9")))
	}
	assert.Equal(t, []int{0, 100}, balances(t, store, "1", "2"))
	for range 3 {
		require.NoError(t, store.Atomically(t.Context(), func(ctx context.Context, tx *state.Tx) error {
			return counters.Key("1").Set(ctx, tx, 1) // no read that could find the receipt
		}, state.OpID("order 8")))
		_, err := state.Update(t.Context(), store, counters.Key("1"), increment)
		require.NoError(t, err)
	}
	n, err := counters.Key("1").Get(t.Context(), store)
	require.NoError(t, err)
	assert.Equal(t, 4, n)
	assert.ErrorIs(t, store.Atomically(t.Context(), transfer("1", "2", 1), state.OpID("")), state.ErrInvalidKey)
})
