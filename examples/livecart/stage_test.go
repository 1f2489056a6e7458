//go:build unix

package main

import (
	"bytes"
	"context"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

// stage serves the page to a browser under the eyes of a test, which sees what the
// page shows, runs scripts in it and breaks its streams. The load event of the page
// waits until the test is over, as that is when a headless browser looks at it.
type stage struct {
	http.Handler
	store *state.Store
	url   string

	released chan struct{}
	release  func()

	mu      sync.Mutex
	shown   string // the text of the page
	script  string // what the page is to run next
	streams map[*http.Request]context.CancelFunc
	gate    chan struct{} // streams begin once it is closed
}

const cartID = "demo"

// observed is added to the page. It has the page tell what it shows, and do what it
// is answered.
const observed = `<img src="/hold" alt="" hidden>
<script>
let last = Promise.resolve();
const tell = () => last = last.then(async () => {
  const answer = await fetch("/shown", {method: "POST", body: document.querySelector("main").innerText});
  eval(await answer.text());
}).catch(() => {}).then(() => setTimeout(tell, 20));
tell();
</script>
`

// newStage returns a stage for a cart that is not there yet.
func newStage(t *testing.T) *stage {
	t.Helper()
	store, closeStore, err := open(t.Context(), redistest.Start(t).URL(), io.Discard)
	require.NoError(t, err)
	s := &stage{
		Handler: newHandler(NewCartReader(store), store), store: store,
		released: make(chan struct{}), gate: make(chan struct{}), streams: make(map[*http.Request]context.CancelFunc),
	}
	close(s.gate)
	s.release = sync.OnceFunc(func() { close(s.released) })
	srv := httptest.NewServer(s)
	s.url = srv.URL + "/carts/" + cartID
	t.Cleanup(func() {
		s.release()
		s.resume(s.drop())
		srv.Close()
		closeStore()
	})
	return s
}

func (s *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case path == "/hold":
		select {
		case <-s.released:
		case <-r.Context().Done():
		}
	case path == "/shown":
		text, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		script := s.script
		s.shown, s.script = string(text), ""
		s.mu.Unlock()
		_, _ = io.WriteString(w, script)
	case strings.HasSuffix(path, "/events"):
		s.stream(w, r)
	case path == "/carts/"+cartID && r.Method == http.MethodGet:
		recorder := httptest.NewRecorder()
		s.Handler.ServeHTTP(recorder, r)
		maps.Copy(w.Header(), recorder.Header())
		_, _ = w.Write(bytes.Replace(recorder.Body.Bytes(), []byte("</body>"), []byte(observed+"</body>"), 1))
	default:
		s.Handler.ServeHTTP(w, r)
	}
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
	s.Handler.ServeHTTP(w, r.WithContext(ctx))
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

// run has the page run a script.
func (s *stage) run(script string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = script
}

// add has the page itself put an item into the cart.
func (s *stage) add(name, count string) {
	s.run(`the("name").value = "` + name + `"; the("amount").value = "` + count + `"; the("form").requestSubmit()`)
}

// put puts an item into the cart behind the page's back.
func (s *stage) put(t *testing.T, item Item) {
	t.Helper()
	_, err := state.Upsert(t.Context(), s.store, CartKey(cartID), func(c *Cart) error { return c.add(item) })
	require.NoError(t, err)
}

// shows waits until these are lines of what the page shows.
func (s *stage) shows(t *testing.T, lines ...string) {
	t.Helper()
	var text string
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		s.mu.Lock()
		text = s.shown
		s.mu.Unlock()
		shown := strings.Split(text, "\n")
		if !slices.ContainsFunc(lines, func(line string) bool { return !slices.Contains(shown, line) }) {
			return
		}
	}
	require.Fail(t, "the page does not show it", "%q\nis not in\n%s", lines, text)
}
