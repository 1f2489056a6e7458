package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
)

// watching is a watcher that is a function.
type watching func(ctx context.Context, yield func(state.Event[Cart], error) bool)

func (f watching) Watch(ctx context.Context, _ string) iter.Seq2[state.Event[Cart], error] {
	return func(yield func(state.Event[Cart], error) bool) { f(ctx, yield) }
}

// steps is a watcher that yields these states and ends.
func steps(events ...state.Event[Cart]) watching {
	return func(_ context.Context, yield func(state.Event[Cart], error) bool) {
		for _, e := range events {
			if !yield(e, nil) {
				return
			}
		}
	}
}

const tea, milk = "1111111111111111111111111111111111111111", "2222222222222222222222222222222222222222"

// holding returns the state of a cart that holds these items.
func holding(kind state.EventKind, token string, items ...Item) state.Event[Cart] {
	t, err := state.ParseToken(token)
	if err != nil {
		panic(err)
	}
	return state.Event[Cart]{
		EventInfo: state.EventInfo{Kind: kind, Found: true, Token: t, TTL: 1500 * time.Millisecond},
		Value:     Cart{Items: items},
	}
}

func missing(kind state.EventKind) state.Event[Cart] {
	return state.Event[Cart]{EventInfo: state.EventInfo{Kind: kind, Token: state.Absent()}}
}

// streamed returns what a browser is sent that has seen the event last.
func streamed(w watcher, last string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/carts/c1/events", nil)
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	recorder := httptest.NewRecorder()
	newHandler(w, nil).ServeHTTP(recorder, r)
	return recorder
}

func TestAStreamTellsOfEveryState(t *testing.T) {
	t.Parallel()
	forever := holding(state.EventSet, milk, Item{"milk\n", 2})
	forever.TTL = state.NoTTL
	got := streamed(steps(
		missing(state.EventCurrent), holding(state.EventSet, tea, Item{"tea", 1}), missing(state.EventRemoved),
		forever, missing(state.EventExpired), missing(state.EventGone),
	), "")
	assert.Equal(t, http.StatusOK, got.Code)
	assert.Equal(t, "text/event-stream", got.Header().Get("Content-Type"))
	assert.Equal(t, "no-store", got.Header().Get("Cache-Control"))
	assert.True(t, got.Flushed)
	assert.Equal(t, `retry: 500

id: absent
event: current
data: {"found":false,"items":null,"expiresIn":0,"missed":false,"skipped":0}

id: `+tea+`
event: set
data: {"found":true,"items":[{"name":"tea","count":1}],"expiresIn":1500,"missed":false,"skipped":0}

id: absent
event: removed
data: {"found":false,"items":null,"expiresIn":0,"missed":false,"skipped":0}

id: `+milk+`
event: set
data: {"found":true,"items":[{"name":"milk\n","count":2}],"expiresIn":0,"missed":false,"skipped":0}

id: absent
event: expired
data: {"found":false,"items":null,"expiresIn":0,"missed":false,"skipped":0}

id: absent
event: gone
data: {"found":false,"items":null,"expiresIn":0,"missed":false,"skipped":0}

`, got.Body.String())
}

func TestAStreamSaysWhatThePageHasMissed(t *testing.T) {
	t.Parallel()
	now, later := holding(state.EventCurrent, tea), holding(state.EventSet, milk)
	gap, fast := later, later
	gap.Gap, fast.Skipped = true, 3
	for name, c := range map[string]struct {
		last string
		then state.Event[Cart]
		want []string
	}{
		"nothing at first":           {"", later, []string{`"missed":false,"skipped":0`, `"missed":false,"skipped":0`}},
		"nothing if it is the same":  {tea, later, []string{`"missed":false,"skipped":0`, `"missed":false,"skipped":0`}},
		"a change meanwhile, once":   {milk, later, []string{`"missed":true,"skipped":0`, `"missed":false,"skipped":0`}},
		"the cart had been missing":  {"absent", later, []string{`"missed":true,"skipped":0`, `"missed":false,"skipped":0`}},
		"a gap of the server's own":  {"", gap, []string{`"missed":false,"skipped":0`, `"missed":true,"skipped":0`}},
		"what came faster than that": {"", fast, []string{`"missed":false,"skipped":0`, `"missed":false,"skipped":3`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := streamed(steps(now, c.then), c.last).Body.String()
			var got []string
			for line := range strings.Lines(text) {
				if _, tail, ok := strings.Cut(line, `"expiresIn":1500,`); ok {
					got = append(got, strings.TrimSuffix(tail, "}\n"))
				}
			}
			assert.Equal(t, c.want, got)
		})
	}
}

func TestAStreamWithoutNewsIsKeptAlive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got := streamed(watching(func(_ context.Context, yield func(state.Event[Cart], error) bool) {
			time.Sleep(40 * time.Second)
			yield(missing(state.EventCurrent), nil)
		}), "").Body.String()
		assert.Equal(t, 2, strings.Count(got, ": still here\n\n"))
		assert.Less(t, strings.LastIndex(got, ": still here"), strings.Index(got, "id: absent"))
	})
}

func TestAStreamTellsThatThereIsAnErrorAndNotWhich(t *testing.T) {
	t.Parallel()
	got := streamed(watching(func(_ context.Context, yield func(state.Event[Cart], error) bool) {
		if yield(state.Event[Cart]{}, errors.New("a secret of c1")) {
			yield(missing(state.EventCurrent), nil)
		}
	}), "").Body.String()
	assert.True(t, strings.HasPrefix(got, "retry: 500\n\nevent: failed\ndata: {}\n\nid: absent\nevent: current\n"), got)
	assert.NotContains(t, got, "secret")
}

func TestAStreamEndsWithItsRequest(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	served := make(chan struct{})
	h := newHandler(watching(func(ctx context.Context, yield func(state.Event[Cart], error) bool) {
		defer close(ended)
		yield(missing(state.EventCurrent), nil)
		<-ctx.Done()
		time.Sleep(20 * time.Millisecond) // long enough for a stream that does not wait
	}), nil)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(served)
		h.ServeHTTP(w, r)
		select {
		case <-ended:
		default:
			t.Error("the watch goes on after the request")
		}
	}))
	t.Cleanup(srv.Close)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	next := follow(ctx, t, srv.URL+"/carts/c1/events")
	assert.Equal(t, "event: current", next("event: "), "what is written is sent at once")
	cancel()
	for _, c := range []chan struct{}{ended, served} {
		select {
		case <-c:
		case <-time.After(patience):
			require.Fail(t, "the stream does not end")
		}
	}
}

// follow opens a stream and returns what reads on to the next line that begins so.
func follow(ctx context.Context, t *testing.T, address string) (next func(prefix string) string) {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { response.Body.Close() })
	require.Equal(t, http.StatusOK, response.StatusCode)
	lines := bufio.NewReader(response.Body)
	return func(prefix string) string {
		for {
			line, err := lines.ReadString('\n')
			if errors.Is(err, io.EOF) {
				return "the end"
			}
			require.NoError(t, err)
			if strings.HasPrefix(line, prefix) {
				return strings.TrimSuffix(line, "\n")
			}
		}
	}
}
