package state_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

// outcome is what a call returned, without what differs from one run to another.
func outcome(err error, values ...any) string {
	text := "nil"
	for _, known := range []error{state.ErrNotFound, state.ErrExists, state.ErrConflict, state.ErrInvalidTTL, state.ErrTooLarge} {
		if errors.Is(err, known) {
			text = known.Error()
		}
	}
	if _, ok := errors.AsType[*state.DecodeError](err); ok {
		text = "undecodable"
	}
	if err != nil && text == "nil" {
		text = err.Error()
	}
	return fmt.Sprintln(append(values, text)...)
}

// minutes rounds what is left of a TTL, which goes on running.
func minutes(d time.Duration) string {
	if d < 0 {
		return "for ever"
	}
	return fmt.Sprint((d + 30*time.Second).Truncate(time.Minute))
}

// calls are what may be done with one key, each with a number to choose by.
var calls = map[string]func(ctx context.Context, rw state.ReadWriteRemover, k state.Key[int], n int) string{
	"Get": func(ctx context.Context, rw state.ReadWriteRemover, k state.Key[int], _ int) string {
		e, err := state.GetEntry(ctx, rw, k) // a Get on a store slides
		return outcome(err, e.Value, e.Token, minutes(e.TTL))
	},
	"Set": func(ctx context.Context, rw state.ReadWriteRemover, k state.Key[int], n int) string {
		return outcome(k.Set(ctx, rw, n, settings(n)...))
	},
	"SetIfAbsent": func(ctx context.Context, rw state.ReadWriteRemover, k state.Key[int], n int) string {
		return outcome(state.SetIfAbsent(ctx, rw, k, n, settings(n)...))
	},
	"Replace": func(ctx context.Context, rw state.ReadWriteRemover, k state.Key[int], n int) string {
		return outcome(state.Replace(ctx, rw, k, n, settings(n)...))
	},
	"Swap": func(ctx context.Context, rw state.ReadWriteRemover, k state.Key[int], n int) string {
		old, found, err := state.Swap(ctx, rw, k, n, settings(n)...)
		return outcome(err, old, found)
	},
	"SetIf": func(ctx context.Context, rw state.ReadWriteRemover, k state.Key[int], n int) string {
		token, err := state.SetIf(ctx, rw, k, token(ctx, rw, k, n), n, settings(n)...)
		return outcome(err, token)
	},
	"Update": func(ctx context.Context, rw state.ReadWriteRemover, k state.Key[int], n int) string {
		v, err := state.Update(ctx, rw, k, func(v *int) error { *v += n % 2; return nil }, changes(n)...)
		return outcome(err, v)
	},
	"Upsert": func(ctx context.Context, rw state.ReadWriteRemover, k state.Key[int], n int) string {
		v, err := state.Upsert(ctx, rw, k, func(v *int) error { *v += n % 2; return nil }, changes(n)...)
		return outcome(err, v)
	},
	"Touch": func(ctx context.Context, rw state.ReadWriteRemover, k state.Key[int], n int) string {
		if n%2 == 0 {
			return outcome(state.Touch(ctx, rw, k, state.TTL(time.Duration(n+1)*20*time.Minute)))
		}
		return outcome(state.Touch(ctx, rw, k, state.TTL(10*time.Minute)))
	},
	"Take": func(ctx context.Context, rw state.ReadWriteRemover, k state.Key[int], _ int) string {
		v, err := state.Take(ctx, rw, k)
		return outcome(err, v)
	},
	"Remove": func(ctx context.Context, rw state.ReadWriteRemover, k state.Key[int], _ int) string {
		n, err := state.Remove(ctx, rw, k)
		return outcome(err, n)
	},
	"RemoveIf": func(ctx context.Context, rw state.ReadWriteRemover, k state.Key[int], n int) string {
		return outcome(state.RemoveIf(ctx, rw, k, token(ctx, rw, k, n)))
	},
	"Exists": func(ctx context.Context, rw state.ReadWriteRemover, k state.Key[int], _ int) string {
		exists, err := state.Exists(ctx, rw, k)
		return outcome(err, exists)
	},
	"SetMany": func(ctx context.Context, rw state.ReadWriteRemover, k state.Key[int], n int) string {
		errs, err := state.SetMany(ctx, rw, []state.KeyValue[int]{pair(k, n), pair(k, n+1)}, settings(n)...)
		return outcome(err, outcome(errs[0]), outcome(errs[1]))
	},
}

