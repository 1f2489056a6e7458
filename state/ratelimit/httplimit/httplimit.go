// Package httplimit limits requests to a net/http handler by what package ratelimit
// decides: per user, per tenant, per address, or several of them at once.
package httplimit

import (
	"context"
	"net/http"

	"github.com/typedstate/typedstate/state/ratelimit"
)

// Check limits requests by one subject of each. [Per] makes one.
type Check struct {
	reserve func(ctx context.Context, r *http.Request, last bool) (*ratelimit.Reservation, error)
}

// Per returns the check of the subject that a request has, such as its user. What subject
// returns as an error goes to Options.OnError.
func Per[K any](l *ratelimit.Limiter[K], subject func(*http.Request) (K, error)) Check {
	panic("not yet")
}

// Options change what a client is told. The zero value follows the drafts and RFCs.
type Options struct {
	// OnDenied answers a request that was denied; nil sends 429 with a problem document.
	// The headers are set before.
	OnDenied func(w http.ResponseWriter, r *http.Request, d ratelimit.Decision)
	// OnError answers a request about which nothing could be decided; nil sends 503 with a
	// problem document that does not hold the error.
	OnError func(w http.ResponseWriter, r *http.Request, err error)
	// Legacy adds X-RateLimit-Limit, X-RateLimit-Remaining and X-RateLimit-Reset (in
	// seconds from now) of the limit that decided.
	Legacy bool
}

// New returns middleware that lets a request through if all checks grant it a token. If one
// denies it, the tokens that those before it have granted are given back.
func New(o Options, checks ...Check) func(http.Handler) http.Handler { panic("not yet") }
