package main

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/jobs"
)

// jobPrefix is that of the store of all trackers.
const jobPrefix = "jobs:"

const (
	longestLease  = 700 * time.Millisecond
	shortestLease = 250 * time.Millisecond
	// jobBrief is how long a cancelled job is kept, so that some expire in a run. It is longer
	// than any request is repeated after it was made.
	jobBrief = 10 * time.Second
)

type (
	jobTracker = jobs.Tracker[string, jobProgress, jobResult]
	jobStatus  = jobs.Status[jobProgress, jobResult]
	jobRun     = jobs.Run[jobProgress, jobResult]
)

// jobProgress names the attempt that reports it.
type jobProgress struct {
	Attempt int   `json:"attempt"`
	Epoch   int64 `json:"epoch,string"`
	Step    int   `json:"step"`
}

// jobResult names the attempt that it comes from.
type jobResult struct {
	Attempt int   `json:"attempt"`
	Epoch   int64 `json:"epoch,string"`
}

// jobFamily returns the family of all jobs of a run.
func jobFamily(lease time.Duration) *jobs.Family[string, jobProgress, jobResult] {
	return jobs.Define[string, jobProgress, jobResult]("job:<id>", jobs.FamilyOptions{
		Lease: lease, Keep: time.Hour, KeepCancelled: jobBrief, Idle: time.Hour,
		RetryDelay: 10 * time.Millisecond, MaxRetryDelay: 100 * time.Millisecond,
	})
}

// openTracker is a tracker with the client of its store.
type openTracker struct {
	*jobTracker
	client redis.UniversalClient
}

// jobCalls are the calls of a tracker and of its runs. A test puts a broken one in the place
// of one of them.
type jobCalls struct {
	open   func(*state.Store, *jobs.Family[string, jobProgress, jobResult], string) (*jobTracker, error)
	create func(ctx context.Context, t *openTracker, key string, opts ...jobs.CreateOption) (jobStatus, bool, error)
	get    func(ctx context.Context, t *openTracker, key string) (jobStatus, error)
	start  func(ctx context.Context, t *openTracker, key string) (*jobRun, error)
	end    func(ctx context.Context, t *openTracker, key string, r *jobRun, as jobEnd) error
	await  func(ctx context.Context, t *openTracker, key string) (jobStatus, error)
	reap   func(ctx context.Context, t *openTracker, limit int) ([]jobs.Reaped[string], error)
}

// jobEnd is how a worker ends an attempt.
type jobEnd struct {
	outcome jobs.Outcome
	err     error // of one that has failed
}

var realJobCalls = jobCalls{
	open: func(s *state.Store, f *jobs.Family[string, jobProgress, jobResult], worker string) (*jobTracker, error) {
		return jobs.New(s, f, jobs.Options{Worker: worker, ReportEvery: 20 * time.Millisecond})
	},
	create: func(ctx context.Context, t *openTracker, key string, opts ...jobs.CreateOption) (jobStatus, bool, error) {
		return t.Create(ctx, key, opts...)
	},
	get: func(ctx context.Context, t *openTracker, key string) (jobStatus, error) { return t.Get(ctx, key) },
	start: func(ctx context.Context, t *openTracker, key string) (*jobRun, error) {
		return t.Start(ctx, key)
	},
	end: func(ctx context.Context, _ *openTracker, _ string, r *jobRun, as jobEnd) error {
		switch as.outcome {
		case jobs.OutcomeSucceeded:
			return r.Succeed(ctx, jobResult{r.Attempt(), r.Epoch()})
		case jobs.OutcomeFailed:
			return r.Fail(ctx, as.err)
		case jobs.OutcomeCancelled:
			return r.Cancelled(ctx)
		default:
			return r.Release(ctx)
		}
	},
	await: func(ctx context.Context, t *openTracker, key string) (jobStatus, error) { return t.Await(ctx, key) },
	reap: func(ctx context.Context, t *openTracker, limit int) ([]jobs.Reaped[string], error) {
		return t.Reap(ctx, limit)
	},
}

// jobCallsNamed are the calls that a worker may be told to make.
var jobCallsNamed = map[string]jobCalls{"": realJobCalls}
