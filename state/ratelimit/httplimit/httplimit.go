package httplimit

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// Options change what a client is told. The zero value follows the drafts and RFCs.
type Options struct {
	// OnDenied answers a request that was denied; d is of the check that denied it. nil
	// sends 429 with a problem document. The fields, Retry-After too, are set before.
	OnDenied func(w http.ResponseWriter, r *http.Request, d ratelimit.Decision)
	// OnError answers a request about which nothing could be decided. err is what the
	// function of [Per] returned, the error of the limiter, or the Decision.Err of a
	// refusal by ratelimit.FailClosed, for which Retry-After is set before. nil sends a
	// problem document that does not hold the error: 400 if err matches
	// state.ErrInvalidKey, as the request has a subject that cannot be one, and otherwise 503.
	OnError func(w http.ResponseWriter, r *http.Request, err error)
	// Legacy adds X-RateLimit-Limit, X-RateLimit-Remaining and X-RateLimit-Reset, which is in
	// how many seconds nothing is used any more, of the limit that denied the request, or, of
	// a request that was granted, the one that has least left.
	Legacy bool
}

// New returns middleware that lets a request through if all checks grant it a token. They
// are asked in their order, until one denies it. Then the tokens that those before it have
// granted are given back, also if the client of the request is gone. A denied request is
// answered once they are back, so that it is told what is left then, or after 250 ms. What is
// not back by then is given back in the background, and so is all of a request about which
// nothing could be decided: for up to 5 seconds, of up to 64 requests at the same time. What
// cannot be given back stays taken. The Observer of the store is told of each attempt.
//
// A request costs a round trip for each check that it gets to, and for each token that is
// given back, and in Redis some 200 bytes for half a minute with each subject but that of the
// last check. So the check that denies most comes first, and the subject with the most
// requests last.
//
// Middleware around other middleware knows nothing of it: what the outer one has taken stays
// taken when the inner one denies, and if both have limits of one name, responses have that
// name twice, which [Check.Prefix] prevents. Where neither is wanted, one New has all checks.
//
// New panics, with what to mend, as [ratelimit.Define] does, since what can be wrong is wrong
// whenever the program starts: there are no checks, one has no limiter or no function, two of
// them have a limit of the same name, or a prefix is wrong.
func New(o Options, checks ...Check) func(http.Handler) http.Handler {
	if err := validate(checks); err != nil {
		panic(fmt.Sprintf("httplimit.New: %v", err))
	}
	if o.OnError == nil {
		o.OnError = undecided
	}
	refunds := make(strays, strayRefunds)
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c := call{options: o, strays: refunds, w: w, r: r}
			c.serve(checks, next)
		})
	}
}

func undecided(w http.ResponseWriter, r *http.Request, err error) {
	status := http.StatusServiceUnavailable
	if errors.Is(err, state.ErrInvalidKey) {
		status = http.StatusBadRequest
	}
	problem{Title: http.StatusText(status), Status: status}.send(w, r)
}
