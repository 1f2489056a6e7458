package state_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
)

// operations calls every operation of the package on a store. The error of each
// is under its name.
func operations(ctx context.Context, s *state.Store) map[string]error {
	key := sessions.Key("1")
	errs := map[string]error{}
	_, errs["Get"] = key.Get(ctx, s)
	_, _, errs["Lookup"] = state.Lookup(ctx, s, key)
	_, errs["Exists"] = state.Exists(ctx, s, key)
	_, errs["TTL"] = state.TimeToLive(ctx, s, key)
	_, errs["GetMany"] = state.GetMany(ctx, s, key)
	_, errs["GetState"] = s.GetState(ctx, "session:1")
	errs["Set"] = key.Set(ctx, s, session{})
	errs["SetIfAbsent"] = state.SetIfAbsent(ctx, s, key, session{})
	errs["Replace"] = state.Replace(ctx, s, key, session{})
	errs["Touch"] = state.Touch(ctx, s, key)
	_, errs["SetMany"] = state.SetMany(ctx, s, []state.KeyValue[session]{pair(key, session{})})
	errs["SetState"] = s.SetState(ctx, "session:1", session{}, time.Minute)
	_, _, errs["Swap"] = state.Swap(ctx, s, key, session{})
	_, errs["Take"] = state.Take(ctx, s, key)
	errs["Remove"] = remove(ctx, s, key)
	_, errs["RemoveMany"] = state.Remove(ctx, s, key)
	_, errs["RemoveState"] = s.RemoveState(ctx, "session:1")
	return errs
}

var _ = conform("what is not allowed is refused before anything is sent", func(t *testing.T, b bench) {
	read := strings.Fields("Get Lookup Exists TTL GetMany GetState Swap Take")
	write := strings.Fields("Set SetIfAbsent Replace Touch SetMany SetState Swap")
	remove := strings.Fields("Remove RemoveMany RemoveState Take")
	for _, c := range []struct {
		options state.Options
		want    error
		refused []string
	}{
		{state.Options{EnableSet: true, EnableRemove: true, DisableGet: true}, state.ErrGetDisabled, read},
		{state.Options{EnableRemove: true}, state.ErrSetDisabled, write},
		{state.Options{EnableSet: true}, state.ErrRemoveDisabled, remove},
	} {
		counted, sent := b.counting(t)
		store := counted.open(t, c.options)
		refused := map[string]bool{}
		for name, err := range operations(t.Context(), store) {
			if errors.Is(err, c.want) {
				refused[name] = true
			}
		}
		want := map[string]bool{}
		for _, name := range c.refused {
			want[name] = true
		}
		assert.Equal(t, want, refused, "%v", c.want)

		// The allowed ones were sent; now allow nothing at all.
		sent.Store(0)
		nothing := counted.open(t, state.Options{DisableGet: true})
		for name, err := range operations(t.Context(), nothing) {
			assert.Error(t, err, name)
		}
		assert.Zero(t, sent.Load())
	}
})

var _ = conform("bad keys are refused before anything is sent", func(t *testing.T, b bench) {
	counted, sent := b.counting(t)
	store := counted.all(t)
	carts := state.Define("cart:{<tenant>}:<n:int8>:<ok:bool>:<id:[16]byte>:<t:time.Time>", state.FamilyOptions[int]{TTL: time.Minute})
	good := []any{"a", 7, true, [16]byte{}, time.Unix(0, 0)}
	with := func(i int, part any) []any {
		parts := append([]any{}, good...)
		parts[i] = part
		return parts
	}
	_, err := carts.Key(good...).Name(store)
	require.NoError(t, err)

	for reason, key := range map[string]state.Key[int]{
		"zero Key":              {},
		"5 parameters":          carts.Key("a", "b"),
		"<tenant> is empty":     carts.Key(with(0, "")...),
		"no string":             carts.Key(with(0, 7)...),
		"no int8":               carts.Key(with(1, 300)...),
		"no bool":               carts.Key(with(2, "true")...),
		"no [16]byte":           carts.Key(with(3, "x")...),
		"no time.Time":          carts.Key(with(4, nil)...),
		"no time.Time ":         carts.Key(with(4, (*time.Time)(nil))...),
		"<t> has a MarshalText": carts.Key(with(4, time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC))...),
		"MaxKeyBytes is 512":    carts.Key(with(0, strings.Repeat("x", 512))...),
	} {
		err := key.Set(t.Context(), store, 1)
		assert.ErrorIs(t, err, state.ErrInvalidKey)
		assert.ErrorContains(t, err, strings.TrimSpace(reason))
		_, err = key.Get(t.Context(), store)
		assert.ErrorIs(t, err, state.ErrInvalidKey)
		_, err = key.Name(store)
		assert.ErrorIs(t, err, state.ErrInvalidKey)
		_, err = state.Remove(t.Context(), store, key)
		assert.ErrorIs(t, err, state.ErrInvalidKey)
	}
	assert.Zero(t, sent.Load())
})

