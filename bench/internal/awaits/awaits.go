// Package awaits measures many that wait for the end of a job each, in one process: how many
// connections that takes, how much of the processors, and how late they hear of it.
package awaits

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/typedstate/typedstate/bench/internal/stat"
	"github.com/typedstate/typedstate/state/jobs"
)

// Plan says how many wait, and for how long.
type Plan struct {
	// Jobs is how many jobs there are, each with one that awaits it.
	Jobs int
	// Settle is how long all wait before the first job ends: some seconds more than [Window], so that
	// those who ask more and more rarely ask as rarely as they ever do.
	Settle time.Duration
	// Span is the time over which the jobs end, each at a random moment of it.
	Span time.Duration
}

// Figures are what the waiting took, from the first that began to the last that was over.
type Figures struct {
	Took time.Duration
	// Late50, Late99 and LateMost are from the moment at which a job has finished, as the server
	// says, until Await has returned, by the clock of the same machine.
	Late50, Late99, LateMost time.Duration
	// Over is how many were late by more than [Bound].
	Over int
	// Usage is what was used meanwhile, by those who end the jobs too, and Idle what of it in
	// the last [Window] before the first job ended, when all wait and nothing happens.
	Usage
	Idle Usage

	Connections
}

// Window is for how long all wait and are measured. Each asks more than once in it.
const Window = 3 * time.Second

// Bound is how late nobody may be.
const Bound = 2 * time.Second

const (
	// lease is longer than all that is measured, so that no heartbeat is part of that.
	lease = time.Hour
	// starters is how many jobs are started at the same time.
	starters = 64
)

type result struct {
	Rows int `json:"rows"`
}

var family = jobs.Define[string, jobs.None, result]("awaited:<jobID>", jobs.FamilyOptions{Lease: lease, Keep: time.Hour})

var errResult = errors.New("a job has another result than it was given")

// Run has jobs end while they are awaited on s, or, if nobody is to wait, only end.
func Run(ctx context.Context, s *Site, h Hearing, p Plan) (f Figures, err error) {
	if err := s.clear(ctx); err != nil {
		return f, err
	}
	ending, closeEnding, err := s.store(workerName, Heard)
	if err != nil {
		return f, err
	}
	defer closeEnding()
	workers, err := jobs.New(ending, family, jobs.Options{})
	if err != nil {
		return f, err
	}
	waiting, closeWaiting, err := s.store(waiterName, h)
	if err != nil {
		return f, err
	}
	defer closeWaiting()
	waiters, err := jobs.New(waiting, family, jobs.Options{})
	if err != nil {
		return f, err
	}
	runs, err := begin(ctx, workers, p.Jobs)
	if err != nil {
		return f, err
	}

	before, err := s.usage(ctx)
	if err != nil {
		return f, err
	}
	start := time.Now()
	connections := s.watchConnections(ctx)
	late := make([]time.Duration, p.Jobs)
	failed := make([]error, 2*p.Jobs)
	var all sync.WaitGroup
	if h != Nobody {
		for i := range late {
			all.Go(func() { late[i], failed[i] = await(ctx, waiters, i) })
		}
	}
	moments := make([]time.Duration, p.Jobs)
	for i := range moments {
		moments[i] = p.Settle + rand.N(p.Span) //nolint:gosec // nobody gains by guessing it
	}
	slices.Sort(moments)
	for n, i := range rand.Perm(p.Jobs) { //nolint:gosec // as above
		all.Go(func() {
			select {
			case <-time.After(moments[n] - time.Since(start)):
				failed[p.Jobs+i] = runs[i].Succeed(ctx, result{i})
			case <-ctx.Done():
				failed[p.Jobs+i] = ctx.Err()
			}
		})
	}
	idle := s.usageBetween(ctx, start.Add(p.Settle-Window), start.Add(p.Settle))
	all.Wait()
	f.Took = time.Since(start)
	after, err := s.usage(ctx)
	if err != nil {
		return f, err
	}
	f.Usage = after.minus(before)
	if f.Idle, err = idle(); err != nil {
		return f, err
	}
	if f.Connections, err = connections(); err != nil {
		return f, err
	}
	if err := first(failed); err != nil {
		return f, err
	}
	slices.Sort(late)
	f.Late50, f.Late99, f.LateMost = stat.Percentile(late, 50), stat.Percentile(late, 99), late[len(late)-1]
	at, _ := slices.BinarySearch(late, Bound+1)
	f.Over = len(late) - at
	return f, nil
}

func id(i int) string { return strconv.Itoa(i) }

// begin creates and starts n jobs.
func begin(ctx context.Context, t *jobs.Tracker[string, jobs.None, result], n int) ([]*jobs.Run[jobs.None, result], error) {
	runs := make([]*jobs.Run[jobs.None, result], n)
	failed := make([]error, n)
	var all sync.WaitGroup
	for from := range starters {
		all.Go(func() {
			for i := from; i < n; i += starters {
				if _, _, failed[i] = t.Create(ctx, id(i)); failed[i] == nil {
					runs[i], failed[i] = t.Start(ctx, id(i))
				}
			}
		})
	}
	all.Wait()
	return runs, first(failed)
}

// await waits for the end of a job and returns how late it was told.
func await(ctx context.Context, t *jobs.Tracker[string, jobs.None, result], i int) (time.Duration, error) {
	status, err := t.Await(ctx, id(i))
	now := time.Now()
	if err != nil {
		return 0, err
	}
	if r, err := status.Result(); err != nil || r.Rows != i {
		return 0, errors.Join(errResult, err)
	}
	return now.Sub(status.Finished), nil
}

// first returns the first error, and how many there are.
func first(errs []error) error {
	errs = slices.DeleteFunc(errs, func(err error) bool { return err == nil })
	if len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("%d failed, the first with: %w", len(errs), errs[0])
}
