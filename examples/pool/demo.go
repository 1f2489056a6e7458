package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/jobs"
)

const workers = 3

// demo has a first process work and shut down, a second die, and a third finish.
func demo(ctx context.Context, store *state.Store, out io.Writer) error {
	for i, process := range []func(context.Context, *Tracker, io.Writer) error{first, second, third} {
		t, err := jobs.New(store, conversions, jobs.Options{Worker: fmt.Sprint("process ", i+1)})
		if err != nil {
			return err
		}
		if err := process(ctx, t, out); err != nil {
			return err
		}
	}
	return nil
}

// first does what it can until it is told to stop.
func first(ctx context.Context, t *Tracker, out io.Writer) error {
	fmt.Fprintf(out, "\nProcess 1 has %d workers for 5 videos\n", workers)
	p, err := start(ctx, t, workers, converter{slow: time.Hour}.convert)
	if err != nil {
		return err
	}
	defer p.stop()
	files := []string{"cat.mp4", "dog.mp4", "flaky.mp4", "notes.txt"}
	for _, file := range append(files, "long.mp4") {
		if err := p.submit(ctx, file); err != nil {
			return err
		}
	}
	if err := await(ctx, t, out, files...); err != nil {
		return err
	}
	// It is at work on the long one when it is told.
	for status, err := range t.Watch(ctx, "long.mp4") {
		if err != nil {
			return err
		}
		if status.Progress.Parts == 2 {
			break
		}
	}
	p.stop()
	status, err := t.Get(ctx, "long.mp4")
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "  It shuts down and gives long.mp4 back: %v, %d of %d parts done\n", status.State, status.Progress.Parts, parts)
	return nil
}

// second begins a job and is not heard of any more.
func second(ctx context.Context, t *Tracker, out io.Writer) error {
	if _, _, err := t.Create(ctx, "lost.mp4"); err != nil {
		return err
	}
	life, die := context.WithCancel(ctx)
	defer die()
	if _, err := t.Start(life, "lost.mp4"); err != nil {
		return err
	}
	fmt.Fprintln(out, "\nProcess 2 begins with lost.mp4 and dies")
	return nil
}

// third finds what the others have left.
func third(ctx context.Context, t *Tracker, out io.Writer) error {
	n, err := t.Count(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nProcess 3 finds %d pending and %d running, and has the latter once its lease has ended\n", n.Pending, n.Running)
	p, err := start(ctx, t, workers, converter{}.convert)
	if err != nil {
		return err
	}
	defer p.stop()
	if err := await(ctx, t, out, "long.mp4", "lost.mp4"); err != nil {
		return err
	}
	return summary(ctx, t, out)
}

// await waits for the end of jobs and prints what has come of them.
func await(ctx context.Context, t *Tracker, out io.Writer, files ...string) error {
	for _, file := range files {
		status, err := t.Await(ctx, file)
		if err != nil {
			return err
		}
		var attempts []string
		for _, a := range status.History {
			attempts = append(attempts, fmt.Sprintf("%s in %s", a.Outcome, a.Worker))
		}
		fmt.Fprintf(out, "  %-10s %-9v  attempts: %s", file, status.State, strings.Join(attempts, ", "))
		if video, err := status.Result(); err == nil && video.From > 0 {
			fmt.Fprintf(out, " from part %d on", video.From+1)
		}
		fmt.Fprintln(out)
	}
	return nil
}

// summary prints what an operator asks for.
func summary(ctx context.Context, t *Tracker, out io.Writer) error {
	n, err := t.Count(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%d succeeded, %d failed, %d pending, %d running\n", n.Succeeded, n.Failed, n.Pending, n.Running)
	for job, err := range t.List(ctx, jobs.Failed) {
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "  %s: %s\n", job.Key, job.Failure().Message)
	}
	return nil
}
