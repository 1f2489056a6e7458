package state_test

import (
	"context"
	"crypto/sha1"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/listen"
	"github.com/typedstate/typedstate/state"
)

var (
	watched        = state.Define("watched:{<group>}:<id>", state.FamilyOptions[int]{TTL: time.Hour, Watch: true})
	watchedSliding = state.Define("watched-sliding:{<group>}:<id>", state.FamilyOptions[int]{TTL: time.Hour, Sliding: true, Watch: true})
	watchedForEver = state.Define("watched-forever:{<group>}:<id>", state.FamilyOptions[int]{Persist: "a test removes it", Watch: true})
	watchedAll     = state.Define("watched-all:{<group>}:<id>", state.FamilyOptions[int]{TTL: time.Hour, Watch: true})
	watchedSpread  = state.Define("watched-spread:<id>", state.FamilyOptions[int]{TTL: time.Hour, Watch: true})
	unwatched      = state.Define("unwatched:{<group>}:<id>", state.FamilyOptions[int]{TTL: time.Hour})
)

// ear hears what is announced of keys in one slot.
type ear struct {
	prefix string
	owner  *redis.Client
	sub    *redis.PubSub
}

// listen returns an ear for all keys with the prefix of the case that lie in the
// slot of key.
func (b bench) listen(t *testing.T, key string) *ear {
	t.Helper()
	e := &ear{prefix: b.prefix}
	switch admin := b.admin.(type) {
	case *redis.ClusterClient:
		owner, err := admin.MasterForKey(t.Context(), b.prefix+key)
		require.NoError(t, err)
		e.owner = owner
	case *redis.Client:
		e.owner = admin
	default:
		t.Fatalf("no owner of a key behind a %T", admin)
	}
	e.sub = e.owner.PSubscribe(t.Context(), listen.Channel(b.prefix+"*"))
	t.Cleanup(func() { _ = e.sub.Close() })
	_, err := e.sub.Receive(t.Context())
	require.NoError(t, err)
	return e
}

// heard returns what was announced since it was last called, each as the name of the
// key without the prefix and the word after it. What the owner announces last of all
// comes last.
func (e *ear) heard(t *testing.T) (all []string) {
	t.Helper()
	end := listen.Channel(e.prefix + "end")
	require.NoError(t, e.owner.Publish(t.Context(), end, "").Err())
	for {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		m, err := e.sub.ReceiveMessage(ctx)
		cancel()
		require.NoError(t, err)
		if m.Channel == end {
			return all
		}
		name := strings.TrimPrefix(strings.TrimSuffix(m.Channel, listen.Channel("")), e.prefix)
		all = append(all, name+" "+m.Payload)
	}
}

// announcement is what should be heard of a key: what is there, which is a number,
// "absent" or "ttl", and for how long. Where that is what was left, it is less by the
// time that the test takes.
type announcement struct {
	key   string
	state string
	life  time.Duration
	left  bool
}

// assertHeard compares what was heard, in any order, with what should be.
func assertHeard(t *testing.T, title string, want []announcement, heard []string) {
	t.Helper()
	if !assert.Len(t, heard, len(want), "%s: %q", title, heard) {
		return
	}
	slices.Sort(heard)
	slices.SortFunc(want, func(a, b announcement) int { return strings.Compare(a.key, b.key) })
	for i, w := range want {
		fields := strings.Split(heard[i], " ") // the key, the database, what is there, for how long, and when that was
		if !assert.Len(t, fields, 6, "%s: %q", title, heard[i]) {
			continue
		}
		expected := w.state
		if _, err := strconv.Atoi(w.state); err == nil {
			expected = fmt.Sprintf("%x", sha1.Sum([]byte(w.state)))
		}
		assert.Equal(t, w.key, fields[0], title)
		assert.Equal(t, "0", fields[1], title)
		assert.Equal(t, expected, fields[2], title)
		ms, err := strconv.ParseInt(fields[3], 10, 64)
		require.NoError(t, err, title)
		at, err := strconv.ParseInt(fields[4], 10, 64)
		require.NoError(t, err, title)
		assert.WithinDuration(t, time.Now(), time.Unix(at, 0), time.Minute, title)
		if !w.left {
			assert.Equal(t, w.life.Milliseconds(), ms, title)
			continue
		}
		assert.LessOrEqual(t, ms, w.life.Milliseconds(), title)
		assert.InDelta(t, w.life.Milliseconds(), ms, 20_000, title)
	}
}

