package httplimit_test

import (
	"context"
	"errors"
	"net/http"
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
	}{
		"an error":        {ratelimit.ReturnError, http.StatusServiceUnavailable},
		"a closed policy": {ratelimit.FailClosed, http.StatusServiceUnavailable},
		"an open policy":  {ratelimit.FailOpen, http.StatusNoContent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStage(t)
			users := s.limiter(t, "users:<id>", ratelimit.Options{OnFailure: tc.policy}, ratelimit.Window("w", 1, time.Minute))
			h := httplimit.New(httplimit.Options{Legacy: true}, httplimit.Per(users, header("User")))(&counter{})
			require.NoError(t, s.server.Close())
			w := send(h, request("GET", "User", "alice"))
			assert.Equal(t, tc.status, w.Code)
			assert.Empty(t, sent(w))
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
			require.NoError(t, s.server.Close())
			r := request("GET")
			r.Header.Set("User", tc.user)
			assert.Equal(t, http.StatusTeapot, send(h, r).Code)
			require.Error(t, told)
			assert.Equal(t, tc.user == "", errors.Is(told, errAnonymous), told)
			assert.Zero(t, passed.Load())
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
	require.NoError(t, s.server.Client().Set(t.Context(), "test:tenants:acme", "of another type", 0).Err())
	w := send(s.handler, request("GET", "User", "alice", "Tenant", "acme"))
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.Empty(t, sent(w))
	assert.Equal(t, []int64{10, 9}, s.remaining(t, "alice"))
}

func TestOnlyWhatRedisHasDecidedIsTold(t *testing.T) {
	t.Parallel()
	s := newTwoChecks(t, httplimit.Options{}, ratelimit.Options{OnFailure: ratelimit.FailOpen})
	require.NoError(t, s.server.Client().Set(t.Context(), "test:tenants:acme", "of another type", 0).Err())
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
