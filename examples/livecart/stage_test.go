//go:build unix

package main

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/examples/internal/browsertest"
	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

// stage is the page of a cart with a browser before it, whose streams a test breaks.
type stage struct {
	*browsertest.Page
	handler http.Handler
	store   *state.Store

	mu      sync.Mutex
	streams map[*http.Request]context.CancelFunc
	gate    chan struct{} // streams begin once it is closed
}

const cartID = "demo"

// newStage returns a stage for a cart that is not there yet.
func newStage(t *testing.T) *stage {
	t.Helper()
	store, closeStore, err := open(t.Context(), redistest.Start(t).URL(), io.Discard)
	require.NoError(t, err)
	t.Cleanup(closeStore)
	s := &stage{
		handler: newHandler(NewCartReader(store), store), store: store,
		gate: make(chan struct{}), streams: make(map[*http.Request]context.CancelFunc),
	}
	close(s.gate)
	s.Page = browsertest.Serve(t, http.HandlerFunc(s.serve), "/carts/"+cartID)
	t.Cleanup(func() { s.resume(s.drop()) })
	return s
}

// serve serves what the program does, and streams that can be broken.
func (s *stage) serve(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/events") {
		s.stream(w, r)
		return
	}
	s.handler.ServeHTTP(w, r)
}

// stream serves a stream, unless none may begin, until it is broken.
func (s *stage) stream(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	gate := s.gate
	s.mu.Unlock()
	select {
	case <-gate:
	case <-r.Context().Done():
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	s.mu.Lock()
	s.streams[r] = cancel
	s.mu.Unlock()
	s.handler.ServeHTTP(w, r.WithContext(ctx))
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.streams, r)
	panic(http.ErrAbortHandler) // the connection breaks, as it does when a server dies
}

// drop breaks all streams, and has none begin before the gate that it returns is given
// to resume.
func (s *stage) drop() (gate chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gate = make(chan struct{})
	for _, cancel := range s.streams {
		cancel()
	}
	return s.gate
}

func (s *stage) resume(gate chan struct{}) { close(gate) }

// add has the page itself put an item into the cart.
func (s *stage) add(name, count string) {
	s.Run(`the("name").value = "` + name + `"; the("amount").value = "` + count + `"; the("form").requestSubmit()`)
}

// put puts an item into the cart behind the page's back.
func (s *stage) put(t *testing.T, item Item) {
	t.Helper()
	_, err := state.Upsert(t.Context(), s.store, CartKey(cartID), func(c *Cart) error { return c.add(item) })
	require.NoError(t, err)
}
