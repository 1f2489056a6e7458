package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
	"github.com/typedstate/typedstate/state/jobs"
)

func answer(h http.Handler, method, path string, form url.Values) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	recorder := httptest.NewRecorder()
	h.ServeHTTP(recorder, r)
	return recorder
}

// idle returns a handler whose imports do not come to an end by themselves.
func idle(t *testing.T) (context.Context, http.Handler, *ImportTracker) {
	t.Helper()
	ctx, tracker := newTracker(t)
	r := newRunner(ctx, tracker, time.Hour)
	t.Cleanup(r.stop)
	return ctx, newHandler(tracker, r), tracker
}

func TestThePagesNeedNothingButThemselves(t *testing.T) {
	t.Parallel()
	ctx, h, tracker := idle(t)
	_, _, err := tracker.Create(ctx, ImportJobKey{"steady", "i1"})
	require.NoError(t, err)
	for path, kind := range map[string]string{
		"/": "text/html; charset=utf-8", "/imports/steady/i1": "text/html; charset=utf-8",
		"/style.css": "text/css; charset=utf-8", "/import.js": "text/javascript; charset=utf-8",
	} {
		got := answer(h, "GET", path, nil)
		assert.Equal(t, http.StatusOK, got.Code, path)
		assert.Equal(t, kind, got.Header().Get("Content-Type"), path)
		assert.Contains(t, got.Header().Get("Content-Security-Policy"), "default-src 'none'", path)
		assert.NotRegexp(t, `https?:|@import|url\(|<style|style=|onclick=|<script>`, got.Body.String(), path)
	}
	assert.Equal(t, http.StatusNotFound, answer(h, "GET", "/start.html", nil).Code)
}

func TestAFormThatIsSentTwiceStartsOneImport(t *testing.T) {
	t.Parallel()
	ctx, h, tracker := idle(t)
	find := regexp.MustCompile(`name="id" value="([^"]+)"`)
	first := find.FindStringSubmatch(answer(h, "GET", "/", nil).Body.String())
	second := find.FindStringSubmatch(answer(h, "GET", "/", nil).Body.String())
	require.Len(t, first, 2)
	require.Len(t, second, 2)
	assert.NotEqual(t, first[1], second[1])

	form := url.Values{"source": {"steady"}, "id": {first[1]}}
	for range 2 {
		got := answer(h, "POST", "/imports", form)
		assert.Equal(t, http.StatusSeeOther, got.Code)
		assert.Equal(t, "/imports/steady/"+first[1], got.Header().Get("Location"))
	}
	n, err := tracker.Count(ctx)
	require.NoError(t, err)
	assert.EqualValues(t, 1, n.Pending+n.Running)
}

func TestWhatIsNoImportIsRefused(t *testing.T) {
	t.Parallel()
	ctx, h, tracker := idle(t)
	for name, form := range map[string]url.Values{
		"no source": {"id": {"i1"}}, "another source": {"source": {"secret"}, "id": {"i1"}}, "no id": {"source": {"steady"}},
		"a long id": {"source": {"steady"}, "id": {strings.Repeat("a", 65)}}, "an odd id": {"source": {"steady"}, "id": {"a/b"}},
		"too much": {"source": {"steady"}, "id": {"i1"}, "x": {strings.Repeat("x", 5000)}},
	} {
		assert.Equal(t, http.StatusBadRequest, answer(h, "POST", "/imports", form).Code, name)
	}
	n, err := tracker.Count(ctx)
	require.NoError(t, err)
	assert.Zero(t, n)
}

func TestAnImportThatThereIsNotIsNotFound(t *testing.T) {
	t.Parallel()
	_, h, _ := idle(t)
	for _, path := range []string{"/imports/steady/i1", "/imports/secret/i1", "/imports/steady/a.b", "/imports/steady/" + strings.Repeat("a", 65)} {
		for _, c := range [][2]string{{"GET", ""}, {"GET", "/events"}, {"POST", "/cancel"}, {"POST", "/restart"}} {
			got := answer(h, c[0], path+c[1], nil)
			assert.Equal(t, http.StatusNotFound, got.Code, c)
			assert.Equal(t, "there is no such import, or not any more\n", got.Body.String(), c)
			assert.Equal(t, "text/plain; charset=utf-8", got.Header().Get("Content-Type"), "a browser does not come back for it")
		}
	}
}

