package main

import (
	"context"
	"errors"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/ratelimit"
)

var (
	// userCalls are what each user may do: 3 calls in any minute.
	userCalls = ratelimit.Define[string]("calls:user:<userID>",
		ratelimit.Window("minute", 3, time.Minute))
	// tenantCalls are what all users of a tenant share: bursts of 5 calls, 300 in an hour.
	tenantCalls = ratelimit.Define[string]("calls:tenant:<tenantID>",
		ratelimit.Bucket("hour", 300, time.Hour).WithBurst(5))
)

// limits are those of the API.
type limits struct {
	users, tenants *ratelimit.Limiter[string]
}

// newLimits returns the limits in store. An API that would rather serve too much than nothing
// while Redis is away sets OnFailure to ratelimit.FailOpen.
func newLimits(store *state.Store) (limits, error) {
	options := ratelimit.Options{Timeout: 500 * time.Millisecond}
	users, err := ratelimit.New(store, userCalls, options)
	if err != nil {
		return limits{}, err
	}
	tenants, err := ratelimit.New(store, tenantCalls, options)
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