// announcing is an operation on a key and what it announces.
type announcing struct {
	title  string
	before any           // the value, or nil
	life   time.Duration // of the value before; 0 is that of the family
	do     func(ctx context.Context, store *state.Store, key state.Key[int]) error
	fails  error  // what the operation returns
	state  string // "" where nothing is announced
	want   time.Duration
	left   bool
}

func keepAsIs(*int) error { return nil }

// rawText stores a string as it is.
type rawText struct{}

func (rawText) Append(dst []byte, v any) ([]byte, error) { return append(dst, *v.(*string)...), nil }
func (rawText) Decode(data []byte, v any) error          { *v.(*string) = string(data); return nil }

var errGivenUp = errors.New("given up")

// announcings are all operations on one key of a family that lives for an hour, in
// each form that sends another command.
func announcings() []announcing {
	type ctx = context.Context
	type store = *state.Store
	type key = state.Key[int]
	set := func(opts ...state.SetOption) func(ctx, store, key) error {
		return func(c ctx, s store, k key) error { return k.Set(c, s, 2, opts...) }
	}
	absent := func(opts ...state.SetOption) func(ctx, store, key) error {
		return func(c ctx, s store, k key) error { return state.SetIfAbsent(c, s, k, 2, opts...) }
	}
	replace := func(opts ...state.SetOption) func(ctx, store, key) error {
		return func(c ctx, s store, k key) error { return state.Replace(c, s, k, 2, opts...) }
	}
	swap := func(opts ...state.SetOption) func(ctx, store, key) error {
		return func(c ctx, s store, k key) error { _, _, err := state.Swap(c, s, k, 2, opts...); return err }
	}
	many := func(opts ...state.SetOption) func(ctx, store, key) error {
		return func(c ctx, s store, k key) error {
			_, err := state.SetMany(c, s, []state.KeyValue[int]{pair(k, 2)}, opts...)
			return err
		}
	}
	setIf := func(opts ...state.SetOption) func(ctx, store, key) error {
		return func(c ctx, s store, k key) error {
			e, err := state.GetEntry(c, s, k)
			if errors.Is(err, state.ErrNotFound) {
				e.Token = state.Absent()
			} else if err != nil {
				return err
			}
			_, err = state.SetIf(c, s, k, e.Token, 2, opts...)
			return err
		}
	}
	update := func(change func(*int) error, opts ...state.UpdateOption) func(ctx, store, key) error {
		return func(c ctx, s store, k key) error { _, err := state.Update(c, s, k, change, opts...); return err }
	}
	upsert := func(opts ...state.UpdateOption) func(ctx, store, key) error {
		return func(c ctx, s store, k key) error { _, err := state.Upsert(c, s, k, increment, opts...); return err }
	}
	touch := func(opts ...state.TouchOption) func(ctx, store, key) error {
		return func(c ctx, s store, k key) error { return state.Touch(c, s, k, opts...) }
	}
	take := func(opts ...state.RemoveOption) func(ctx, store, key) error {
		return func(c ctx, s store, k key) error { _, err := state.Take(c, s, k, opts...); return err }
	}
	removeIf := func(token func(state.Token) state.Token, opts ...state.RemoveOption) func(ctx, store, key) error {
		return func(c ctx, s store, k key) error {
			e, err := state.GetEntry(c, s, k)
			if err != nil && !errors.Is(err, state.ErrNotFound) {
				return err
			}
			return state.RemoveIf(c, s, k, token(e.Token), opts...)
		}
	}
	asFound := func(token state.Token) state.Token { return token }
	noToken := func(state.Token) state.Token { return state.Absent() }
	get := func(c ctx, s store, k key) error { _, err := k.Get(c, s); return err }
	tx := func(do func(ctx, *state.Tx, key) error, opts ...state.TxOption) func(ctx, store, key) error {
		return func(c ctx, s store, k key) error {
			return s.Atomically(c, func(c ctx, tx *state.Tx) error { return do(c, tx, k) }, opts...)
		}
	}
	const minute = time.Minute
	id := state.OpID("once")
	return []announcing{
		{title: "set", do: set(), state: "2", want: time.Hour},
		{title: "set again", before: 2, do: set(), state: "2", want: time.Hour},
		{title: "set, ttl", before: 1, do: set(state.TTL(minute)), state: "2", want: minute},
		{title: "set, keep", before: 1, life: minute, do: set(state.KeepTTL()), state: "2", want: minute, left: true},
		{title: "set, keep of nothing", do: set(state.KeepTTL()), state: "2", want: time.Hour, left: true},
		{title: "set, id", before: 1, do: set(id), state: "2", want: time.Hour},
		{title: "set, id, ttl", do: set(id, state.TTL(minute)), state: "2", want: minute},
		{title: "set, id, keep", before: 1, life: minute, do: set(id, state.KeepTTL()), state: "2", want: minute, left: true},

		{title: "absent", do: absent(), state: "2", want: time.Hour},
		{title: "absent, ttl", do: absent(state.TTL(minute)), state: "2", want: minute},
		{title: "absent, id", do: absent(id), state: "2", want: time.Hour},
		{title: "absent, present", before: 1, do: absent(), fails: state.ErrExists},
		{title: "absent, present, id", before: 1, do: absent(id), fails: state.ErrExists},

		{title: "replace", before: 1, do: replace(), state: "2", want: time.Hour},
		{title: "replace, ttl", before: 1, do: replace(state.TTL(minute)), state: "2", want: minute},
		{title: "replace, keep", before: 1, life: minute, do: replace(state.KeepTTL()), state: "2", want: minute, left: true},
		{title: "replace, id", before: 1, do: replace(id), state: "2", want: time.Hour},
		{title: "replace, nothing", do: replace(), fails: state.ErrNotFound},
		{title: "replace, nothing, keep", do: replace(state.KeepTTL()), fails: state.ErrNotFound},

		{title: "swap", before: 1, do: swap(), state: "2", want: time.Hour},
		{title: "swap, nothing", do: swap(), state: "2", want: time.Hour},
		{title: "swap, ttl", do: swap(state.TTL(minute)), state: "2", want: minute},
		{title: "swap, keep", before: 1, life: minute, do: swap(state.KeepTTL()), state: "2", want: minute, left: true},
		{title: "swap, id", before: 1, do: swap(id), state: "2", want: time.Hour},

		{title: "many", do: many(), state: "2", want: time.Hour},
		{title: "many, ttl", before: 1, do: many(state.TTL(minute)), state: "2", want: minute},
		{title: "many, keep", before: 1, life: minute, do: many(state.KeepTTL()), state: "2", want: minute, left: true},
		{title: "many, id", do: many(id), state: "2", want: time.Hour},

		{title: "set if", before: 1, do: setIf(), state: "2", want: time.Hour},
		{title: "set if, nothing", do: setIf(state.TTL(minute)), state: "2", want: minute},
		{title: "set if, keep", before: 1, life: minute, do: setIf(state.KeepTTL()), state: "2", want: minute, left: true},
		{title: "set if, id", before: 1, do: setIf(id), state: "2", want: time.Hour},
		{title: "set if, conflict", before: 1, fails: state.ErrConflict, do: func(c ctx, s store, k key) error {
			_, err := state.SetIf(c, s, k, state.Absent(), 2)
			return err
		}},

		{title: "update", before: 1, life: minute, do: update(increment), state: "2", want: minute, left: true},
		{title: "update, refresh", before: 1, life: minute, do: update(increment, state.RefreshTTL()), state: "2", want: time.Hour},
		{title: "update, ttl", before: 1, do: update(increment, state.TTL(minute)), state: "2", want: minute},
		{title: "update, id", before: 1, life: minute, do: update(increment, id), state: "2", want: minute, left: true},
		{title: "update, same", before: 1, do: update(keepAsIs)},
		{title: "update, same, id", before: 1, do: update(keepAsIs, id)},
		{title: "update, same, refresh", before: 1, life: minute, do: update(keepAsIs, state.RefreshTTL()), state: "ttl", want: time.Hour},
		{title: "update, same, ttl, id", before: 1, do: update(keepAsIs, state.TTL(minute), id), state: "ttl", want: minute},
		{title: "update, nothing", do: update(increment), fails: state.ErrNotFound},
		{title: "update, given up", before: 1, do: update(func(*int) error { return errGivenUp }), fails: errGivenUp},
		{title: "upsert", before: 1, life: minute, do: upsert(), state: "2", want: minute, left: true},
		{title: "upsert, nothing", do: upsert(), state: "1", want: time.Hour},
		{title: "upsert, nothing, ttl, id", do: upsert(id, state.TTL(minute)), state: "1", want: minute},

		{title: "touch", before: 1, life: minute, do: touch(), state: "ttl", want: time.Hour},
		{title: "touch, ttl", before: 1, do: touch(state.TTL(minute)), state: "ttl", want: minute},
		{title: "touch, id", before: 1, life: minute, do: touch(id), state: "ttl", want: time.Hour},
		{title: "touch, nothing", do: touch(), fails: state.ErrNotFound},
		{title: "touch, nothing, id", do: touch(id), fails: state.ErrNotFound},

		{title: "take", before: 1, do: take(), state: "absent"},
		{title: "take, id", before: 1, do: take(id), state: "absent"},
		{title: "take, nothing", do: take(), fails: state.ErrNotFound},
		{title: "remove", before: 1, do: func(c ctx, s store, k key) error { return remove(c, s, k) }, state: "absent"},
		{title: "remove, nothing", do: func(c ctx, s store, k key) error { return remove(c, s, k) }},
		{title: "remove if", before: 1, do: removeIf(asFound), state: "absent"},
		{title: "remove if, id", before: 1, do: removeIf(asFound, id), state: "absent"},
		{title: "remove if, conflict", before: 1, do: removeIf(noToken), fails: state.ErrConflict},
		{title: "remove if, nothing", do: removeIf(noToken)},

		{title: "get", before: 1, do: get},
		{title: "in a transaction, set", do: tx(func(c ctx, tx *state.Tx, k key) error { return k.Set(c, tx, 2) }), state: "2", want: time.Hour},
		{title: "in a transaction, set, id", do: tx(func(c ctx, tx *state.Tx, k key) error { return k.Set(c, tx, 2) }, id), state: "2", want: time.Hour},
		{title: "in a transaction, set twice", do: tx(func(c ctx, tx *state.Tx, k key) error {
			return errors.Join(k.Set(c, tx, 2), k.Set(c, tx, 3, state.TTL(minute)))
		}), state: "3", want: minute},
		{title: "in a transaction, keep", before: 1, life: minute, do: tx(func(c ctx, tx *state.Tx, k key) error {
			return k.Set(c, tx, 2, state.KeepTTL())
		}), state: "2", want: minute, left: true},
		{title: "in a transaction, update and touch", before: 1, life: minute, do: tx(func(c ctx, tx *state.Tx, k key) error {
			_, err := state.Update(c, tx, k, increment)
			return errors.Join(err, state.Touch(c, tx, k, state.TTL(2*minute)))
		}), state: "2", want: 2 * minute},
		{title: "in a transaction, touch", before: 1, do: tx(func(c ctx, tx *state.Tx, k key) error {
			return state.Touch(c, tx, k, state.TTL(minute))
		}), state: "ttl", want: minute},
		{title: "in a transaction, set and remove", before: 1, do: tx(func(c ctx, tx *state.Tx, k key) error {
			return errors.Join(k.Set(c, tx, 2), remove(c, tx, k))
		}), state: "absent"},
		{title: "in a transaction, set and remove of nothing", do: tx(func(c ctx, tx *state.Tx, k key) error {
			return errors.Join(k.Set(c, tx, 2), remove(c, tx, k))
		})},
		{title: "in a transaction, read only", before: 1, do: tx(func(c ctx, tx *state.Tx, k key) error {
			_, err := k.Get(c, tx)
			return err
		})},
		{title: "in a transaction, given up", before: 1, do: tx(func(c ctx, tx *state.Tx, k key) error {
			return errors.Join(k.Set(c, tx, 2), errGivenUp)
		}), fails: errGivenUp},
	}
}

