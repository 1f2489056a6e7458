package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
)

// started runs the program and returns where it serves, and what ends it.
func started(t *testing.T, redis string) (address string, stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	said, says := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, redis, "127.0.0.1:0", says)
		says.CloseWithError(io.EOF)
		ended <- err
	}()
	stop = func() {
		cancel()
		select {
		case err := <-ended:
			require.NoError(t, err)
		case <-time.After(30 * time.Second):
			require.Fail(t, "the program does not end")
		}
	}
	var text strings.Builder
	for b := make([]byte, 1<<10); ; {
		n, err := said.Read(b)
		require.NoError(t, err, text.String())
		text.Write(b[:n])
		if found := regexp.MustCompile(`http://[^/]+`).FindString(text.String()); found != "" {
			return found, stop
		}
	}
}

// rowsOf returns how many rows were read by the time of an event.
func rowsOf(t *testing.T, line string) int {
	t.Helper()
	var s shown
	require.NoError(t, json.Unmarshal([]byte(strings.TrimPrefix(line, "data: ")), &s), line)
	return s.Rows
}

// post sends a form and returns the status of the answer, and where that was found.
func post(t *testing.T, address string, form url.Values) (status int, at string) {
	t.Helper()
	answer, err := http.PostForm(address, form)
	require.NoError(t, err)
	require.NoError(t, answer.Body.Close())
	return answer.StatusCode, answer.Request.URL.String()
}

// cancelled presses the button of a page.
func cancelled(t *testing.T, page string) {
	t.Helper()
	status, _ := post(t, page+"/cancel", nil)
	require.Equal(t, http.StatusNoContent, status)
}

func TestAnImportIsStartedAndCancelledOnEveryRedis(t *testing.T) {
	t.Parallel()
	for name, redis := range map[string]func(t *testing.T) string{
		"in the process": func(*testing.T) string { return "" },
		"a server":       func(t *testing.T) string { t.Helper(); return redistest.Start(t).URL() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, stop := started(t, redis(t))
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			status, page := post(t, address+"/imports", url.Values{"source": {"steady"}, "id": {"i1"}})
			require.Equal(t, http.StatusOK, status)
			assert.Equal(t, address+"/imports/steady/i1", page, "the visitor is sent there")

			next := follow(ctx, t, page+"/events")
			for rowsOf(t, next("data: ")) == 0 {
				continue
			}
			cancelled(t, page)
			var last string
			for line := next("data: "); line != "the end"; line = next("data: ") {
				last = line
			}
			assert.Contains(t, last, `"state":"cancelled","final":true`, "the stream ends with the import")

			next = follow(ctx, t, page+"/events")
			assert.Equal(t, last, next("data: "), "who comes later sees the same")
			assert.Equal(t, "the end", next("data: "))
			stop()
		})
	}
}

func TestAnImportGoesOnInTheNextProcess(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	address, stop := started(t, srv.URL())
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	post(t, address+"/imports", url.Values{"source": {"steady"}, "id": {"i1"}})
	next := follow(ctx, t, address+"/imports/steady/i1/events")
	for rowsOf(t, next("data: ")) == 0 {
		continue
	}
	stop()
	seen := 0
	for line := next("data: "); line != "the end"; line = next("data: ") {
		seen = rowsOf(t, line) // until the program ends its streams
	}

	address, stop = started(t, srv.URL())
	next = follow(ctx, t, address+"/imports/steady/i1/events")
	for {
		line := next("data: ")
		require.GreaterOrEqual(t, rowsOf(t, line), max(seen, batch), "it begins anew")
		if strings.Contains(line, `"state":"running"`) {
			assert.Contains(t, line, `"attempts":[{"number":1,"outcome":"released","message":""},{"number":2,"outcome":"running","message":""}]`)
			break
		}
	}
	cancelled(t, address+"/imports/steady/i1")
	stop()
}

func TestTheProgramSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, run(t.Context(), "not a url", "127.0.0.1:0", io.Discard), "the URL does not parse")
	require.ErrorContains(t, run(t.Context(), "", "127.0.0.1:no", io.Discard), "listen: ")
}
