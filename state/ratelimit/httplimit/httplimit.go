package httplimit

import (
	"fmt"
	"net/http"
	"time"

	"github.com/typedstate/typedstate/state/ratelimit"
)

// refundTimeout bounds how long a denied request waits until its tokens are back.
const refundTimeout = time.Second

// Options change what a client is told. The zero value follows the drafts and RFCs.
type Options struct {
	// OnDenied answers a request that was denied; d is of the check that denied it. nil
	// sends 429 with a problem document. The fields, Retry-After too, are set before.
	OnDenied func(w http.ResponseWriter, r *http.Request, d ratelimit.Decision)
	// OnError answers a request about which nothing could be decided. err is what the
	// function of [Per] returned, the error of the limiter, or the Decision.Err of a
	// refusal by ratelimit.FailClosed. nil sends 503 with a problem document that does not
	// hold the error.
	OnError func(w http.ResponseWriter, r *http.Request, err error)
	// Legacy adds X-RateLimit-Limit, X-RateLimit-Remaining and X-RateLimit-Reset, which is in
	// how many seconds nothing is used any more, of the limit that denied the request, or, of
	// a request that was granted, the one that has least left.
	Legacy bool
}

// New returns middleware that lets a request through if all checks grant it a token. They
// are asked in their order, until one denies it. Then the tokens that those before it have
// granted are given back before the request is answered, also if its client is gone, for up
// to a second. A token that cannot be given back stays taken, which the Observer of the store
// is told and the client is not.
//
// A request costs a round trip for each check that it gets to, and for each token that is
// given back, and in Redis some 200 bytes for half a minute with each subject but that of the
// last check. So the check that denies most comes first, and the subject with the most
// requests last.
//
// New panics, with what to mend, as [ratelimit.Define] does, since what can be wrong is wrong
// whenever the program starts: there are no checks, two of them have a limit of the same
// name, or a prefix is wrong.
func New(o Options, checks ...Check) func(http.Handler) http.Handler {
	if err := validate(checks); err != nil {
		panic(fmt.Sprintf("httplimit.New: %v", err))
	}
	if o.OnError == nil {
		o.OnError = unavailable
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c := call{options: o, w: w, r: r}
			c.serve(checks, next)
		})
	}
}

func unavailable(w http.ResponseWriter, r *http.Request, _ error) {
	const status = http.StatusServiceUnavailable
	problem{Title: http.StatusText(status), Status: status}.send(w, r)
}
