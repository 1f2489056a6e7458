package main

import (
	"context"
	"encoding/gob"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/redis/go-redis/v9/logging"
)

// jobWorkerEnv is set in the environment of this program where it is to work on jobs.
const jobWorkerEnv = "TORTURE_JOB_WORKER"

// jobTold is what a process of workers tells, as it happens, since it may be killed.
type jobTold struct {
	Ready bool
	Note  *jobNote
	Bye   *jobSum
}

// jobDelivery is what it is told.
type jobDelivery struct {
	Key  string
	Calm bool // from now on all that is to be done is to come to an end
	Stop bool
}

// jobSum is what a process counts.
type jobSum struct {
	Calls, Unknown, Stale, Replays int64
	Complaints                     map[string]int
}

func (s *jobSide) sum() *jobSum {
	return &jobSum{s.calledTotal.Load(), s.unknown.Load(), s.stale.Load(), s.replays.Load(), s.odd.seen}
}

// add adds what another process has counted.
func (s *jobSum) add(o *jobSum) {
	s.Calls += o.Calls
	s.Unknown += o.Unknown
	s.Stale += o.Stale
	s.Replays += o.Replays
	for text, n := range o.Complaints {
		s.Complaints[text] += n
	}
}

func isJobWorker() bool { return os.Getenv(jobWorkerEnv) != "" }

// workOnJobs is a process's whole life: it takes its order, says that it is ready, and
// works on what is delivered until it is told to stop. Without its parent it ends at once.
func workOnJobs(in io.Reader, out, errs io.Writer) int {
	logging.Disable()
	deliveries, report := gob.NewDecoder(in), gob.NewEncoder(out)
	var order jobOrder
	if err := deliveries.Decode(&order); err != nil {
		fmt.Fprintln(errs, "torture: a worker without an order:", err)
		return exitUsage
	}
	var mu sync.Mutex
	tell := func(t jobTold) {
		mu.Lock()
		defer mu.Unlock()
		if err := report.Encode(t); err != nil {
			os.Exit(exitBroken) // the parent is gone
		}
	}
	s, closeAll, err := order.side(func(n jobNote) { tell(jobTold{Note: &n}) })
	if err != nil {
		fmt.Fprintln(errs, "torture: a worker that cannot begin:", err)
		return exitBroken
	}
	tell(jobTold{Ready: true})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	keys := make(chan string)
	finish := s.employ(ctx, keys, order.Workers)
	for {
		var d jobDelivery
		if err := deliveries.Decode(&d); err != nil {
			return exitBroken // the parent is gone
		}
		switch {
		case d.Calm:
			s.calm.Store(true)
		case d.Stop:
			cancel()
			finish()
			closeAll()
			tell(jobTold{Bye: s.sum()})
			return exitOK
		default:
			select {
			case keys <- d.Key:
			default: // all are at work, and it comes again
			}
		}
	}
}

// employ has goroutines work on what comes in, and send old requests again, until ctx
// ends. The function that it returns waits for the last of them.
func (s *jobSide) employ(ctx context.Context, keys <-chan string, n int) (finish func()) {
	var all, later sync.WaitGroup
	for range n {
		w := &jobWorker{jobSide: s, rand: s.rand(), later: &later}
		all.Go(func() { w.run(ctx, keys) })
	}
	all.Go(func() { s.replay(ctx) })
	return func() {
		all.Wait()
		later.Wait()
	}
}