var _ = conform("tenants lie apart", func(t *testing.T, b bench) {
	store := b.all(t)
	key := sessions.Key("1")
	acme, other := store.Tenant("acme"), store.Tenant("a:{*}")
	require.NoError(t, key.Set(t.Context(), store, session{User: "root"}))
	require.NoError(t, key.Set(t.Context(), acme, session{User: "acme"}))
	for want, s := range map[string]*state.Store{"root": store, "acme": acme} {
		v, err := key.Get(t.Context(), s)
		require.NoError(t, err)
		assert.Equal(t, want, v.User)
	}
	_, err := key.Get(t.Context(), other)
	assert.ErrorIs(t, err, state.ErrNotFound)

	name, err := key.Name(other)
	require.NoError(t, err)
	assert.Equal(t, b.prefix+"~a%3A%7B%2A%7D:session:1", name)
	name, err = key.Name(acme.Tenant("b"))
	require.NoError(t, err)
	assert.Equal(t, b.prefix+"~acme:~b:session:1", name)
	_, err = key.Get(t.Context(), store.Tenant(""))
	assert.ErrorIs(t, err, state.ErrInvalidKey)
	_, err = store.Tenant("").GetState(t.Context(), "x")
	assert.ErrorIs(t, err, state.ErrInvalidKey)
})

var _ = conform("names without a family", func(t *testing.T, b bench) {
	store := b.all(t)
	require.NoError(t, store.SetState(t.Context(), "user:1", map[string]any{"name": "<a>"}, time.Minute))
	require.NoError(t, store.SetState(t.Context(), "nothing", nil, state.NoTTL))

	values, err := store.GetState(t.Context(), "user:1", "nothing", "missing")
	require.NoError(t, err)
	assert.Equal(t, map[string]json.RawMessage{"user:1": json.RawMessage(`{"name":"<a>"}`), "nothing": json.RawMessage("null")}, values)
	values, err = store.ReadOnly().GetState(t.Context(), "missing")
	require.NoError(t, err)
	assert.Empty(t, values)

	left, err := b.admin.PTTL(t.Context(), b.prefix+"user:1").Result()
	require.NoError(t, err)
	assert.InDelta(t, time.Minute, left, float64(10*time.Second))
	left, err = b.admin.PTTL(t.Context(), b.prefix+"nothing").Result()
	require.NoError(t, err)
	assert.Equal(t, time.Duration(-1), left)

	removed, err := store.RemoveState(t.Context(), "user:1", "nothing", "missing")
	require.NoError(t, err)
	assert.Equal(t, 2, removed)

	require.NoError(t, b.admin.Set(t.Context(), b.prefix+"broken", "{", 0).Err())
	_, err = store.GetState(t.Context(), "broken")
	_, ok := errors.AsType[*state.DecodeError](err)
	assert.True(t, ok, "%v", err)

	for _, d := range []time.Duration{0, -2, time.Microsecond} {
		assert.ErrorIs(t, store.SetState(t.Context(), "x", 1, d), state.ErrInvalidTTL)
	}
	for _, name := range []string{"", "a b", "a\n", "a*", "a?", "[a]", `a\b`, "~acme:x", "__x", "a:__x", "\xff", strings.Repeat("x", 513)} {
		assert.ErrorIs(t, store.SetState(t.Context(), name, 1, time.Minute), state.ErrInvalidKey, "%q", name)
		_, err := store.GetState(t.Context(), name)
		assert.ErrorIs(t, err, state.ErrInvalidKey, "%q", name)
		_, err = store.RemoveState(t.Context(), "fine", name)
		assert.ErrorIs(t, err, state.ErrInvalidKey, "%q", name)
	}
})

// recorder is an observer that keeps what it is told.
type recorder struct {
	operations []state.Operation
	outcomes   []state.Outcome
}

type recorderKey struct{}

func (r *recorder) Begin(ctx context.Context, op state.Operation) (context.Context, func(state.Outcome)) {
	r.operations = append(r.operations, op)
	return context.WithValue(ctx, recorderKey{}, true), func(o state.Outcome) { r.outcomes = append(r.outcomes, o) }
}