// slidingAnnouncings are those that only a sliding family has.
func slidingAnnouncings() []announcing {
	update := func(change func(*int) error, opts ...state.UpdateOption) func(context.Context, *state.Store, state.Key[int]) error {
		return func(ctx context.Context, s *state.Store, k state.Key[int]) error {
			_, err := state.Update(ctx, s, k, change, opts...)
			return err
		}
	}
	return []announcing{
		{title: "extended", before: 1, life: time.Minute, do: update(increment), state: "2", want: time.Hour, left: true},
		{title: "longer already", before: 1, life: 2 * time.Hour, do: update(increment), state: "2", want: 2 * time.Hour, left: true},
		{title: "same, extended", before: 1, life: time.Minute, do: update(keepAsIs), state: "ttl", want: time.Hour},
		{title: "same, extended, id", before: 1, life: time.Minute, do: update(keepAsIs, state.OpID("x")), state: "ttl", want: time.Hour},
		{title: "same, longer already", before: 1, life: 2 * time.Hour, do: update(keepAsIs)},
		{title: "read", before: 1, life: time.Minute, do: func(ctx context.Context, s *state.Store, k state.Key[int]) error {
			_, err := k.Get(ctx, s)
			return err
		}},
	}
}

// foreverAnnouncings are those of a family whose values never expire.
func foreverAnnouncings() []announcing {
	type ctx = context.Context
	type store = *state.Store
	type key = state.Key[int]
	update := func(opts ...state.UpdateOption) func(ctx, store, key) error {
		return func(c ctx, s store, k key) error { _, err := state.Update(c, s, k, increment, opts...); return err }
	}
	set := func(opts ...state.SetOption) func(ctx, store, key) error {
		return func(c ctx, s store, k key) error { return k.Set(c, s, 2, opts...) }
	}
	return []announcing{
		{title: "set", do: set(), state: "2"},
		{title: "set, keep", before: 1, do: set(state.KeepTTL()), state: "2"},
		{title: "set, ttl", before: 1, do: set(state.TTL(time.Minute)), state: "2", want: time.Minute},
		{title: "swap", before: 1, do: func(c ctx, s store, k key) error { _, _, err := state.Swap(c, s, k, 2); return err }, state: "2"},
		{title: "update", before: 1, do: update(), state: "2"},
		{title: "update of what expires", before: 1, life: time.Minute, do: update(), state: "2", want: time.Minute, left: true},
		{title: "update, refresh", before: 1, life: time.Minute, do: update(state.RefreshTTL()), state: "2"},
		{title: "remove", before: 1, do: func(c ctx, s store, k key) error { return remove(c, s, k) }, state: "absent"},
	}
}

