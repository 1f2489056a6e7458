package main

import (
	"context"
	"errors"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/ratelimit"
)

//go:generate go run ../../cmd/stategen

// UserID and TenantID are types of their own, so that no limiter of one is taken for that of
// the other.
type (
	UserID   string
	TenantID string
)

// UserCalls are what each user may do: 3 calls in any minute.
//
//state:limit calls:user:<userID:UserID> window=3/1m,name=minute
type UserCalls struct{}

// TenantCalls are what all users of a tenant share: bursts of 5 calls, 300 in an hour.
//
//state:limit calls:tenant:<tenantID:TenantID> bucket=300/1h,burst=5,name=hour
type TenantCalls struct{}

// limits are those of the API.
type limits struct {
	users   *UserCallsLimiter
	tenants *TenantCallsLimiter
}

// newLimits returns the limits in store. An API that would rather serve too much than nothing
// while Redis is away sets OnFailure to ratelimit.FailOpen.
func newLimits(store *state.Store) (limits, error) {
	options := ratelimit.Options{Timeout: 500 * time.Millisecond}
	users, err := NewUserCallsLimiter(store, options)
	if err != nil {
		return limits{}, err
	}
	tenants, err := NewTenantCallsLimiter(store, options)
	return limits{users, tenants}, err
}

// reset forgets what the callers of the API have used.
func (l limits) reset(ctx context.Context) error {
	var failed []error
	for _, c := range callers {
		failed = append(failed, l.users.Reset(ctx, c.user), l.tenants.Reset(ctx, c.tenant))
	}
	return errors.Join(failed...)
}
