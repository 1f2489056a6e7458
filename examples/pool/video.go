package main

import (
	"context"
	"errors"
	"time"

	"github.com/typedstate/typedstate/state/jobs"
)

// Progress is how much of a video was converted.
type Progress struct {
	Parts int `json:"parts"`
}

// Converted is what has come of it.
type Converted struct {
	Bytes int64 `json:"bytes"`
	// From is how much of it an attempt before the last had done.
	From int `json:"from"`
}

// Tracker knows of all videos what has become of them, by their file names.
type (
	Tracker = jobs.Tracker[string, Progress, Converted]
	// Status is what it knows of one.
	Status = jobs.Status[Progress, Converted]
	// Run is an attempt to convert one.
	Run = jobs.Run[Progress, Converted]
)

const (
	// lease is how long the job of a process that has died stays with it.
	lease = 2 * time.Second
	// parts is how many parts a video has.
	parts = 4
)

var conversions = jobs.Define[string, Progress, Converted]("conversion:<file>", jobs.FamilyOptions{
	Lease: lease,
	Keep:  10 * time.Minute,
	Idle:  10 * time.Minute,
})

// converter converts videos.
type converter struct {
	// slow is how long it takes for each part of long.mp4.
	slow time.Duration
}

// convert converts what of a video no attempt before has. It is what a worker does with a job.
func (c converter) convert(ctx context.Context, file string, run *Run) (Converted, error) {
	done, _, err := run.Resume()
	if err != nil {
		return Converted{}, err
	}
	video := Converted{Bytes: parts << 20, From: done.Parts}
	for done.Parts < parts {
		if err := c.part(ctx, file, done.Parts, run.Attempt()); err != nil {
			return Converted{}, err
		}
		done.Parts++
		if err := run.Report(done); err != nil {
			return Converted{}, err
		}
	}
	return video, nil
}

// part stands for the work, and for what goes wrong with it.
func (c converter) part(ctx context.Context, file string, n, attempt int) error {
	switch {
	case file == "notes.txt":
		return jobs.Permanent(&jobs.Failure{Code: "no_video", Message: "this is no video"})
	case file == "flaky.mp4" && n == 1 && attempt == 1:
		return jobs.RetryIn(errors.New("the disk did not answer"), 100*time.Millisecond)
	case file == "long.mp4" && n == 2:
		select {
		case <-time.After(c.slow):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
