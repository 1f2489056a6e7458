package main

import (
	"context"
	"time"

	"github.com/typedstate/typedstate/state/jobs"
)

// sources are what can be imported. They are made up.
var sources = []string{
	"steady",   // arrives as it should
	"breaking", // breaks off in the middle, and can be had again
	"faulty",   // has a row without a price, until somebody has mended that
}

const (
	total = 1200 // rows
	batch = 10   // rows that arrive together
	// pace is how long a batch takes.
	pace = 70 * time.Millisecond
	// faulty is the row without a price.
	faulty = 784
	// retry is when a source that has broken off can be had again.
	retry = 3 * time.Second
)

// load imports what an attempt before has not, a batch each pace.
func load(ctx context.Context, source string, pace time.Duration, run *ImportRun) (Report, error) {
	done, _, err := run.Resume()
	if err != nil {
		return Report{}, err
	}
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for done.Rows < total {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return Report{}, context.Cause(ctx)
		}
		if err := fault(source, done.Rows, run.Attempt()); err != nil {
			return Report{}, err
		}
		done.Rows += batch
		if done.Rows%200 == 0 {
			done.Skipped++ // it was in the shop already
		}
		if err := run.Report(done); err != nil {
			return Report{}, err
		}
	}
	return Report{Imported: done.Rows - done.Skipped, Skipped: done.Skipped}, nil
}

// fault returns what goes wrong with the batch after that row.
func fault(source string, row, attempt int) error {
	switch {
	case attempt > 1:
		return nil
	case source == "breaking" && row == total/2:
		return jobs.RetryIn(&jobs.Failure{Code: "broken_off", Message: "The connection to the source broke"}, retry)
	case source == "faulty" && row <= faulty && faulty < row+batch:
		return jobs.Permanent(&jobs.Failure{Code: "no_price", Message: "Row 784 has no price"})
	default:
		return nil
	}
}
