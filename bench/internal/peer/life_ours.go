package peer

import (
	"context"
	"time"

	"github.com/typedstate/typedstate/state/jobs"
)

var importFamily = jobs.Define[string, Progress, Report]("import:<jobID>", jobs.FamilyOptions{Keep: ttl})

// ourLife is this SDK.
func (e *Env) ourLife() func(context.Context, string) error {
	tracker, err := jobs.New(e.Store, importFamily, jobs.Options{Worker: "bench", ReportEvery: time.Nanosecond})
	return func(ctx context.Context, id string) error {
		if err != nil {
			return err
		}
		if _, _, err := tracker.Create(ctx, id); err != nil {
			return err
		}
		run, err := tracker.Start(ctx, id)
		if err != nil {
			return err
		}
		for i := range steps {
			if err := run.Report(after(i + 1)); err != nil {
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