var _ = conform("an observer is told of every operation", func(t *testing.T, b bench) {
	var seen recorder
	store := b.open(t, state.Options{EnableSet: true, Observer: &seen})
	key := sessions.Key("1")
	require.NoError(t, key.Set(t.Context(), store, session{User: "a"}))
	_, err := key.Get(t.Context(), store)
	require.NoError(t, err)
	_, err = state.GetMany(t.Context(), store, key, sessions.Key("2"))
	require.NoError(t, err)
	require.Error(t, remove(t.Context(), store, key))

	assert.Equal(t, []state.Operation{
		{Name: "Set", Family: "session:<userID>", Keys: 1},
		{Name: "Get", Family: "session:<userID>", Keys: 1},
		{Name: "GetMany", Family: "session:<userID>", Keys: 2},
		{Name: "Remove", Family: "session:<userID>", Keys: 1},
	}, seen.operations)
	size := len(`{"user":"a","cart":null}`)
	for i, want := range []int{size, size, size, 0} {
		assert.Equal(t, want, seen.outcomes[i].Bytes, "%d", i)
		assert.Positive(t, seen.outcomes[i].Duration)
	}
	assert.NoError(t, seen.outcomes[2].Err)
	assert.ErrorIs(t, seen.outcomes[3].Err, state.ErrRemoveDisabled)

	seen = recorder{}
	for _, err := range operations(t.Context(), b.open(t, state.Options{EnableSet: true, EnableRemove: true, Observer: &seen})) {
		_ = err
	}
	assert.Len(t, seen.operations, 17)
	assert.Len(t, seen.outcomes, 17)
})

var _ = conform("a context that is done sends nothing", func(t *testing.T, b bench) {
	counted, sent := b.counting(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, err := range operations(ctx, counted.all(t)) {
		assert.ErrorIs(t, err, context.Canceled, name)
		assert.NotErrorIs(t, err, state.ErrUnknownOutcome, name)
	}
	assert.Zero(t, sent.Load())

	why := errors.New("shutting down")
	ctx, cancelCause := context.WithCancelCause(t.Context())
	cancelCause(why)
	_, err := sessions.Key("1").Get(ctx, counted.all(t))
	assert.ErrorIs(t, err, context.Canceled)
	assert.ErrorIs(t, err, why)
})

// lateCancel cancels a context while a batch is prepared.
type lateCancel struct{ cancel func() }

func (c lateCancel) MarshalJSON() ([]byte, error)  { c.cancel(); return []byte("1"), nil }
func (c *lateCancel) UnmarshalJSON(_ []byte) error { return nil }

var _ = conform("a batch that was not sent says so", func(t *testing.T, b bench) {
	counted, sent := b.counting(t)
	ctx, cancel := context.WithCancel(t.Context())
	late := state.Define("late:<id>", state.FamilyOptions[lateCancel]{TTL: time.Minute})
	errs, err := state.SetMany(ctx, counted.all(t), []state.KeyValue[lateCancel]{pair(late.Key("1"), lateCancel{cancel})})
	assert.ErrorIs(t, err, context.Canceled)
	assert.NotErrorIs(t, errs[0], state.ErrUnknownOutcome)
	assert.Zero(t, sent.Load())
})

var _ = conform("a closed store refuses everything and leaves the client open", func(t *testing.T, b bench) {
	counted, _ := b.counting(t)
	store := counted.all(t)
	tenant := store.Tenant("a")
	require.NoError(t, tenant.Close())
	require.NoError(t, store.Ping(t.Context()), "closing a tenant must not close the store")
	require.NoError(t, store.Close())
	require.NoError(t, store.Close())
	for name, err := range operations(t.Context(), store) {
		assert.ErrorIs(t, err, state.ErrClosed, name)
	}
	assert.ErrorIs(t, store.Ping(t.Context()), state.ErrClosed)
	assert.ErrorIs(t, tenant.Ping(t.Context()), state.ErrClosed)
	assert.NoError(t, counted.client.Ping(t.Context()).Err())
})

var _ = conform("a closed client is a closed store", func(t *testing.T, b bench) {
	counted, _ := b.counting(t)
	store := counted.all(t)
	require.NoError(t, store.Client().Close())
	for name, err := range operations(t.Context(), store) {
		assert.ErrorIs(t, err, state.ErrClosed, name)
		assert.NotErrorIs(t, err, state.ErrUnknownOutcome, name)
	}
})
