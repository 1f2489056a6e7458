package main

import (
	"context"
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
	"github.com/typedstate/typedstate/state"
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

func TestTheStreamFollowsTheStoreOnEveryRedis(t *testing.T) {
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
			next := follow(ctx, t, address+"/carts/c1/events")
			assert.Equal(t, "event: current", next("event: "))
			assert.Contains(t, next("data: "), `"found":false`)

			added, err := http.PostForm(address+"/carts/c1/items", url.Values{"name": {"tea"}, "count": {"2"}})
			require.NoError(t, err)
			require.NoError(t, added.Body.Close())
			assert.Equal(t, http.StatusNoContent, added.StatusCode)
			assert.Equal(t, "event: set", next("event: "))
			assert.Contains(t, next("data: "), `"found":true,"items":[{"name":"tea","count":2}],"expiresIn":1`)

			request, err := http.NewRequestWithContext(ctx, http.MethodDelete, address+"/carts/c1", nil)
			require.NoError(t, err)
			removed, err := http.DefaultClient.Do(request)
			require.NoError(t, err)
			require.NoError(t, removed.Body.Close())
			assert.Equal(t, "event: removed", next("event: "))
			stop()
			assert.Equal(t, "the end", next("event: "), "the program ends its streams")
		})
	}
}

func TestTheProgramSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, run(t.Context(), "not a url", "127.0.0.1:0", io.Discard), "the URL does not parse")
	require.ErrorContains(t, run(t.Context(), "", "127.0.0.1:no", io.Discard), "listen: ")
}

func TestAZeroReaderIsAnErrorAndNoPanic(t *testing.T) {
	t.Parallel()
	for _, err := range (&CartReader{}).Watch(t.Context(), "c1") {
		require.ErrorIs(t, err, state.ErrNoStore)
		return
	}
	require.Fail(t, "nothing was yielded")
}
