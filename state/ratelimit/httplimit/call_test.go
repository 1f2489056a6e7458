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

// fake returns a check that answers with d and err, and gives back by what refund does.
func fake(d ratelimit.Decision, err error, back refund) Check {
	return Check{subject: func(*http.Request) (ask, error) {
		return func(context.Context, bool) (ratelimit.Decision, refund, error) { return d, back, err }, nil
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
				fake(tc.decision, tc.err, func(context.Context) (bool, error) { refunds++; return true, nil }),
				fake(ratelimit.Decision{}, nil, nil))(http.NotFoundHandler())
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
		fake(ratelimit.Decision{Allowed: true}, nil, func(refund context.Context) (bool, error) {
			refunds++
			deadline, ok := refund.Deadline()
			assert.NoError(t, refund.Err())
			assert.True(t, ok)
			assert.LessOrEqual(t, time.Until(deadline), time.Second)
			return true, nil
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

func TestOnlyWhatIsBackIsToldAsLeft(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		back bool
		err  error
		want string
	}{
		"back":     {true, nil, `"w";r=5;t=60`},
		"too late": {false, nil, `"w";r=4;t=60`},
		"failed":   {false, state.ErrClosed, `"w";r=4;t=60`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			granted := ratelimit.Decision{Allowed: true, Granted: 1, Limits: []ratelimit.Usage{
				{Limit: ratelimit.Window("w", 9, time.Minute), Remaining: 4, NextAfter: time.Minute},
			}}
			h := New(Options{},
				fake(granted, nil, func(context.Context) (bool, error) { return tc.back, tc.err }),
				fake(ratelimit.Decision{}, nil, nil))(http.NotFoundHandler())
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
			assert.Equal(t, tc.want, w.Header().Get("Ratelimit"))
		})
	}
}

func TestARequestThatNoWaitingHelpsIsNotToldToComeBack(t *testing.T) {
	t.Parallel()
	h := New(Options{}, fake(ratelimit.Decision{RetryAfter: ratelimit.Never}, nil, nil))(http.NotFoundHandler())
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	assert.Equal(t, http.StatusTooManyRequests, w.Code)
	assert.NotContains(t, w.Header(), "Retry-After")
}
