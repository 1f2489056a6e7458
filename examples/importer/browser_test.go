//go:build unix

package main

import (
	"context"
	"flag"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/examples/internal/browsertest"
	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state/jobs"
)

var screenshot = flag.Bool("screenshot", false, "write docs/importer.png")

// newStage returns the page of an import that nobody does, and its tracker.
func newStage(t *testing.T, key ImportJobKey) (context.Context, *browsertest.Page, *ImportTracker) {
	t.Helper()
	store, closeStore, err := open(t.Context(), redistest.Start(t).URL(), io.Discard)
	require.NoError(t, err)
	t.Cleanup(closeStore)
	tracker, err := NewImportTracker(store, jobs.Options{ReportEvery: time.Millisecond})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	p := browsertest.Serve(t, newHandler(tracker, &runner{stopped: true}), "/imports/"+key.Source+"/"+key.ImportID)
	t.Cleanup(cancel)
	_, _, err = tracker.Create(ctx, key)
	require.NoError(t, err)
	return ctx, p, tracker
}

func TestABrowserShowsAnImport(t *testing.T) {
	t.Parallel()
	path := browsertest.Chromium(t)
	key := ImportJobKey{"steady", "demo"}
	ctx, p, tracker := newStage(t, key)
	b := browsertest.Browse(t, path, p.URL, "--dump-dom")
	p.Shows(t, "Waiting", "0 %", "0 of 1,200 rows", "Cancel")

	run, err := tracker.Start(ctx, key)
	require.NoError(t, err)
	p.Shows(t, "Running", "Attempt 1", "running")
	require.NoError(t, run.Report(Progress{Rows: 610, Skipped: 3}))
	p.Shows(t, "50 %", "610 of 1,200 rows, 3 skipped")
	require.NoError(t, run.Fail(ctx, jobs.RetryIn(&jobs.Failure{Message: "<b>It broke</b>"}, time.Second)))
	p.Shows(t, "Waiting", "The next attempt starts in a few seconds.", "Attempt 1", "failed: <b>It broke</b>")
	p.Shows(t, "The next attempt is about to start.")

	run, err = tracker.Start(ctx, key)
	require.NoError(t, err)
	p.Shows(t, "Running", "Attempt 2", "running", "50 %")
	p.Run(`the("cancel").click()`)
	p.Shows(t, "Stopping…", "The import was asked to stop.")
	require.NoError(t, run.Cancelled(ctx))
	p.Shows(t, "Cancelled", "The import was cancelled. What was imported stays.", "Try again")

	p.Run(`the("restart").click()`)
	p.Shows(t, "Waiting", "Cancel")
	run, err = tracker.Start(ctx, key)
	require.NoError(t, err)
	p.Shows(t, "Running", "Attempt 3", "running")
	require.NoError(t, run.Report(Progress{Rows: 1200, Skipped: 6}))
	require.NoError(t, run.Succeed(ctx, Report{Imported: 1194, Skipped: 6}))
	p.Shows(t, "Done", "100 %", "1,194 rows imported, 6 skipped as they were there already.", "Attempt 3", "succeeded")
	p.Run(`the("problem").textContent = "The stream is " + ["opening", "open", "closed"][source.readyState]`)
	p.Shows(t, "The stream is closed")
	p.Release()

	dom := b.Wait(t)
	assert.Contains(t, dom, `<progress id="bar" max="1200" value="1200" aria-label="Rows that were read">`)
	assert.Contains(t, dom, `<title>Done – Import</title>`)
	assert.Regexp(t, `<button type="button" id="cancel" hidden="">`, dom)
	assert.Regexp(t, `<button type="button" id="restart" class="main" hidden="">`, dom)
}

// With the flag -screenshot the picture of the documentation is taken anew.
func TestScreenshot(t *testing.T) {
	t.Parallel()
	if !*screenshot {
		t.Skip("writes docs/importer.png; run with -screenshot")
	}
	path := browsertest.Chromium(t)
	key := ImportJobKey{"breaking", "demo"}
	ctx, p, tracker := newStage(t, key)
	picture, err := filepath.Abs("../../docs/importer.png")
	require.NoError(t, err)
	b := browsertest.Browse(t, path, p.URL, "--screenshot="+picture, "--window-size=760,520", "--force-prefers-reduced-motion")
	run, err := tracker.Start(ctx, key)
	require.NoError(t, err)
	require.NoError(t, run.Report(Progress{Rows: 600, Skipped: 3}))
	require.NoError(t, run.Fail(ctx, jobs.RetryIn(fault("breaking", total/2, 1), 0)))
	run, err = tracker.Start(ctx, key)
	require.NoError(t, err)
	require.NoError(t, run.Report(Progress{Rows: 830, Skipped: 4}))
	p.Shows(t, "69 %", "Attempt 2", "running")
	p.Release()
	b.Wait(t)
}
