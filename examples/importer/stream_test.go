package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
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
	"github.com/typedstate/typedstate/state/jobs"
)

// watching returns a handler whose watch is f.
func watching(f func(ctx context.Context, yield func(ImportStatus, error) bool)) http.Handler {
	h := &handler{watch: func(ctx context.Context, _ ImportJobKey) iter.Seq2[ImportStatus, error] {
		return func(yield func(ImportStatus, error) bool) { f(ctx, yield) }
	}}
	return h.routes()
}

// streamed returns what a browser is sent.
func streamed(h http.Handler) *httptest.ResponseRecorder {
	return answer(h, "GET", "/imports/steady/i1/events", nil)
}

func TestAStreamTellsOfEachStepOfAnImport(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	lost := jobs.Attempt{Number: 1, Outcome: jobs.OutcomeLost, Failure: &jobs.Failure{Code: jobs.CodeLost, Message: "of the library"}}
	broken := jobs.Attempt{Number: 2, Outcome: jobs.OutcomeFailed, Failure: &jobs.Failure{Message: "It\nbroke"}}
	got := streamed(watching(func(_ context.Context, yield func(ImportStatus, error) bool) {
		for _, info := range []jobs.Info{
			{State: jobs.Pending, Revision: 1, NotBefore: now, ServerTime: now.Add(time.Second)},
			{State: jobs.Running, Revision: 2, Attempt: 2, History: []jobs.Attempt{lost}},
			{State: jobs.Pending, Revision: 7, NotBefore: now.Add(1500 * time.Millisecond), ServerTime: now, History: []jobs.Attempt{lost, broken}},
			{State: jobs.Running, Revision: 8, Attempt: 3, CancelRequested: true},
			{State: jobs.Cancelled, Revision: 9, CancelRequested: true},
		} {
			if !yield(ImportStatus{Info: info, Progress: Progress{Rows: 10, Skipped: 1}}, nil) {
				return
			}
		}
	}))
	assert.Equal(t, http.StatusOK, got.Code)
	assert.Equal(t, "text/event-stream", got.Header().Get("Content-Type"))
	assert.Equal(t, "no-store", got.Header().Get("Cache-Control"))
	assert.True(t, got.Flushed)
	const amounts = `"rows":10,"total":1200,"skipped":1,"imported":0`
	assert.Equal(t, `retry: 500

id: 1
event: status
data: {"state":"pending","final":false,`+amounts+`,"cancelling":false,"startsIn":0,"message":"","attempts":[]}

id: 2
event: status
data: {"state":"running","final":false,`+amounts+`,"cancelling":false,"startsIn":0,"message":"","attempts":[`+
		`{"number":1,"outcome":"lost","message":"Its process was not heard of any more"},{"number":2,"outcome":"running","message":""}]}

id: 7
event: status
data: {"state":"pending","final":false,`+amounts+`,"cancelling":false,"startsIn":1500,"message":"","attempts":[`+
		`{"number":1,"outcome":"lost","message":"Its process was not heard of any more"},{"number":2,"outcome":"failed","message":"It\nbroke"}]}

id: 8
event: status
data: {"state":"running","final":false,`+amounts+`,"cancelling":true,"startsIn":0,"message":"","attempts":[{"number":3,"outcome":"running","message":""}]}

id: 9
event: status
data: {"state":"cancelled","final":true,`+amounts+`,"cancelling":false,"startsIn":0,"message":"","attempts":[]}

`, got.Body.String())
}

