package peer

import (
	"context"
	"time"

	"github.com/typedstate/typedstate/bench/model"
	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/jobs"
)

// ourLife is this SDK. Reports do not wait until they are sent, and of those that come faster
// than they can be sent the last counts. So that all are sent, as those of the peers are, each is
// awaited here.
func (e *Env) ourLife() func(context.Context, string) error {
	tracker, err := model.NewImportTracker(e.Jobs, jobs.Options{Worker: "bench", ReportEvery: time.Nanosecond})
	return func(ctx context.Context, id string) error {
		if err != nil {
			return err
		}
		if _, _, err := tracker.Create(ctx, id); err != nil {
			return err
		}
		sent := make(chan error, steps)
		run, err := tracker.Start(context.WithValue(ctx, sentKey{}, sent), id)
		if err != nil {
			return err
		}
		for i := range steps {
			if err := run.Report(after(i + 1)); err != nil {
				return err
			}
			if err := <-sent; err != nil {
				return err
			}
		}
		if err := run.Succeed(ctx, reportOf(id)); err != nil {
			return err
		}
		status, err := tracker.Await(ctx, id)
		if err != nil {
			return err
		}
		r, err := status.Result()
		return checked(id, r, err)
	}
}

// sentKey is under what a context has the channel to tell of reports on.
type sentKey struct{}

// reports is a [state.Observer] that tells of each report that was sent.
type reports struct{}

// Begin implements [state.Observer].
func (reports) Begin(ctx context.Context, op state.Operation) (context.Context, func(state.Outcome)) {
	sent, ok := ctx.Value(sentKey{}).(chan error)
	if op.Name != "Report" || !ok {
		return ctx, nil
	}
	return ctx, func(o state.Outcome) { sent <- o.Err }
}
