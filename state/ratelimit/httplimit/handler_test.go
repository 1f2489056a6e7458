package httplimit_test

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state/ratelimit"
	"github.com/typedstate/typedstate/state/ratelimit/httplimit"
)

func TestTheHandlerKnowsWhatWasDecided(t *testing.T) {
	t.Parallel()
	s := newTwoChecks(t, httplimit.Options{}, ratelimit.Options{})
	outer := s.limiter(t, "everybody:<id>", ratelimit.Options{}, ratelimit.Window("all", 5, time.Minute))
	var names []string
	inner := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		for _, d := range httplimit.FromContext(r.Context()) {
			assert.True(t, d.Allowed)
			names = append(names, d.DecidedBy)
		}
	})
	h := httplimit.New(httplimit.Options{}, httplimit.Per(outer, header("User")))(
		httplimit.New(httplimit.Options{}, httplimit.Per(s.users, header("User")), httplimit.Per(s.tenants, header("Tenant")).Prefix("t-"))(inner))
	w := send(h, request("GET", "User", "alice", "Tenant", "acme"))
	assert.Equal(t, []string{"all", "burst", "minute"}, names)
	assert.Equal(t, []string{`"all";q=5;w=60`, `"minute";q=10;w=60, "burst";q=10;w=10, "t-minute";q=1;w=60`},
		w.Header().Values("Ratelimit-Policy"), "the fields of both are told")
	assert.Nil(t, httplimit.FromContext(t.Context()))
}

func TestTheHandlerIsNotToldOfChecksThatTheRequestIsExemptFrom(t *testing.T) {
	t.Parallel()
	s := newTwoChecks(t, httplimit.Options{}, ratelimit.Options{})
	var decisions []ratelimit.Decision
	h := httplimit.New(httplimit.Options{},
		httplimit.Per(s.users, header("User")), httplimit.Per(s.tenants, header("Tenant")).Prefix("tenant-"))(
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { decisions = httplimit.FromContext(r.Context()) }))
	send(h, request("GET", "User", "admin", "Tenant", "acme"))
	require.Len(t, decisions, 1)
	assert.Len(t, decisions[0].Limits, 1, "it is the tenant's")
}

func TestMiddlewareKnowsNothingOfWhatIsAroundIt(t *testing.T) {
	t.Parallel()
	s := newTwoChecks(t, httplimit.Options{}, ratelimit.Options{})
	inner := httplimit.New(httplimit.Options{}, httplimit.Per(s.tenants, header("Tenant")))(&s.passed)
	for prefix, name := range map[string]string{"": "minute", "user-": "user-minute"} {
		h := httplimit.New(httplimit.Options{}, httplimit.Per(s.users, header("User")).Prefix(prefix))(inner)
		user, tenant := "user"+prefix, "tenant"+prefix
		require.Equal(t, http.StatusNoContent, send(h, request("GET", "User", user, "Tenant", tenant)).Code)
		w := send(h, request("GET", "User", user, "Tenant", tenant))
		assert.Equal(t, http.StatusTooManyRequests, w.Code)
		fields := w.Header().Values("Ratelimit")
		require.Len(t, fields, 2)
		assert.Contains(t, fields[0], `"`+name+`";r=8`, "it stays taken")
		assert.Equal(t, `"minute";r=0;t=60`, fields[1])
		assert.Equal(t, []int64{8, 7}, s.remaining(t, user))
	}
}

func TestTheHandlerGetsTheResponseWriterItself(t *testing.T) {
	t.Parallel()
	s := newTwoChecks(t, httplimit.Options{}, ratelimit.Options{})
	var given http.ResponseWriter
	h := httplimit.New(httplimit.Options{}, httplimit.Per(s.users, header("User")))(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { given = w }))
	w := send(h, request("GET", "User", "alice"))
	assert.Same(t, w, given)
}

// What a WebSocket does: the handler takes the connection over.
func TestAConnectionCanBeTakenOver(t *testing.T) {
	t.Parallel()
	s := newTwoChecks(t, httplimit.Options{}, ratelimit.Options{})
	srv := httptest.NewServer(httplimit.New(httplimit.Options{}, httplimit.Per(s.users, header("User")))(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			conn, buffered, err := http.NewResponseController(w).Hijack()
			if !assert.NoError(t, err) {
				return
			}
			defer conn.Close()
			_, _ = buffered.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
			_ = buffered.Flush()
			line, _ := buffered.ReadString('\n')
			_, _ = buffered.WriteString(line)
			_ = buffered.Flush()
		})))
	t.Cleanup(srv.Close)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL, http.NoBody)
	require.NoError(t, err)
	r.Header.Set("User", "alice")
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "echo")
	res, err := srv.Client().Do(r)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusSwitchingProtocols, res.StatusCode)
	conn := res.Body.(io.ReadWriteCloser)
	_, err = io.WriteString(conn, "hello\n")
	require.NoError(t, err)
	line, err := bufio.NewReader(conn).ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "hello\n", line)
}

func TestWhatIsFurtherOutSeesThePatternOfTheMux(t *testing.T) {
	t.Parallel()
	s := newTwoChecks(t, httplimit.Options{}, ratelimit.Options{})
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", &s.passed)
	h := httplimit.New(httplimit.Options{}, httplimit.Per(s.users, header("User")))(mux)
	r := request("GET", "User", "alice")
	require.Equal(t, http.StatusNoContent, send(h, r).Code)
	assert.Equal(t, "GET /{$}", r.Pattern)
}

func TestOnDeniedAnswersAfterTheFields(t *testing.T) {
	t.Parallel()
	s := newTwoChecks(t, httplimit.Options{
		OnDenied: func(w http.ResponseWriter, _ *http.Request, d ratelimit.Decision) {
			assert.Equal(t, "60", w.Header().Get("Retry-After"))
			assert.NotEmpty(t, w.Header().Get("Ratelimit"))
			w.Header().Set("Refresh", d.RetryAfter.String())
			w.WriteHeader(http.StatusTeapot)
		},
	}, ratelimit.Options{})
	send(s.handler, request("GET", "User", "alice", "Tenant", "acme"))
	w := send(s.handler, request("GET", "User", "alice", "Tenant", "acme"))
	assert.Equal(t, http.StatusTeapot, w.Code)
	assert.Equal(t, "1m0s", w.Header().Get("Refresh"))
	assert.Empty(t, w.Body.String())
}

func TestAnExemptRequestIsNotAsked(t *testing.T) {
	t.Parallel()
	s := newTwoChecks(t, httplimit.Options{}, ratelimit.Options{})
	for range 2 {
		w := send(s.handler, request("GET", "User", "alice", "Tenant", "admin"))
		require.Equal(t, http.StatusNoContent, w.Code)
		assert.Equal(t, `"user-minute";q=10;w=60, "user-burst";q=10;w=10`, w.Header().Get("Ratelimit-Policy"))
	}
	assert.Equal(t, []int64{8, 7}, s.remaining(t, "alice"))
	w := send(s.handler, request("GET", "User", "admin", "Tenant", "admin"))
	assert.Equal(t, http.StatusNoContent, w.Code)
	assert.Empty(t, sent(w))
}
