package httplimit_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state/ratelimit"
	"github.com/typedstate/typedstate/state/ratelimit/httplimit"
)

func TestWhatRedisDoesNotDecideIsNoFaultOfTheClient(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		policy ratelimit.FailurePolicy
		status int
		sent   map[string]string
	}{
		"an error":        {ratelimit.ReturnError, http.StatusServiceUnavailable, map[string]string{}},
		"a closed policy": {ratelimit.FailClosed, http.StatusServiceUnavailable, map[string]string{"Retry-After": "1"}},
		"an open policy":  {ratelimit.FailOpen, http.StatusNoContent, map[string]string{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			users := s.limiter(t, "users:<id>", ratelimit.Options{OnFailure: tc.policy}, ratelimit.Window("w", 1, time.Minute))
			h := httplimit.New(httplimit.Options{Legacy: true}, httplimit.Per(users, header("User")))(&counter{})
			s.refuse(t, "users:alice")
			w := send(h, request("GET", "User", "alice"))
			assert.Equal(t, tc.status, w.Code)
			assert.Equal(t, tc.sent, sent(w))
			if tc.status == http.StatusServiceUnavailable {
				assert.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
				assert.Equal(t, `{"title":"Service Unavailable","status":503}`, w.Body.String())
			}
		})
	}
}

func TestOnErrorIsToldWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		policy ratelimit.FailurePolicy
		user   string
	}{
		"the subject":     {ratelimit.FailOpen, ""},
		"the limiter":     {ratelimit.ReturnError, "alice"},
		"a closed policy": {ratelimit.FailClosed, "alice"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			users := s.limiter(t, "users:<id>", ratelimit.Options{OnFailure: tc.policy}, ratelimit.Window("w", 1, time.Minute))
			var told error
			var passed counter
			h := httplimit.New(httplimit.Options{
				OnError: func(w http.ResponseWriter, _ *http.Request, err error) {
					told = err
					w.WriteHeader(http.StatusTeapot)
				},
			}, httplimit.Per(users, header("User")))(&passed)
			s.refuse(t, "users:alice")
			r := request("GET")
			r.Header.Set("User", tc.user)
			assert.Equal(t, http.StatusTeapot, send(h, r).Code)
			require.Error(t, told)
			assert.Equal(t, tc.user == "", errors.Is(told, errAnonymous), told)
			assert.Zero(t, passed.Load())
		})
	}
}

func TestASubjectThatIsNoKeyIsTheFaultOfTheClient(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		policy  ratelimit.FailurePolicy
		subject string
	}{
		"empty":                {ratelimit.ReturnError, ""},
		"empty, fail closed":   {ratelimit.FailClosed, ""},
		"too long":             {ratelimit.ReturnError, strings.Repeat("a", 8<<10)},
		"too long, fails open": {ratelimit.FailOpen, strings.Repeat("a", 8<<10)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTwoChecks(t, httplimit.Options{}, ratelimit.Options{})
			tenants := s.limiter(t, "others:<id>", ratelimit.Options{OnFailure: tc.policy}, ratelimit.Window("w", 1, time.Minute))
			h := httplimit.New(httplimit.Options{},
				httplimit.Per(s.users, header("User")),
				httplimit.Per(tenants, func(*http.Request) (string, error) { return tc.subject, nil }))(&s.passed)
			w := send(h, request("GET", "User", "alice"))
			assert.Equal(t, http.StatusBadRequest, w.Code)
			assert.Equal(t, `{"title":"Bad Request","status":400}`, w.Body.String())
			assert.Empty(t, sent(w))
			assert.Zero(t, s.passed.Load())
			s.awaitRemaining(t, "alice", 10, 9)
		})
	}
}

func TestASubjectThatIsNotFoundTakesNothing(t *testing.T) {
	t.Parallel()
	s := newTwoChecks(t, httplimit.Options{}, ratelimit.Options{})
	w := send(s.handler, request("GET", "User", "alice"))
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.Equal(t, []int64{10, 9}, s.remaining(t, "alice"))
	assert.NotContains(t, w.Body.String(), errAnonymous.Error())
}

func TestWhatAClosedPolicyRefusesTakesNothingFromOthers(t *testing.T) {
	t.Parallel()
	s := newTwoChecks(t, httplimit.Options{}, ratelimit.Options{OnFailure: ratelimit.FailClosed})
	s.refuse(t, "tenants:acme")
	w := send(s.handler, request("GET", "User", "alice", "Tenant", "acme"))
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.Equal(t, map[string]string{"Retry-After": "1"}, sent(w), "no fields, though the user's limits are known")
	s.awaitRemaining(t, "alice", 10, 9)
}

func TestOnlyWhatRedisHasDecidedIsTold(t *testing.T) {
	t.Parallel()
	s := newTwoChecks(t, httplimit.Options{}, ratelimit.Options{OnFailure: ratelimit.FailOpen})
	s.refuse(t, "tenants:acme")
	w := send(s.handler, request("GET", "User", "alice", "Tenant", "acme"))
	assert.Equal(t, http.StatusNoContent, w.Code)
	assert.Equal(t, map[string]string{
		"Ratelimit-Policy": `"user-minute";q=10;w=60, "user-burst";q=10;w=10`,
		"Ratelimit":        `"user-minute";r=9;t=60, "user-burst";r=8;t=1`,
	}, sent(w))
}

func TestAClientThatIsGoneIsAnError(t *testing.T) {
	t.Parallel()
	s := newTwoChecks(t, httplimit.Options{}, ratelimit.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := send(s.handler, request("GET", "User", "alice", "Tenant", "acme").WithContext(ctx))
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.Zero(t, s.passed.Load())
	assert.Equal(t, []int64{10, 9}, s.remaining(t, "alice"))
}
