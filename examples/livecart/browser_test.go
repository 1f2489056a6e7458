//go:build unix

package main

import (
	"bytes"
	"context"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
)

var screenshot = flag.Bool("screenshot", false, "write docs/livecart.png")

// browser is a headless Chromium that looks at one page.
type browser struct {
	ended  chan struct{}
	output bytes.Buffer
	err    error
}

// chromium returns where Chromium is. Without it the test is skipped, or fails where
// STATE_REQUIRE_REDIS=1 says that nothing may be missing.
func chromium(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("chromium")
	switch {
	case err == nil:
	case os.Getenv("STATE_REQUIRE_REDIS") == "1":
		t.Fatalf("STATE_REQUIRE_REDIS=1 and no chromium (%v); apt-get install chromium", err)
	default:
		t.Skipf("needs a chromium (%v); apt-get install chromium", err)
	}
	return path
}

// browse has a browser at that path open a page, and look at it in that way once the
// load event has come.
func browse(t *testing.T, path, url string, look ...string) *browser {
	t.Helper()
	home, err := os.MkdirTemp("", "livecart") //nolint:usetesting // what dies last may still write there
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	args := append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-extensions",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-breakpad",
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--user-data-dir=" + home, "--lang=en",
	}, look...)
	b := &browser{ended: make(chan struct{})}
	command := exec.CommandContext(ctx, path, append(args, url)...)
	command.Env = append(os.Environ(), "HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home)
	command.Stdout = &b.output
	// It has children, which go with it.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	kill := func() error { return syscall.Kill(-command.Process.Pid, syscall.SIGKILL) }
	command.Cancel, command.WaitDelay = kill, 5*time.Second
	require.NoError(t, command.Start())
	go func() {
		defer close(b.ended)
		b.err = command.Wait()
		_ = kill()
	}()
	t.Cleanup(func() {
		cancel()
		<-b.ended
		_ = os.RemoveAll(home)
	})
	return b
}

// wait waits for what the browser has seen.
func (b *browser) wait(t *testing.T) string {
	t.Helper()
	select {
	case <-b.ended:
	case <-time.After(30 * time.Second):
		require.Fail(t, "the browser does not end")
	}
	require.NoError(t, b.err)
	return b.output.String()
}

func TestABrowserShowsTheCartLive(t *testing.T) {
	t.Parallel()
	path := chromium(t)
	s := newStage(t)
	b := browse(t, path, s.url, "--dump-dom")
	s.shows(t, "Live", "There is no cart yet. Add the first item.", "current: no cart")

	s.add("Green tea", "2")
	s.shows(t, "Green tea", "× 2", "set: 2 items")
	s.put(t, Item{"Milk", 1})
	s.shows(t, "Milk", "× 1", "3 items")
	s.add("Green tea", "98")
	s.shows(t, "Not done: the cart is full.")

	gate := s.drop()
	s.shows(t, "Reconnecting…", "3 items")
	s.put(t, Item{"<b>Sugar</b>", 2})
	s.resume(gate)
	s.shows(t, "Live", "<b>Sugar</b>", "5 items", "current: 5 items, changed meanwhile")
	s.put(t, Item{"Milk", 1})
	s.shows(t, "6 items")

	s.run(`the("remove").click()`)
	s.shows(t, "The cart was removed.")
	require.NoError(t, CartKey(cartID).Set(t.Context(), s.store, Cart{Items: []Item{{"Salt", 1}}}, state.TTL(700*time.Millisecond)))
	s.shows(t, "set: 1 item")
	s.shows(t, "The cart has expired.")
	s.release()

	dom := b.wait(t)
	var log []string
	for _, line := range regexp.MustCompile(`<li data-kind="[a-z]+"><time>[0-9:]{8}</time><span>([^<]*)</span>`).FindAllStringSubmatch(dom, -1) {
		log = append(log, line[1])
	}
	slices.Reverse(log)
	assert.Equal(t, []string{
		"Live", "current: no cart", "set: 2 items", "set: 3 items",
		"Reconnecting…", "Live", "current: 5 items, changed meanwhile", "set: 6 items",
		"removed: no cart", "set: 1 item", "expired: no cart",
	}, log)
	assert.Regexp(t, `<p id="connection" role="status" data-state="live">Live</p>`, dom)
	assert.Regexp(t, `<ul id="items"></ul>\s*<p id="notice">The cart has expired.</p>`, dom)
}

// With the flag -screenshot the picture of the documentation is taken anew.
func TestScreenshot(t *testing.T) {
	t.Parallel()
	if !*screenshot {
		t.Skip("writes docs/livecart.png; run with -screenshot")
	}
	path := chromium(t)
	s := newStage(t)
	picture, err := filepath.Abs("../../docs/livecart.png")
	require.NoError(t, err)
	b := browse(t, path, s.url, "--screenshot="+picture, "--window-size=900,640")
	s.shows(t, "Live")
	s.add("Green tea", "2")
	s.shows(t, "set: 2 items")
	s.put(t, Item{"Earl Grey, 250 g", 1})
	s.shows(t, "set: 3 items")
	gate := s.drop()
	s.shows(t, "Reconnecting…")
	s.put(t, Item{"Teapot", 1})
	s.resume(gate)
	s.shows(t, "Live", "4 items")
	s.put(t, Item{"Oat biscuits", 3})
	s.shows(t, "7 items")
	s.release()
	b.wait(t)
}