func settings(n int) []state.SetOption {
	return [][]state.SetOption{nil, {state.KeepTTL()}, {state.TTL(10 * time.Minute)}, {state.TTL(2 * time.Hour)}}[n]
}

func changes(n int) []state.UpdateOption {
	return [][]state.UpdateOption{nil, nil, {state.RefreshTTL()}, {state.TTL(2 * time.Hour)}}[n]
}

func token(ctx context.Context, r state.Reader, k state.Key[int], n int) state.Token {
	e, _ := state.GetEntry(ctx, r, k) // without a value it is that of absence
	if n == 3 {
		return state.Absent()
	}
	return e.Token
}

// TestATransactionDoesWhatAStoreDoes makes the same random calls on a store and in
// a transaction, and compares what they return and what they leave.
func TestATransactionDoesWhatAStoreDoes(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	families := []*state.Family[int]{
		state.Define("ttl:<id>", state.FamilyOptions[int]{TTL: 30 * time.Minute}),
		state.Define("kept:<id>", state.FamilyOptions[int]{Persist: "for the test"}),
		state.Define("slid:<id>", state.FamilyOptions[int]{TTL: 30 * time.Minute, Sliding: true}),
	}
	admin := redistest.Start(t).Client(t)
	store, err := state.New(admin, state.Options{EnableSet: true, EnableRemove: true, MaxValueBytes: 20})
	require.NoError(t, err)
	names := make([]string, 0, len(calls))
	for name := range calls {
		names = append(names, name)
	}
	stored := []struct {
		value string
		ttl   time.Duration
	}{{"5", time.Minute}, {"5", 3 * time.Hour}, {"5", 0}, {"", 0}, {"many", time.Minute}, {"123456789012345678901", time.Minute}}
	ctx := t.Context()
	for trial := range 2500 {
		key := families[trial%len(families)].Key("1")
		raw, err := key.Name(store)
		require.NoError(t, err)
		initial := random.IntN(len(stored) + 1)
		steps := make([]string, 1+random.IntN(4))
		numbers := make([]int, len(steps))
		for i := range steps {
			steps[i], numbers[i] = names[random.IntN(len(names))], random.IntN(4)
		}
		run := func(do func(step func(ctx context.Context, rw state.ReadWriteRemover) []string) []string) (outcomes []string) {
			require.NoError(t, admin.Del(ctx, raw).Err())
			if initial < len(stored) {
				require.NoError(t, admin.Set(ctx, raw, stored[initial].value, stored[initial].ttl).Err())
			}
			outcomes = do(func(ctx context.Context, rw state.ReadWriteRemover) (all []string) {
				for i, step := range steps {
					all = append(all, calls[step](ctx, rw, key, numbers[i]))
				}
				return all
			})
			left, err := admin.PTTL(ctx, raw).Result()
			require.NoError(t, err)
			return append(outcomes, admin.Get(ctx, raw).Val(), minutes(left))
		}
		want := run(func(step func(context.Context, state.ReadWriteRemover) []string) []string { return step(ctx, store) })
		got := run(func(step func(context.Context, state.ReadWriteRemover) []string) (all []string) {
			require.NoError(t, store.Atomically(ctx, func(ctx context.Context, tx *state.Tx) error {
				all = step(ctx, tx)
				return nil
			}))
			return all
		})
		require.Equal(t, want, got, "%v %v %v from %d", key, steps, numbers, initial)
	}
}

// A call that comes late, from a goroutine that the function left behind, is in the
// transaction or told that it is not.
func TestALateCallIsInTheTransactionOrTold(t *testing.T) {
	t.Parallel()
	store, err := state.New(redistest.Start(t).Client(t), state.Options{EnableSet: true, EnableRemove: true})
	require.NoError(t, err)
	one, late := accounts.Key("b", "1"), accounts.Key("b", "late")
	for range 200 {
		told := make(chan error, 1)
		require.NoError(t, store.Atomically(t.Context(), func(ctx context.Context, tx *state.Tx) error {
			go func() {
				_, _, err := state.Swap(ctx, tx, late, 1)
				told <- err
			}()
			time.Sleep(30 * time.Microsecond)
			return one.Set(ctx, tx, 1)
		}))
		exists, err := state.Exists(t.Context(), store, late)
		require.NoError(t, err)
		if err := <-told; err == nil {
			assert.True(t, exists)
		} else {
			assert.ErrorIs(t, err, state.ErrTxDone)
		}
		require.NoError(t, remove(t.Context(), store, late))
	}
}
