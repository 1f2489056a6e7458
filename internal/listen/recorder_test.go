package listen_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/internal/listen"
)

const soon = 8 * time.Second

// within returns a context that lets a failing test end.
func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// newHub returns a hub that is closed before the client is.
func newHub(t *testing.T, client redis.UniversalClient) *listen.Hub {
	t.Helper()
	h := listen.New(exec.New(client))
	t.Cleanup(h.Close)
	return h
}

func key(k string) listen.Subject     { return listen.Subject{Key: k} }
func pattern(p string) listen.Subject { return listen.Subject{Key: p, Pattern: true} }

// recorder is a listener that remembers.
type recorder struct {
	mu       sync.Mutex
	changed  chan struct{}
	messages []listen.Message
	calls    []string // but those of Heard
	errs     []error  // of Lost and Failed
}

func record(h *listen.Hub, s listen.Subject) (*recorder, func()) {
	r := &recorder{changed: make(chan struct{})}
	return r, h.Listen(s, r)
}

func (r *recorder) note(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *recorder) call(name string, err error) {
	r.note(func() {
		r.calls = append(r.calls, name)
		if err != nil {
			r.errs = append(r.errs, err)
		}
	})
}

func (r *recorder) Heard(m listen.Message) {
	r.note(func() { r.messages = append(r.messages, m) })
}
func (r *recorder) Ready()           { r.call("ready", nil) }
func (r *recorder) Lost(err error)   { r.call("lost", err) }
func (r *recorder) Failed(err error) { r.call("failed", err) }

// await waits until ok, which is called with the recorder locked.
func (r *recorder) await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	limit := time.After(soon)
	for {
		r.mu.Lock()
		done, changed, calls, n := ok(), r.changed, r.calls, len(r.messages)
		r.mu.Unlock()
		if done {
			return
		}
		select {
		case <-changed:
		case <-limit:
			require.FailNow(t, "awaited in vain: "+what, "calls %v, messages %d, errors %v", calls, n, r.errs)
		}
	}
}

// ready waits for the n-th Ready.
func (r *recorder) ready(t *testing.T, n int) {
	t.Helper()
	r.await(t, "ready", func() bool { return r.count("ready") >= n })
}

func (r *recorder) lost(t *testing.T) {
	t.Helper()
	r.await(t, "lost", func() bool { return r.count("lost") > 0 })
}

func (r *recorder) failed(t *testing.T) error {
	t.Helper()
	r.await(t, "failed", func() bool { return r.count("failed") > 0 })
	return r.errs[len(r.errs)-1]
}

func (r *recorder) hears(t *testing.T, m listen.Message) {
	t.Helper()
	r.await(t, m.Key+" "+m.Text, func() bool { return r.times(m) > 0 })
}

func (r *recorder) count(name string) (n int) {
	for _, c := range r.calls {
		if c == name {
			n++
		}
	}
	return n
}

func (r *recorder) times(m listen.Message) (n int) {
	for _, got := range r.messages {
		if got == m {
			n++
		}
	}
	return n
}

// history returns the calls so far, with those of one kind in a row as one.
func (r *recorder) history() (all []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.calls {
		if len(all) == 0 || all[len(all)-1] != c {
			all = append(all, c)
		}
	}
	return all
}

func (r *recorder) snapshot() (calls []string, messages []listen.Message) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.calls...), append([]listen.Message(nil), r.messages...)
}

func publish(t *testing.T, client redis.UniversalClient, k, text string) {
	t.Helper()
	require.NoError(t, client.Publish(within(t, soon), listen.Channel(k), text).Err())
}
