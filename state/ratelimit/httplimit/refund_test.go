package httplimit_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/ratelimit"
	"github.com/typedstate/typedstate/state/ratelimit/httplimit"
)

// twoChecks are limits of a user and of a tenant, of which the tenant's denies first.
type twoChecks struct {
	*stage

	users, tenants *ratelimit.Limiter[string]
	handler        http.Handler
	passed         counter
}

func newTwoChecks(t *testing.T, o httplimit.Options, tenants ratelimit.Options) *twoChecks {
	t.Helper()
	s := &twoChecks{stage: newStage(t)}
	s.users = s.limiter(t, "users:<id>", ratelimit.Options{}, ratelimit.Window("minute", 10, time.Minute), ratelimit.Bucket("burst", 10, 10*time.Second).WithBurst(9))
	s.tenants = s.limiter(t, "tenants:<id>", tenants, ratelimit.Window("minute", 1, time.Minute))
	s.handler = httplimit.New(o,
		httplimit.Per(s.users, header("User")).Prefix("user-"),
		httplimit.Per(s.tenants, header("Tenant")).Prefix("tenant-"))(&s.passed)
	return s
}

// remaining returns what a user has of each limit.
func (s *twoChecks) remaining(t *testing.T, user string) (remaining []int64) {
	t.Helper()
	d, err := s.users.Peek(t.Context(), user)
	require.NoError(t, err)
	for _, u := range d.Limits {
		remaining = append(remaining, u.Remaining)
	}
	return remaining
}

// awaitRemaining waits until a user has that much of each limit, which tokens that are given
// back in the background make true.
func (s *twoChecks) awaitRemaining(t *testing.T, user string, want ...int64) {
	t.Helper()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		d, err := s.users.Peek(t.Context(), user)
		require.NoError(c, err)
		require.Len(c, d.Limits, len(want))
		for i, u := range d.Limits {
			require.Equal(c, want[i], u.Remaining)
		}
	}, 10*time.Second, 2*time.Millisecond)
}

func TestADeniedRequestTakesNothingFromOthers(t *testing.T) {
	t.Parallel()
	s := newTwoChecks(t, httplimit.Options{}, ratelimit.Options{})
	w := send(s.handler, request("GET", "User", "alice", "Tenant", "acme"))
	require.Equal(t, http.StatusNoContent, w.Code)
	const policy = `"user-minute";q=10;w=60, "user-burst";q=10;w=10, "tenant-minute";q=1;w=60`
	assert.Equal(t, map[string]string{
		"Ratelimit-Policy": policy,
		"Ratelimit":        `"user-minute";r=9;t=60, "user-burst";r=8;t=1, "tenant-minute";r=0;t=60`,
	}, sent(w))

	w = send(s.handler, request("GET", "User", "alice", "Tenant", "acme"))
	assert.Equal(t, map[string]string{
		"Ratelimit-Policy": policy,
		"Ratelimit":        `"user-minute";r=9;t=60, "user-burst";r=8;t=1, "tenant-minute";r=0;t=60`,
		"Retry-After":      "60",
	}, sent(w))
	assert.Contains(t, w.Body.String(), `"violated-policies":["tenant-minute"]`)
	assert.Equal(t, []int64{9, 8}, s.remaining(t, "alice"))

	w = send(s.handler, request("GET", "User", "bob", "Tenant", "acme"))
	assert.Equal(t, http.StatusTooManyRequests, w.Code)
	assert.Equal(t, `"user-minute";r=10, "user-burst";r=9, "tenant-minute";r=0;t=60`, w.Header().Get("Ratelimit"))
	assert.Equal(t, []int64{10, 9}, s.remaining(t, "bob"))
	assert.EqualValues(t, 1, s.passed.Load())
}

func TestWhatTheFirstCheckDeniesTheOthersAreNotAsked(t *testing.T) {
	t.Parallel()
	s := newTwoChecks(t, httplimit.Options{}, ratelimit.Options{})
	_, err := s.users.AllowN(t.Context(), "alice", 9)
	require.NoError(t, err)
	w := send(s.handler, request("GET", "User", "alice", "Tenant", "acme"))
	assert.Equal(t, http.StatusTooManyRequests, w.Code)
	assert.Contains(t, w.Body.String(), `"violated-policies":["user-burst"]`)
	assert.Equal(t, `"user-minute";q=10;w=60, "user-burst";q=10;w=10, "tenant-minute";q=1;w=60`,
		w.Header().Get("Ratelimit-Policy"), "the policies are those of every response")
	assert.Equal(t, `"user-minute";r=1;t=60, "user-burst";r=0;t=1`, w.Header().Get("Ratelimit"))
	d, err := s.tenants.Peek(t.Context(), "acme")
	require.NoError(t, err)
	assert.EqualValues(t, 1, d.Limits[0].Remaining)
}

