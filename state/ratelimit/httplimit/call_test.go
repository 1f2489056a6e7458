package httplimit

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// fake returns a check that answers with d and err, and has refunds told of each refund.
func fake(d ratelimit.Decision, err error, refunds func(context.Context)) Check {
	return Check{subject: func(*http.Request) (ask, error) {
		return func(context.Context, bool) (ratelimit.Decision, refund, error) {
			return d, func(ctx context.Context) (bool, error) {
				refunds(ctx)
				return true, nil
			}, err
		}, nil
	}}
}

func TestWhatMayHaveBeenTakenIsGivenBack(t *testing.T) {
	t.Parallel()
	granted := ratelimit.Decision{Allowed: true, Granted: 1}
	for name, tc := range map[string]struct {
		decision ratelimit.Decision
		err      error
		refunds  int
	}{
		"granted, and a later one denies": {granted, nil, 1},
		"denied":                          {ratelimit.Decision{}, nil, 0},
		"unknown":                         {ratelimit.Decision{}, state.ErrUnknownOutcome, 1},
		"let through by policy":           {ratelimit.Decision{Allowed: true, Source: ratelimit.FromPolicy}, nil, 1},
		"refused by policy":               {ratelimit.Decision{Source: ratelimit.FromPolicy, Err: state.ErrUnknownOutcome}, nil, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refunds := 0
			h := New(Options{},
				fake(tc.decision, tc.err, func(context.Context) { refunds++ }),
				fake(ratelimit.Decision{}, nil, func(context.Context) { t.Error("nothing was taken") }))(http.NotFoundHandler())
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
			assert.Equal(t, tc.refunds, refunds)
		})
	}
}

func TestARefundOutlivesItsClientForUpToASecond(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	refunds := 0
	h := New(Options{},
		fake(ratelimit.Decision{Allowed: true}, nil, func(refund context.Context) {
			refunds++
			deadline, ok := refund.Deadline()
			assert.NoError(t, refund.Err())
			assert.True(t, ok)
			assert.LessOrEqual(t, time.Until(deadline), time.Second)
		}),
		Check{subject: func(*http.Request) (ask, error) {
			return func(context.Context, bool) (ratelimit.Decision, refund, error) {
				cancel()
				return ratelimit.Decision{}, nil, errors.New("the client is gone")
			}, nil
		}})(http.NotFoundHandler())
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody))
	assert.Equal(t, 1, refunds)
}

func TestARequestThatNoWaitingHelpsIsNotToldToComeBack(t *testing.T) {
	t.Parallel()
	h := New(Options{}, fake(ratelimit.Decision{RetryAfter: ratelimit.Never}, nil, nil))(http.NotFoundHandler())
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	assert.Equal(t, http.StatusTooManyRequests, w.Code)
	assert.NotContains(t, w.Header(), "Retry-After")
}
