//go:build unix

package browsertest

import (
	"bytes"
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
)

// Page is a page under the eyes of a test, which sees what it shows and runs scripts in it.
// The load event of the page waits until the test is over, as that is when a headless
// browser looks at it.
type Page struct {
	// URL is where it is.
	URL string

	path string
	next http.Handler

	released chan struct{}
	release  func()

	mu     sync.Mutex
	shown  string // the text of the page
	script string // what the page is to run next
}

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

// Serve serves what next does, and observes the page at path. It ends with the test, before
// what was set up earlier.
func Serve(t *testing.T, next http.Handler, path string) *Page {
	t.Helper()
	p := &Page{path: path, next: next, released: make(chan struct{})}
	p.release = sync.OnceFunc(func() { close(p.released) })
	srv := httptest.NewServer(p)
	p.URL = srv.URL + path
	t.Cleanup(func() {
		p.release()
		srv.Close()
	})
	return p
}

// ServeHTTP implements [http.Handler].
func (p *Page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/hold":
		select {
		case <-p.released:
		case <-r.Context().Done():
		}
	case r.URL.Path == "/shown":
		text, _ := io.ReadAll(r.Body)
		p.mu.Lock()
		script := p.script
		p.shown, p.script = string(text), ""
		p.mu.Unlock()
		_, _ = io.WriteString(w, script)
	case r.URL.Path == p.path && r.Method == http.MethodGet:
		recorder := httptest.NewRecorder()
		p.next.ServeHTTP(recorder, r)
		maps.Copy(w.Header(), recorder.Header())
		for _, name := range []string{
			"Content-Length",          // it grows
			"Content-Security-Policy", // it does not allow for us
		} {
			w.Header().Del(name)
		}
		w.WriteHeader(recorder.Code)
		_, _ = w.Write(bytes.Replace(recorder.Body.Bytes(), []byte("</body>"), []byte(observed+"</body>"), 1))
	default:
		p.next.ServeHTTP(w, r)
	}
}

// Release has the browser look at the page as it is now, and end.
func (p *Page) Release() { p.release() }

// Run has the page run a script.
func (p *Page) Run(script string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script = script
}

// Shows waits until these are lines of what the page shows.
func (p *Page) Shows(t *testing.T, lines ...string) {
	t.Helper()
	var text string
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		p.mu.Lock()
		text = p.shown
		p.mu.Unlock()
		shown := strings.Split(text, "\n")
		if !slices.ContainsFunc(lines, func(line string) bool { return !slices.Contains(shown, line) }) {
			return
		}
	}
	require.Fail(t, "the page does not show it", "%q\nis not in\n%s", lines, text)
}