func TestAnImportIsCancelledAndBegunAnew(t *testing.T) {
	t.Parallel()
	ctx, h, tracker := idle(t)
	key := ImportJobKey{"steady", "i1"}
	require.Equal(t, http.StatusSeeOther, answer(h, "POST", "/imports", url.Values{"source": {"steady"}, "id": {"i1"}}).Code)
	got := answer(h, "POST", "/imports/steady/i1/restart", nil)
	assert.Equal(t, http.StatusConflict, got.Code)
	assert.Equal(t, "the import has not ended\n", got.Body.String())

	for range 2 { // from two pages
		require.Equal(t, http.StatusNoContent, answer(h, "POST", "/imports/steady/i1/cancel", nil).Code)
	}
	status, err := tracker.Await(ctx, key)
	require.NoError(t, err)
	assert.Equal(t, jobs.Cancelled, status.State)
	assert.Equal(t, "somebody has pressed the button", status.CancelReason)

	require.Equal(t, http.StatusNoContent, answer(h, "POST", "/imports/steady/i1/restart", nil).Code)
	for status, err := range tracker.Watch(ctx, key) {
		require.NoError(t, err)
		if status.State == jobs.Running {
			break
		}
	}
}

func TestAnImportThatHasEndedCannotBeCancelled(t *testing.T) {
	t.Parallel()
	ctx, tracker := newTracker(t)
	h := newHandler(tracker, working(ctx, t, tracker))
	require.Equal(t, http.StatusSeeOther, answer(h, "POST", "/imports", url.Values{"source": {"steady"}, "id": {"i1"}}).Code)
	_, err := tracker.Await(ctx, ImportJobKey{"steady", "i1"})
	require.NoError(t, err)
	for _, what := range []string{"cancel", "restart"} {
		got := answer(h, "POST", "/imports/steady/i1/"+what, nil)
		assert.Equal(t, http.StatusConflict, got.Code, what)
		assert.Equal(t, "the import has ended\n", got.Body.String(), what)
	}
}

func TestARequestThatFailsSaysNothingOfTheCause(t *testing.T) {
	t.Parallel()
	srv, err := embedded.Start()
	require.NoError(t, err)
	store, err := state.New(srv.Client(), state.Options{DisableGet: true})
	require.NoError(t, err)
	t.Cleanup(func() { srv.Close() })
	tracker, err := NewImportTracker(store, jobs.Options{})
	require.NoError(t, err)
	h := newHandler(tracker, &runner{})
	for _, got := range []*httptest.ResponseRecorder{
		answer(h, "POST", "/imports", url.Values{"source": {"steady"}, "id": {"i1"}}),
		answer(h, "GET", "/imports/steady/i1", nil), answer(h, "GET", "/imports/steady/i1/events", nil),
		answer(h, "POST", "/imports/steady/i1/cancel", nil), answer(h, "POST", "/imports/steady/i1/restart", nil),
	} {
		assert.Equal(t, http.StatusServiceUnavailable, got.Code)
		assert.Equal(t, "the server cannot reach its Redis\n", got.Body.String())
	}
}

func TestAnotherSiteCannotStartOrCancelAnImport(t *testing.T) {
	t.Parallel()
	_, h, _ := idle(t)
	for _, path := range []string{"/imports", "/imports/steady/i1/cancel", "/imports/steady/i1/restart"} {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader("source=steady&id=i1"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		got := httptest.NewRecorder()
		h.ServeHTTP(got, r)
		assert.Equal(t, http.StatusForbidden, got.Code, path)
	}
}