var _ = conform("each change is announced once with what is there now", func(t *testing.T, b bench) {
	store := b.all(t)
	e := b.listen(t, "{g}")
	for family, operations := range map[*state.Family[int]][]announcing{
		watched: announcings(), watchedSliding: slidingAnnouncings(), watchedForEver: foreverAnnouncings(),
	} {
		for i, a := range operations {
			key := family.Key("g", strconv.Itoa(i))
			name, err := key.Name(store)
			require.NoError(t, err)
			if a.before != nil {
				life := a.life
				if life == 0 && family != watchedForEver {
					life = time.Hour
				}
				require.NoError(t, b.admin.Set(t.Context(), name, a.before, life).Err())
			}
			var want []announcement
			if a.state != "" {
				want = append(want, announcement{strings.TrimPrefix(name, b.prefix), a.state, a.want, a.left})
			}
			title := strings.TrimPrefix(name, b.prefix) + ": " + a.title
			err = a.do(t.Context(), store, key)
			if a.fails == nil {
				require.NoError(t, err, title)
			} else {
				require.ErrorIs(t, err, a.fails, title)
			}
			assertHeard(t, title, want, e.heard(t))
		}
	}
})

var _ = conform("a call that is repeated with its id announces nothing", func(t *testing.T, b bench) {
	store := b.all(t)
	e := b.listen(t, "{g}")
	key := watched.Key("g", "1")
	name := "watched:{g}:1"
	for _, step := range []struct {
		do    func() error
		state string
		life  time.Duration
	}{
		{func() error { return key.Set(t.Context(), store, 1, state.OpID("set")) }, "1", time.Hour},
		{func() error {
			_, err := state.Update(t.Context(), store, key, increment, state.OpID("update"))
			return err
		}, "2", time.Hour},
		{func() error { return state.Touch(t.Context(), store, key, state.OpID("touch")) }, "ttl", time.Hour},
		{func() error {
			return store.Atomically(t.Context(), func(ctx context.Context, tx *state.Tx) error { return key.Set(ctx, tx, 3) }, state.OpID("tx"))
		}, "3", time.Hour},
		{func() error { _, err := state.Take(t.Context(), store, key, state.OpID("take")); return err }, "absent", 0},
	} {
		require.NoError(t, step.do())
		assertHeard(t, step.state, []announcement{{name, step.state, step.life, true}}, e.heard(t))
		require.NoError(t, step.do())
		assertHeard(t, step.state+" again", nil, e.heard(t))
	}
})

