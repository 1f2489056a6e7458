package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/jobs"
)

// TestNothingThatIsPrintedNamesTheJobOrWhatIsStored prints all errors, and all values that a
// caller does not ask to see, in each usual way.
func TestNothingThatIsPrintedNamesTheJobOrWhatIsStored(t *testing.T) {
	t.Parallel()
	const key = "canary-key"
	tr, _ := watched(t, define(), jobs.Options{Worker: "canary-worker"}, func(o *state.Options) { o.Prefix = "canary:" })
	ctx := t.Context()
	printed := map[string]any{"Tracker": *tr, "*Tracker": tr}
	add := func(name string, err error) {
		t.Helper()
		require.Error(t, err, name)
		printed[name] = err
	}
	_, err := tr.Get(ctx, key)
	add("not found", err)
	create(t, tr, key)
	_, _, err = tr.Create(ctx, key, jobs.IfExists(jobs.RejectExisting))
	add("exists", err)
	run := start(t, tr, key)
	printed["Run"], printed["*Run"] = *run, run
	_, err = tr.Start(ctx, key)
	add("busy", err)
	add("delete", tr.Delete(ctx, key))
	_, err = tr.Restart(ctx, key)
	add("not finished", err)
	require.NoError(t, run.Fail(ctx, jobs.Permanent(&jobs.Failure{Code: "canary-code", Message: "canary-message"})))
	add("stale", run.Succeed(ctx, report{"canary"}))
	s := get(t, tr, key)
	_, err = s.Result()
	add("failure", err)
	printed["Failure"] = s.Failure()
	_, err = tr.Cancel(ctx, key, "canary-reason")
	add("finished", err)
	_, err = tr.Do(ctx, key, func(context.Context, *attempt) (report, error) { return report{}, nil })
	add("do", err)
	for l, err := range tr.List(ctx, jobs.Failed) {
		require.NoError(t, err)
		printed["cursor"] = l.Cursor
	}
	ended, cancel := context.WithCancelCause(ctx)
	cancel(errors.New("over"))
	_, err = tr.Await(ended, key)
	add("await", err)
	_, err = tr.Get(ctx, "")
	add("empty", err)
	_, err = tr.Get(ctx, fmt.Sprintf("%s%0600d", key, 0))
	add("long", err)
	other, err := jobs.New(jobs.StoreOf(tr), jobs.Define[string, int, int]("import:<jobID>", jobs.FamilyOptions{Keep: time.Minute}), jobs.Options{})
	require.NoError(t, err)
	require.NoError(t, tr.Delete(ctx, key))
	create(t, tr, key)
	require.NoError(t, start(t, tr, key).Succeed(ctx, report{"canary"}))
	_, err = other.Get(ctx, key)
	add("decode", err)

	for name, v := range printed {
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		for _, text := range []string{fmt.Sprint(v), fmt.Sprintf("%v %s %q", v, v, v), fmt.Sprintf("%+v", v), log.String()} {
			assert.NotContains(t, text, "canary", name)
		}
		assert.NotContains(t, fmt.Sprintf("%#v", v), "canary-key", name)
	}
}
