package state_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
)

// changing changes a value each time after it was read, as often as it may.
type changing struct {
	counter
	change func(ctx context.Context)
	times  atomic.Int64
}

func (c *changing) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		c.after(ctx, cmd)
		return err
	}
}

func (c *changing) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		err := next(ctx, cmds)
		for _, cmd := range cmds {
			c.after(ctx, cmd)
		}
		return err
	}
}

func (c *changing) after(ctx context.Context, cmd redis.Cmder) {
	// The script that reads has a key and no arguments.
	if strings.HasPrefix(cmd.Name(), "eval") && len(cmd.Args()) == 4 && cmd.Err() == nil && c.times.Add(-1) >= 0 {
		c.change(ctx)
	}
}

var _ = conform("what is taken is what was removed", func(t *testing.T, b bench) {
	hooked, sent := b.counting(t)
	key, raw := sessions.Key("1"), b.prefix+"session:1"
	n := int64(0)
	hook := &changing{counter: counter{sent}, change: func(ctx context.Context) {
		n++
		require.NoError(t, b.admin.Set(ctx, raw, `{"user":"`+string(rune('a'+n))+`"}`, 0).Err())
	}}
	hooked.client.AddHook(hook)
	store := hooked.all(t)

	require.NoError(t, key.Set(t.Context(), store, session{User: "a"}))
	hook.times.Store(2)
	v, err := state.Take(t.Context(), store, key)
	require.NoError(t, err)
	assert.Equal(t, "c", v.User)
	_, err = key.Get(t.Context(), store)
	assert.ErrorIs(t, err, state.ErrNotFound)

	require.NoError(t, key.Set(t.Context(), store, session{User: "a"}))
	hook.times.Store(1 << 30)
	_, err = state.Take(t.Context(), store, key)
	assert.ErrorIs(t, err, state.ErrConflict)
	stored, err := b.admin.Exists(t.Context(), raw).Result()
	require.NoError(t, err)
	assert.Equal(t, int64(1), stored)
})

// fields is a value that two encodings of can be merged into one.
type fields struct {
	A string `json:"a,omitempty"`
	B string `json:"b,omitempty"`
}

var _ = conform("what is taken is one value and no mixture", func(t *testing.T, b bench) {
	family := state.Define("fields:<id>", state.FamilyOptions[fields]{TTL: time.Minute})
	hooked, sent := b.counting(t)
	key, raw := family.Key("1"), b.prefix+"fields:1"
	hook := &changing{counter: counter{sent}, change: func(ctx context.Context) {
		require.NoError(t, b.admin.Set(ctx, raw, `{"b":"second"}`, 0).Err())
	}}
	hooked.client.AddHook(hook)
	store := hooked.all(t)

	require.NoError(t, b.admin.Set(t.Context(), raw, `{"a":"first"}`, 0).Err())
	hook.times.Store(1)
	v, err := state.Take(t.Context(), store, key)
	require.NoError(t, err)
	assert.Equal(t, fields{B: "second"}, v)

	require.NoError(t, b.admin.Set(t.Context(), raw, `{"a":"first"}`, 0).Err())
	hook.change = func(ctx context.Context) { require.NoError(t, b.admin.Del(ctx, raw).Err()) }
	hook.times.Store(1)
	v, err = state.Take(t.Context(), store, key)
	assert.ErrorIs(t, err, state.ErrNotFound)
	assert.Zero(t, v, "somebody else got it")
})