var _ = conform("a transaction announces each key that it changes once it commits", func(t *testing.T, b bench) {
	store := b.all(t)
	e := b.listen(t, "{g}")
	for id, value := range map[string]int{"set": 1, "kept": 1, "touched": 1, "removed": 1, "read": 1} {
		require.NoError(t, b.admin.Set(t.Context(), b.prefix+"watched:{g}:"+id, value, time.Minute).Err())
	}
	change := func(ctx context.Context, tx *state.Tx) error {
		_, err := watched.Key("g", "read").Get(ctx, tx)
		_, updated := state.Update(ctx, tx, watched.Key("g", "kept"), increment)
		return errors.Join(err, updated,
			watched.Key("g", "set").Set(ctx, tx, 7),
			state.Touch(ctx, tx, watched.Key("g", "touched")),
			remove(ctx, tx, watched.Key("g", "removed")),
			remove(ctx, tx, watched.Key("g", "missing")),
			unwatched.Key("g", "1").Set(ctx, tx, 1))
	}
	want := []announcement{
		{"watched:{g}:set", "7", time.Hour, false},
		{"watched:{g}:kept", "2", time.Minute, true},
		{"watched:{g}:touched", "ttl", time.Hour, false},
		{"watched:{g}:removed", "absent", 0, false},
	}
	require.NoError(t, store.Atomically(t.Context(), change, state.OpID("x")))
	assertHeard(t, "first", want, e.heard(t))
	require.NoError(t, store.Atomically(t.Context(), change, state.OpID("x")))
	assertHeard(t, "repeated", nil, e.heard(t))

	runs := 0
	require.NoError(t, store.Atomically(t.Context(), func(ctx context.Context, tx *state.Tx) error {
		if runs++; runs == 1 {
			defer func() { _ = b.admin.Set(t.Context(), b.prefix+"watched:{g}:set", 8, time.Minute).Err() }()
		}
		_, err := state.Update(ctx, tx, watched.Key("g", "set"), increment)
		return errors.Join(err, watched.Key("g", "beside").Set(ctx, tx, runs))
	}))
	assert.Equal(t, 2, runs)
	assertHeard(t, "after a conflict", []announcement{
		{"watched:{g}:set", "9", time.Minute, true},
		{"watched:{g}:beside", "2", time.Hour, false},
	}, e.heard(t))
})

