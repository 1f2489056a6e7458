package httplimit

import (
	"context"
	"slices"

	"github.com/typedstate/typedstate/state/ratelimit"
)

type decisionsKey struct{}

// FromContext returns what the checks have decided about the request of ctx, in their order;
// those of middleware further out come first. Checks that the request is exempt from are left
// out, so where there can be such, a place in the slice does not tell the check. It is nil if
// there was none. The slice must not be changed.
func FromContext(ctx context.Context) []ratelimit.Decision {
	decisions, _ := ctx.Value(decisionsKey{}).([]ratelimit.Decision)
	return decisions
}

func withDecisions(ctx context.Context, decisions []ratelimit.Decision) context.Context {
	return context.WithValue(ctx, decisionsKey{}, slices.Concat(FromContext(ctx), decisions))
}
