//go:build unix

// Package browsertest shows the pages of an example to a real browser, without a driver and
// its protocol: a headless Chromium looks at a page and says what it has seen, and the
// page itself tells a test what it shows meanwhile.
package browsertest

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Browser is a headless Chromium that looks at one page.
type Browser struct {
	ended  chan struct{}
	output bytes.Buffer
	err    error
}

// Chromium returns where Chromium is. Without it the test is skipped, or fails where
// STATE_REQUIRE_REDIS=1 says that nothing may be missing.
func Chromium(t *testing.T) string {
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

// Browse has a browser at that path open a page, and look at it in that way once the
// load event has come.
func Browse(t *testing.T, path, url string, look ...string) *Browser {
	t.Helper()
	home, err := os.MkdirTemp("", "browser") //nolint:usetesting // what dies last may still write there
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	args := append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-extensions",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-breakpad",
		"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--user-data-dir=" + home, "--lang=en",
	}, look...)
	b := &Browser{ended: make(chan struct{})}
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

// Wait waits for what the browser has seen.
func (b *Browser) Wait(t *testing.T) string {
	t.Helper()
	select {
	case <-b.ended:
	case <-time.After(30 * time.Second):
		require.Fail(t, "the browser does not end")
	}
	require.NoError(t, b.err)
	return b.output.String()
}