var _ = conform("an update that is overtaken announces itself once", func(t *testing.T, b bench) {
	store := b.all(t)
	e := b.listen(t, "{g}")
	require.NoError(t, b.admin.Set(t.Context(), b.prefix+"watched:{g}:1", 1, time.Minute).Err())
	runs := 0
	_, err := state.Update(t.Context(), store, watched.Key("g", "1"), func(n *int) error {
		if runs++; runs == 1 {
			require.NoError(t, b.admin.Set(t.Context(), b.prefix+"watched:{g}:1", 5, time.Minute).Err())
		}
		*n++
		return nil
	})
	require.NoError(t, err)
	assertHeard(t, "update", []announcement{{"watched:{g}:1", "6", time.Minute, true}}, e.heard(t))
})

var _ = conform("removing many keys announces those that there were", func(t *testing.T, b bench) {
	store := b.open(t, state.Options{EnableSet: true, EnableRemove: true, EnableScan: true})
	e := b.listen(t, "{g}")
	fill := func() {
		for _, key := range []string{"watched:{g}:1", "unwatched:{g}:1", "watched-all:{g}:1", "watched-all:{g}:2"} {
			require.NoError(t, b.admin.Set(t.Context(), b.prefix+key, 1, time.Minute).Err())
		}
		require.NoError(t, b.admin.LPush(t.Context(), b.prefix+"watched-all:{g}:list", 1).Err())
	}
	want := []announcement{
		{"watched:{g}:1", "absent", 0, false}, {"watched-all:{g}:1", "absent", 0, false},
		{"watched-all:{g}:2", "absent", 0, false}, {"watched-all:{g}:list", "absent", 0, false},
	}
	fill()
	keys := []state.AnyKey{watched.Key("g", "1"), unwatched.Key("g", "1"), watched.Key("g", "2"),
		watchedAll.Key("g", "1"), watchedAll.Key("g", "2"), watchedAll.Key("g", "list")}
	n, err := state.Remove(t.Context(), store, keys...)
	require.NoError(t, err)
	assert.Equal(t, 5, n)
	assertHeard(t, "remove", slices.Clone(want), e.heard(t))

	fill()
	n, err = state.RemoveAll(t.Context(), store, watchedAll, "g")
	require.NoError(t, err)
	assert.Equal(t, 3, n)
	assertHeard(t, "remove all", slices.Clone(want[1:]), e.heard(t))
	n, err = state.RemoveAll(t.Context(), store, unwatched)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	assertHeard(t, "of a family that is not watched", nil, e.heard(t))

	require.NoError(t, store.SetState(t.Context(), "watched:{g}:1", 1, time.Minute))
	_, err = store.RemoveState(t.Context(), "watched:{g}:1")
	require.NoError(t, err)
	assertHeard(t, "without a family", nil, e.heard(t))
})

