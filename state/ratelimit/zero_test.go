package ratelimit_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/ratelimit"
)

func TestAZeroLimiterHasNoStore(t *testing.T) {
	t.Parallel()
	var limiter ratelimit.Limiter[string]
	for name, call := range map[string]func(context.Context) error{
		"Allow":     func(ctx context.Context) error { _, err := limiter.Allow(ctx, subject); return err },
		"AllowN":    func(ctx context.Context) error { _, err := limiter.AllowN(ctx, subject, 2); return err },
		"AllowUpTo": func(ctx context.Context) error { _, err := limiter.AllowUpTo(ctx, subject, 2); return err },
		"AllowMany": func(ctx context.Context) error {
			ds, err := limiter.AllowMany(ctx, ratelimit.Request[string]{Subject: subject})
			assert.ErrorIs(t, ds[0].Err, state.ErrNoStore)
			return err
		},
		"Peek":  func(ctx context.Context) error { _, err := limiter.Peek(ctx, subject); return err },
		"Wait":  func(ctx context.Context) error { _, err := limiter.Wait(ctx, subject); return err },
		"WaitN": func(ctx context.Context) error { _, err := limiter.WaitN(ctx, subject, 2); return err },
		"Reserve": func(ctx context.Context) error {
			r, err := limiter.Reserve(ctx, subject, 1)
			back, refundErr := r.Refund(ctx)
			assert.NoError(t, refundErr)
			assert.False(t, back)
			return err
		},
		"Reset":            func(ctx context.Context) error { return limiter.Reset(ctx, subject) },
		"Reset of a limit": func(ctx context.Context) error { return limiter.Reset(ctx, subject, "w") },
		"With": func(context.Context) error {
			other, err := limiter.With(ratelimit.Window("w", 1, time.Second))
			assert.Nil(t, other)
			return err
		},
	} {
		require.NotPanics(t, func() { assert.ErrorIs(t, call(t.Context()), state.ErrNoStore, name) }, name)
	}
	assert.NotPanics(t, func() { assert.Empty(t, limiter.Limits()) })
}

func TestAZeroSemaphoreHasNoStore(t *testing.T) {
	t.Parallel()
	var s ratelimit.Semaphore[string]
	var p ratelimit.Permit
	for name, call := range map[string]func(context.Context) error{
		"TryAcquire": func(ctx context.Context) error { _, err := s.TryAcquire(ctx, "a"); return err },
		"Acquire":    func(ctx context.Context) error { _, err := s.Acquire(ctx, "a"); return err },
		"InUse":      func(ctx context.Context) error { _, err := s.InUse(ctx, "a"); return err },
		"Do": func(ctx context.Context) error {
			return s.Do(ctx, "a", func(context.Context, *ratelimit.Permit) error { return errors.New("without a permit") })
		},
		"Release": func(ctx context.Context) error {
			held, err := p.Release(ctx)
			assert.False(t, held)
			return err
		},
	} {
		require.NotPanics(t, func() { assert.ErrorIs(t, call(t.Context()), state.ErrNoStore, name) }, name)
	}
	assert.NotPanics(t, func() {
		ctx, cancel := p.Context(t.Context())
		defer cancel()
		assert.ErrorIs(t, context.Cause(ctx), ratelimit.ErrPermitLost)
		assert.Zero(t, p.Fence())
	})
	_, store := newServer(t)
	for name, f := range map[string]*ratelimit.SemaphoreFamily[string]{"no family": nil, "a zero family": {}} {
		_, err := ratelimit.NewSemaphore(store, f)
		assert.ErrorContains(t, err, "make one with DefineSemaphore", name)
	}
	_, err := ratelimit.NewSemaphore(nil, desks)
	assert.ErrorIs(t, err, state.ErrNoStore)
}

func TestALimiterNeedsAStoreAndAFamily(t *testing.T) {
	t.Parallel()
	_, store := newServer(t)
	one := family(ratelimit.Window("w", 1, time.Second))
	for name, s := range map[string]*state.Store{"no store": nil, "a zero store": {}} {
		limiter, err := ratelimit.New(s, one, ratelimit.Options{})
		assert.ErrorIs(t, err, state.ErrNoStore, name)
		assert.Nil(t, limiter, name)
	}
	for name, f := range map[string]*ratelimit.Family[string]{"no family": nil, "a zero family": {}} {
		limiter, err := ratelimit.New(store, f, ratelimit.Options{})
		assert.ErrorContains(t, err, "make one with Define", name)
		assert.Nil(t, limiter, name)
	}
}
