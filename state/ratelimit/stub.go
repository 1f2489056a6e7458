package ratelimit

import (
	"context"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/state"
)

type limits struct{}

func newLimits(given []Limit) (limits, error) { panic("not yet") }

type limiter struct{}

type call struct {
	once bool
	id   string
}

type request struct {
	name string
	n    int64
	id   string
}

func newLimiter(store *state.Store, f *bridge.Family, l limits, o Options) (*limiter, error) {
	panic("not yet")
}

func (l *limiter) given() []Limit { panic("not yet") }

func (l *limiter) with(given []Limit) (*limiter, error) { panic("not yet") }

func (l *limiter) allow(ctx context.Context, op, name string, n int64, opts []CallOption) (Decision, error) {
	panic("not yet")
}

func (l *limiter) allowUpTo(ctx context.Context, name string, n int64, opts []CallOption) (Decision, error) {
	panic("not yet")
}

func (l *limiter) peek(ctx context.Context, name string) (Decision, error) { panic("not yet") }

func (l *limiter) allowMany(ctx context.Context, requests []request) ([]Decision, error) {
	panic("not yet")
}

func (l *limiter) wait(ctx context.Context, op, name string, n int64, opts []CallOption) (Decision, error) {
	panic("not yet")
}

func (l *limiter) reserve(ctx context.Context, name string, n int64, opts []CallOption) (*Reservation, error) {
	panic("not yet")
}

func (l *limiter) refund(ctx context.Context, r *Reservation, n int64) (bool, error) {
	panic("not yet")
}

func (l *limiter) reset(ctx context.Context, name string, names []string) error { panic("not yet") }