var _ = conform("many values in any slots announce themselves", func(t *testing.T, b bench) {
	store := b.all(t)
	var values []state.KeyValue[int]
	var ears []*ear
	for i := range 5 {
		values = append(values, pair(watchedSpread.Key(strconv.Itoa(i)), i))
		ears = append(ears, b.listen(t, "watched-spread:"+strconv.Itoa(i)))
	}
	_, err := state.SetMany(t.Context(), store, values)
	require.NoError(t, err)
	for i, e := range ears {
		key := "watched-spread:" + strconv.Itoa(i)
		// An owner also hears of the keys of others, over the bus and at any time.
		heard := slices.DeleteFunc(e.heard(t), func(one string) bool { return !strings.HasPrefix(one, key+" ") })
		assertHeard(t, key, []announcement{{key, strconv.Itoa(i), time.Hour, false}}, heard)
	}
})

var _ = conform("a watched write does what the plain one does", func(t *testing.T, b bench) {
	store := b.all(t)
	e := b.listen(t, "{g}")
	name := b.prefix + "watched:{g}:1"
	key := watched.Key("g", "1")
	list := func() {
		require.NoError(t, b.admin.Del(t.Context(), name).Err())
		require.NoError(t, b.admin.LPush(t.Context(), name, "x").Err())
	}
	list()
	_, _, err := state.Swap(t.Context(), store, key, 2)
	assert.ErrorIs(t, err, state.ErrWrongType)
	assert.NotErrorIs(t, err, state.ErrUnknownOutcome)
	assertHeard(t, "swap of a list", nil, e.heard(t))
	require.NoError(t, state.Touch(t.Context(), store, key))
	assertHeard(t, "touch of a list", []announcement{{"watched:{g}:1", "ttl", time.Hour, false}}, e.heard(t))
	require.NoError(t, key.Set(t.Context(), store, 3))
	assertHeard(t, "set over a list", []announcement{{"watched:{g}:1", "3", time.Hour, false}}, e.heard(t))
	list()
	n, err := state.Remove(t.Context(), store, key)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	assertHeard(t, "remove of a list", []announcement{{"watched:{g}:1", "absent", 0, false}}, e.heard(t))

	texts := state.Define("watched-text:{<group>}:<id>", state.FamilyOptions[string]{Persist: "a test", Watch: true, Codec: rawText{}})
	get := texts.Key("g", "1")
	require.NoError(t, get.Set(t.Context(), store, "get"))
	assert.Len(t, e.heard(t), 1)
	require.NoError(t, state.Replace(t.Context(), store, get, "get"))
	assert.Len(t, e.heard(t), 1)
	assert.ErrorIs(t, state.SetIfAbsent(t.Context(), store, get, "get"), state.ErrExists)
	assert.Empty(t, e.heard(t), "a value that reads as an option is none")
	old, found, err := state.Swap(t.Context(), store, get, "")
	require.NoError(t, err)
	assert.True(t, found)
	assert.Equal(t, "get", old)
	assert.Len(t, e.heard(t), 1)
	old, found, err = state.Swap(t.Context(), store, get, "x")
	require.NoError(t, err)
	assert.True(t, found, "an empty value is one")
	assert.Empty(t, old)
	assert.Len(t, e.heard(t), 1)
})
