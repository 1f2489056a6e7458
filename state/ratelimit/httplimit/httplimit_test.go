package httplimit_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state/ratelimit"
	"github.com/typedstate/typedstate/state/ratelimit/httplimit"
)

func TestEachResponseTellsTheLimits(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	users := s.limiter(t, "users:<id>", ratelimit.Options{},
		ratelimit.Window("minute", 3, time.Minute),
		ratelimit.Window("watched", 1, time.Minute).AsShadow(),
		ratelimit.Bucket("burst", 5, 10*time.Second).WithBurst(2))
	var passed counter
	h := httplimit.New(httplimit.Options{}, httplimit.Per(users, header("User")))(&passed)
	const policy = `"minute";q=3;w=60, "burst";q=5;w=10`

	w := send(h, request("GET", "User", "alice"))
	assert.Equal(t, http.StatusNoContent, w.Code)
	assert.Equal(t, map[string]string{
		"Ratelimit-Policy": policy,
		"Ratelimit":        `"minute";r=2;t=60, "burst";r=1;t=2`,
	}, sent(w))

	s.pass(500 * time.Millisecond)
	w = send(h, request("GET", "User", "alice"))
	assert.Equal(t, `"minute";r=1;t=60, "burst";r=0;t=2`, w.Header().Get("Ratelimit"))
	s.pass(2 * time.Second)
	w = send(h, request("GET", "User", "alice"))
	assert.Equal(t, `"minute";r=0;t=58, "burst";r=0;t=2`, w.Header().Get("Ratelimit"))

	w = send(h, request("GET", "User", "alice"))
	assert.Equal(t, http.StatusTooManyRequests, w.Code)
	assert.Equal(t, map[string]string{
		"Ratelimit-Policy": policy,
		"Ratelimit":        `"minute";r=0;t=58, "burst";r=0;t=2`,
		"Retry-After":      "58",
	}, sent(w))
	assert.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
	assert.Equal(t, `{"type":"https://iana.org/assignments/http-problem-types#quota-exceeded",`+
		`"title":"Quota Exceeded","status":429,"violated-policies":["minute","burst"]}`, w.Body.String())
	assert.EqualValues(t, 3, passed.Load())

	assert.Equal(t, http.StatusNoContent, send(h, request("GET", "User", "bob")).Code, "bob has limits of his own")
}

func TestAClientThatComesBackWhenToldIsLetIn(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	users := s.limiter(t, "users:<id>", ratelimit.Options{}, ratelimit.Bucket("b", 1, 1500*time.Millisecond))
	h := httplimit.New(httplimit.Options{}, httplimit.Per(users, header("User")))(&counter{})
	require.Equal(t, http.StatusNoContent, send(h, request("GET", "User", "alice")).Code)
	w := send(h, request("GET", "User", "alice"))
	require.Equal(t, "2", w.Header().Get("Retry-After"))
	s.pass(time.Second)
	assert.Equal(t, http.StatusTooManyRequests, send(h, request("GET", "User", "alice")).Code)
	s.pass(time.Second)
	assert.Equal(t, http.StatusNoContent, send(h, request("GET", "User", "alice")).Code)
}

func TestADeniedHeadRequestHasTheFieldsAndNoBody(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	users := s.limiter(t, "users:<id>", ratelimit.Options{}, ratelimit.Window("w", 1, time.Minute))
	h := httplimit.New(httplimit.Options{}, httplimit.Per(users, header("User")))(&counter{})
	send(h, request("GET", "User", "alice"))
	get := send(h, request("GET", "User", "alice"))
	head := send(h, request("HEAD", "User", "alice"))
	assert.Equal(t, http.StatusTooManyRequests, head.Code)
	assert.Equal(t, get.Header(), head.Header())
	assert.NotEmpty(t, head.Header().Get("Content-Length"))
	assert.NotZero(t, get.Body.Len())
	assert.Zero(t, head.Body.Len())
}

func TestExactlyTheLimitPassesAtOnce(t *testing.T) {
	t.Parallel()
	const limit, requests = 7, 40
	s := newStage(t)
	users := s.limiter(t, "users:<id>", ratelimit.Options{}, ratelimit.Window("w", requests, time.Minute))
	tenants := s.limiter(t, "tenants:<id>", ratelimit.Options{}, ratelimit.Window("w", limit, time.Minute))
	var passed counter
	h := httplimit.New(httplimit.Options{},
		httplimit.Per(users, header("User")).Prefix("user-"),
		httplimit.Per(tenants, header("Tenant")).Prefix("tenant-"))(&passed)

	var denied sync.Map
	var wg sync.WaitGroup
	for i := range requests {
		wg.Go(func() {
			if send(h, request("GET", "User", "alice", "Tenant", "acme")).Code == http.StatusTooManyRequests {
				denied.Store(i, nil)
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, limit, passed.Load())
	n := 0
	denied.Range(func(any, any) bool { n++; return true })
	assert.Equal(t, requests-limit, n)

	require.Eventually(t, func() bool {
		d, err := users.Peek(t.Context(), "alice")
		return err == nil && d.Limits[0].Remaining == requests-limit
	}, 10*time.Second, 2*time.Millisecond, "each denied request gives back what it took")
}

func TestLegacyFieldsAreOfTheLimitThatDecided(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	users := s.limiter(t, "users:<id>", ratelimit.Options{},
		ratelimit.Window("plenty", 9, time.Minute),
		ratelimit.Bucket("scarce", 4, 8*time.Second).WithBurst(2))
	tenants := s.limiter(t, "tenants:<id>", ratelimit.Options{},
		ratelimit.Window("some", 5, time.Minute),
		ratelimit.Window("watched", 1, time.Minute).AsShadow())
	h := httplimit.New(httplimit.Options{Legacy: true},
		httplimit.Per(users, header("User")),
		httplimit.Per(tenants, header("Tenant")))(&counter{})
	legacy := func(user string) []string {
		w := send(h, request("GET", "User", user, "Tenant", "acme"))
		return []string{w.Header().Get("X-Ratelimit-Limit"), w.Header().Get("X-Ratelimit-Remaining"), w.Header().Get("X-Ratelimit-Reset")}
	}
	assert.Equal(t, []string{"2", "1", "2"}, legacy("alice"))
	assert.Equal(t, []string{"2", "0", "4"}, legacy("alice"))
	assert.Equal(t, []string{"2", "0", "4"}, legacy("alice"), "it is this limit that denies")
	assert.Equal(t, []string{"2", "1", "2"}, legacy("bob"))
	for range 2 {
		legacy("carol")
	}
	assert.Equal(t, []string{"5", "0", "60"}, legacy("dave"), "the tenant's limit denies")
}
