package httplimit

import (
	"context"
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
