package main

import (
	"context"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/ratelimit"
)

type limiter = ratelimit.Limiter[string]

// limitCalls are the calls of a limiter that clients make. A test puts a broken one in the
// place of one of them.
type limitCalls struct {
	open      func(*state.Store, *ratelimit.Family[string], *limitKind) (*limiter, error)
	allow     func(ctx context.Context, l *openLimiter, subject string, n int64, opts ...ratelimit.CallOption) (ratelimit.Decision, error)
	allowUpTo func(ctx context.Context, l *openLimiter, subject string, n int64, opts ...ratelimit.CallOption) (ratelimit.Decision, error)
	allowMany func(ctx context.Context, l *openLimiter, requests []ratelimit.Request[string]) ([]ratelimit.Decision, error)
	reserve   func(ctx context.Context, l *openLimiter, subject string, n int64, opts ...ratelimit.CallOption) (*ratelimit.Reservation, error)
	refund    func(ctx context.Context, l *openLimiter, subject string, r *ratelimit.Reservation, n int64) (bool, error)
}

var realLimitCalls = limitCalls{
	open: func(s *state.Store, f *ratelimit.Family[string], k *limitKind) (*limiter, error) {
		return ratelimit.New(s, f, ratelimit.Options{ReceiptTTL: k.receipts})
	},
	allow: func(ctx context.Context, l *openLimiter, subject string, n int64, opts ...ratelimit.CallOption) (ratelimit.Decision, error) {
		if n == 1 {
			return l.limiter.Allow(ctx, subject, opts...)
		}
		return l.limiter.AllowN(ctx, subject, n, opts...)
	},
	allowUpTo: func(ctx context.Context, l *openLimiter, subject string, n int64, opts ...ratelimit.CallOption) (ratelimit.Decision, error) {
		return l.limiter.AllowUpTo(ctx, subject, n, opts...)
	},
	allowMany: func(ctx context.Context, l *openLimiter, requests []ratelimit.Request[string]) ([]ratelimit.Decision, error) {
		return l.limiter.AllowMany(ctx, requests...)
	},
	reserve: func(ctx context.Context, l *openLimiter, subject string, n int64, opts ...ratelimit.CallOption) (*ratelimit.Reservation, error) {
		return l.limiter.Reserve(ctx, subject, n, opts...)
	},
	refund: func(ctx context.Context, _ *openLimiter, _ string, r *ratelimit.Reservation, n int64) (bool, error) {
		if n == r.Granted {
			return r.Refund(ctx)
		}
		return r.RefundN(ctx, n)
	},
}

// limitCallsNamed are those that a worker may be told to make: a worker is another process,
// to which no function can be given.
var limitCallsNamed = map[string]limitCalls{"": realLimitCalls}

// openLimiter is a limiter of one kind, on a store.
type openLimiter struct {
	kind    *limitKind
	store   *state.Store
	limiter *limiter
}

// openKind returns the limiter of a kind on a store.
func openKind(calls limitCalls, s *state.Store, k *limitKind, per time.Duration) (*openLimiter, error) {
	l, err := calls.open(s, ratelimit.Define[string](k.name+":<id>", k.limits(per)...), k)
	return &openLimiter{k, s, l}, err
}