func TestAStreamEndsWithWhatHasComeOfTheImport(t *testing.T) {
	t.Parallel()
	for source, want := range map[string]string{
		"steady": `"state":"succeeded","final":true,"rows":1200,"total":1200,"skipped":6,"imported":1194,"cancelling":false,"startsIn":0,"message":"",`,
		"faulty": `"state":"failed","final":true,"rows":780,"total":1200,"skipped":3,"imported":0,"cancelling":false,"startsIn":0,"message":"Row 784 has no price",`,
	} {
		t.Run(source, func(t *testing.T) {
			t.Parallel()
			ctx, tracker := newTracker(t)
			h := newHandler(tracker, working(ctx, t, tracker))
			require.Equal(t, http.StatusSeeOther, answer(h, "POST", "/imports", map[string][]string{"source": {source}, "id": {"i1"}}).Code)
			text := answer(h, "GET", "/imports/"+source+"/i1/events", nil).Body.String()
			last := text[strings.LastIndex(text, "data: "):]
			assert.Contains(t, last, want)
			assert.Equal(t, 1, strings.Count(text, `"final":true`))
		})
	}
}

func TestAStreamWithoutNewsIsKeptAlive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got := streamed(watching(func(_ context.Context, yield func(ImportStatus, error) bool) {
			yield(ImportStatus{Info: jobs.Info{Revision: 1}}, nil)
			time.Sleep(40 * time.Second)
			yield(ImportStatus{Info: jobs.Info{Revision: 2}}, nil)
		})).Body.String()
		assert.Equal(t, 2, strings.Count(got, ": still here\n\n"))
		assert.Less(t, strings.LastIndex(got, ": still here"), strings.Index(got, "id: 2"))
	})
}

func TestAStreamTellsThatThereIsAnErrorAndNotWhich(t *testing.T) {
	t.Parallel()
	got := streamed(watching(func(_ context.Context, yield func(ImportStatus, error) bool) {
		_ = yield(ImportStatus{Info: jobs.Info{Revision: 1}}, nil) &&
			yield(ImportStatus{}, errors.New("a secret of i1")) &&
			yield(ImportStatus{}, fmt.Errorf("of i1: %w", jobs.ErrGone))
	})).Body.String()
	assert.True(t, strings.HasSuffix(got, "\n\nevent: failed\ndata: {}\n\nevent: gone\ndata: {}\n\n"), got)
	assert.NotContains(t, got, "i1")

	refused := streamed(watching(func(_ context.Context, yield func(ImportStatus, error) bool) {
		yield(ImportStatus{}, &state.Error{Op: "Watch", Err: state.ErrNotFound})
	}))
	assert.Equal(t, http.StatusNotFound, refused.Code)
	assert.Equal(t, "text/plain; charset=utf-8", refused.Header().Get("Content-Type"))
}

func TestAStreamEndsWithItsRequest(t *testing.T) {
	t.Parallel()
	ended := make(chan struct{})
	served := make(chan struct{})
	h := watching(func(ctx context.Context, yield func(ImportStatus, error) bool) {
		defer close(ended)
		yield(ImportStatus{}, nil)
		<-ctx.Done()
		time.Sleep(20 * time.Millisecond) // long enough for a stream that does not wait
	})
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
	next := follow(ctx, t, srv.URL+"/imports/steady/i1/events")
	assert.Equal(t, "event: status", next("event: "), "what is written is sent at once")
	cancel()
	for _, c := range []chan struct{}{ended, served} {
		select {
		case <-c:
		case <-time.After(patience):
			require.Fail(t, "the stream does not end")
		}
	}
}

func TestTwoPagesShowTheSame(t *testing.T) {
	t.Parallel()
	ctx, h, _ := idle(t)
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	require.Equal(t, http.StatusSeeOther, answer(h, "POST", "/imports", map[string][]string{"source": {"steady"}, "id": {"i1"}}).Code)
	address := srv.URL + "/imports/steady/i1"
	first, second := follow(ctx, t, address+"/events"), follow(ctx, t, address+"/events")
	for _, next := range []func(string) string{first, second} {
		assert.Contains(t, next("data: "), `"cancelling":false`)
	}
	cancelled(t, address)
	for _, next := range []func(string) string{first, second} {
		var last string
		for line := next("data: "); line != "the end"; line = next("data: ") {
			last = line
		}
		assert.Contains(t, last, `"state":"cancelled"`)
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
