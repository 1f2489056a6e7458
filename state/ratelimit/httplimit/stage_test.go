package httplimit_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/ratelimit"
	"github.com/typedstate/typedstate/state/ratelimit/httplimit"
)

// stage is a server, a store on it, and a clock that stands still.
type stage struct {
	server *embedded.Server
	store  *state.Store
	now    time.Time
	// ended is told of each operation of the store; it is set before the first.
	ended func(state.Operation, state.Outcome)
}

func newStage(t *testing.T) *stage {
	t.Helper()
	server, err := embedded.Start()
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Close() })
	s := &stage{
		server: server,
		now:    time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC),
		ended:  func(state.Operation, state.Outcome) {},
	}
	s.store, err = state.New(server.Client(), state.Options{Prefix: "test:", EnableSet: true, Observer: s})
	require.NoError(t, err)
	server.SetTime(s.now)
	return s
}

// Begin is that of [state.Observer].
func (s *stage) Begin(ctx context.Context, op state.Operation) (context.Context, func(state.Outcome)) {
	return ctx, func(o state.Outcome) { s.ended(op, o) }
}

func (s *stage) pass(d time.Duration) {
	s.now = s.now.Add(d)
	s.server.SetTime(s.now)
}

// refuse has Redis refuse to decide about the subject at key, where it finds something else.
func (s *stage) refuse(t *testing.T, key string) {
	t.Helper()
	require.NoError(t, s.server.Client().Set(t.Context(), "test:"+key, "of another type", 0).Err())
}

func (s *stage) limiter(t *testing.T, template string, o ratelimit.Options, limits ...ratelimit.Limit) *ratelimit.Limiter[string] {
	t.Helper()
	l, err := ratelimit.New(s.store, ratelimit.Define[string](template, limits...), o)
	require.NoError(t, err)
	return l
}

var errAnonymous = errors.New("nobody has logged in")

// header returns the function that finds the subject of a request in that header.
func header(name string) func(*http.Request) (string, error) {
	return func(r *http.Request) (string, error) {
		switch v := r.Header.Get(name); v {
		case "":
			return "", errAnonymous
		case "admin":
			return "", httplimit.ErrExempt
		default:
			return v, nil
		}
	}
}

// counter answers 204 and counts the requests that it gets.
type counter struct{ atomic.Int64 }

func (c *counter) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	c.Add(1)
	w.WriteHeader(http.StatusNoContent)
}

// request returns a request of those subjects.
func request(method string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, "/", http.NoBody)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func send(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// sent returns the fields of a response beside those of its content.
func sent(w *httptest.ResponseRecorder) map[string]string {
	fields := map[string]string{}
	for name := range w.Header() {
		if name != "Content-Type" && name != "Content-Length" {
			fields[name] = w.Header().Get(name)
		}
	}
	return fields
}
