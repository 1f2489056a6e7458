package httplimit_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/ratelimit"
	"github.com/typedstate/typedstate/state/ratelimit/httplimit"
)

// TestAnOutageHoldsNoRequestForItsRefunds stops the server, which then answers nothing. So a
// refund whose end a request awaits has ended before the response, and others have not.
func TestAnOutageHoldsNoRequestForItsRefunds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		policy   ratelimit.FailurePolicy
		stopsAt  string // after this operation; before the request if it is empty
		status   int
		attempts int64 // to give back that the request awaits
	}{
		"an error":                         {ratelimit.ReturnError, "", http.StatusServiceUnavailable, 0},
		"a closed policy":                  {ratelimit.FailClosed, "", http.StatusServiceUnavailable, 0},
		"an error after the first check":   {ratelimit.ReturnError, "Reserve", http.StatusServiceUnavailable, 0},
		"a closed policy after it":         {ratelimit.FailClosed, "Reserve", http.StatusServiceUnavailable, 0},
		"a denial, which awaits its token": {ratelimit.ReturnError, "Allow", http.StatusTooManyRequests, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := redistest.Start(t)
			s := &twoChecks{stage: &stage{ended: func(state.Operation, state.Outcome) {}}}
			var err error
			s.store, err = state.New(srv.Client(t), state.Options{EnableSet: true, Observer: s})
			require.NoError(t, err)
			o := ratelimit.Options{OnFailure: tc.policy, Timeout: 500 * time.Millisecond}
			s.users = s.limiter(t, "users:<id>", o, ratelimit.Window("hour", 10, time.Hour))
			s.tenants = s.limiter(t, "tenants:<id>", o, ratelimit.Window("hour", 1, time.Hour))
			h := httplimit.New(httplimit.Options{},
				httplimit.Per(s.users, header("User")),
				httplimit.Per(s.tenants, header("Tenant")).Prefix("t-"))(&s.passed)
			warm := send(h, request("GET", "User", "other", "Tenant", "acme"))
			require.Equal(t, http.StatusNoContent, warm.Code)

			var refunds atomic.Int64
			stops := make(chan error, 1)
			s.ended = func(op state.Operation, _ state.Outcome) {
				switch op.Name {
				case "Refund":
					refunds.Add(1)
				case tc.stopsAt:
					stops <- srv.TryPause()
				}
			}
			if tc.stopsAt == "" {
				stops <- srv.TryPause()
			}
			w := send(h, request("GET", "User", "alice", "Tenant", "acme"))
			assert.Equal(t, tc.status, w.Code)
			assert.Equal(t, tc.attempts, refunds.Load())
			require.NoError(t, <-stops)

			srv.Resume(t)
			s.awaitRemaining(t, "alice", 10)
			require.Eventually(t, func() bool { return refunds.Load() == tc.attempts+1 }, 10*time.Second, 2*time.Millisecond)
		})
	}
}