func TestTokensComeBackThoughTheClientIsGone(t *testing.T) {
	t.Parallel()
	s := newTwoChecks(t, httplimit.Options{}, ratelimit.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	s.ended = func(op state.Operation, _ state.Outcome) {
		if op.Name == "Reserve" {
			cancel()
		}
	}
	var failed error
	h := httplimit.New(httplimit.Options{
		OnError: func(_ http.ResponseWriter, _ *http.Request, err error) { failed = err },
	}, httplimit.Per(s.users, header("User")), httplimit.Per(s.tenants, header("Tenant")).Prefix("tenant-"))(&s.passed)
	send(h, request("GET", "User", "alice", "Tenant", "acme").WithContext(ctx))
	require.ErrorIs(t, failed, context.Canceled)
	s.awaitRemaining(t, "alice", 10, 9)
	assert.Zero(t, s.passed.Load())
}

func TestTokensComeBackWhenALaterCheckFails(t *testing.T) {
	t.Parallel()
	s := newTwoChecks(t, httplimit.Options{}, ratelimit.Options{})
	s.refuse(t, "tenants:acme")
	w := send(s.handler, request("GET", "User", "alice", "Tenant", "acme"))
	assert.Equal(t, http.StatusServiceUnavailable, w.Code)
	assert.Empty(t, sent(w))
	s.awaitRemaining(t, "alice", 10, 9)
}

func TestATokenThatCannotBeGivenBackIsTheObserversToKnow(t *testing.T) {
	t.Parallel()
	s := newTwoChecks(t, httplimit.Options{}, ratelimit.Options{})
	send(s.handler, request("GET", "User", "alice", "Tenant", "acme"))
	var told atomic.Pointer[state.Outcome]
	s.ended = func(op state.Operation, o state.Outcome) {
		switch op.Name {
		case "Allow":
			_ = s.server.Close()
		case "Refund":
			told.Store(&o)
		}
	}
	w := send(s.handler, request("GET", "User", "bob", "Tenant", "acme"))
	assert.Equal(t, http.StatusTooManyRequests, w.Code)
	assert.Equal(t, `"user-minute";r=9;t=60, "user-burst";r=8;t=1, "tenant-minute";r=0;t=60`, w.Header().Get("Ratelimit"))
	require.NotNil(t, told.Load())
	assert.Error(t, told.Load().Err)
}

func TestReceiptsDoNotPileUp(t *testing.T) {
	t.Parallel()
	s := newTwoChecks(t, httplimit.Options{}, ratelimit.Options{})
	most := int64(0)
	for range 20 {
		s.pass(time.Minute)
		require.Equal(t, http.StatusNoContent, send(s.handler, request("GET", "User", "alice", "Tenant", "acme")).Code)
		n, err := s.server.Client().HLen(t.Context(), "test:users:alice").Result()
		require.NoError(t, err)
		most = max(most, n)
	}
	assert.LessOrEqual(t, most, int64(5), "two limits, the queue, and one receipt in it")
	n, err := s.server.Client().HLen(t.Context(), "test:tenants:acme").Result()
	require.NoError(t, err)
	assert.EqualValues(t, 1, n, "the last check has nothing to give back")
}

func TestWhatADeniedRequestIsToldIsLeftIsLeft(t *testing.T) {
	t.Parallel()
	s := newTwoChecks(t, httplimit.Options{}, ratelimit.Options{})
	send(s.handler, request("GET", "User", "nobody", "Tenant", "acme"))
	for _, step := range []struct {
		used  int64
		after time.Duration
	}{{1, 300 * time.Millisecond}, {0, 600 * time.Millisecond}, {3, 250 * time.Millisecond}, {0, 4 * time.Second}, {2, 10 * time.Second}} {
		if step.used > 0 {
			_, err := s.users.AllowN(t.Context(), "alice", step.used)
			require.NoError(t, err)
		}
		s.pass(step.after)
		w := send(s.handler, request("GET", "User", "alice", "Tenant", "acme"))
		require.Equal(t, http.StatusTooManyRequests, w.Code)
		d, err := s.users.Peek(t.Context(), "alice")
		require.NoError(t, err)
		var want []string
		for _, u := range d.Limits {
			item := fmt.Sprintf(`"user-%s";r=%d`, u.Limit.Name(), u.Remaining)
			if u.NextAfter > 0 {
				item += fmt.Sprintf(";t=%.0f", math.Ceil(u.NextAfter.Seconds()))
			}
			want = append(want, item)
		}
		assert.Contains(t, w.Header().Get("Ratelimit"), strings.Join(want, ", ")+", ")
	}
}
