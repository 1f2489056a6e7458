package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/jobs"
)

const (
	// openTarget is how many jobs are under way at a time, more or less.
	openTarget    = 40
	customerPause = 12 * time.Millisecond
	// shortAwait is the longest time of those who do not wait for the end.
	shortAwait = time.Second
)

// jobCustomer is who wants jobs done, and meddles with those of others.
type jobCustomer struct {
	*jobSide
	book     *jobBook
	rand     *rand.Rand
	id       func() int64
	waiting  *sync.WaitGroup
	patience context.Context // of those who wait for the end
}

func (c *jobCustomer) run(ctx context.Context) {
	for pause(ctx, time.Duration(c.rand.Int64N(int64(customerPause)))) {
		if len(c.book.openJobs(false)) < openTarget {
			c.begin()
			continue
		}
		c.meddle()
	}
}

// begin creates a job, and has somebody wait for it.
func (c *jobCustomer) begin() {
	name := fmt.Sprintf("j%d", c.id())
	if c.create(name, c.options()...) == idle {
		return
	}
	c.book.begin(name)
	switch dice := c.rand.IntN(10); {
	case dice < 7:
		c.waiting.Go(func() { c.awaits(name, dice < 3, dice == 0 || dice == 3) })
	case dice < 9:
		c.waiting.Go(func() { c.watches(name) })
	default: // nobody waits
	}
}

func (c *jobCustomer) options() (opts []jobs.CreateOption) {
	if c.rand.IntN(2) == 0 {
		opts = append(opts, jobs.Attempts(1+c.rand.IntN(4)))
	}
	if c.rand.IntN(5) == 0 {
		opts = append(opts, jobs.StartIn(time.Duration(1+c.rand.IntN(100))*time.Millisecond))
	}
	return opts
}

func (c *jobCustomer) context() (context.Context, context.CancelFunc) {
	limit := jobPatience
	if c.rand.IntN(12) == 0 {
		limit = time.Duration(1+c.rand.IntN(40)) * time.Millisecond
	}
	return context.WithTimeout(context.Background(), limit)
}

// create creates a job until it knows that it is there, or gives up.
func (c *jobCustomer) create(name string, opts ...jobs.CreateOption) (f fate) {
	for range endRepeats {
		f = surest(f, c.createOnce(name, opts...))
		if f == done {
			break
		}
	}
	return f
}

func (c *jobCustomer) createOnce(name string, opts ...jobs.CreateOption) fate {
	ctx, cancel := c.context()
	defer cancel()
	n := jobNote{Job: name, What: noteCreate, Since: stamp()}
	for _, o := range opts {
		n.Anew = n.Anew || o == jobs.IfExists(jobs.RestartFailed)
	}
	seen, created, err := c.calls.create(ctx, c.hearing, name, opts...)
	n.Created = created && err == nil
	if n.Created != created {
		c.wrong(name, "a job that was created by a call that has failed")
	}
	return c.called(n, &seen, c.known(ctx, "create", err, state.ErrExists))
}

// known returns the error of a call, and complains of one that has no reason.
func (c *jobCustomer) known(ctx context.Context, what string, err error, reasons ...error) error {
	for _, r := range append(reasons, nil, state.ErrUnknownOutcome, context.DeadlineExceeded) {
		if errors.Is(err, r) || ctx.Err() != nil {
			return err
		}
	}
	c.complain(what, err)
	return err
}

// meddle does something with any job.
func (c *jobCustomer) meddle() {
	name, last, found := c.book.recent(c.rand)
	if !found {
		return
	}
	ctx, cancel := c.context()
	defer cancel()
	n := jobNote{Job: name, Since: stamp()}
	final := last != nil && last.State.Final()
	switch dice := c.rand.IntN(100); {
	case dice < 8:
		c.cancel(ctx, name)
	case dice < 16 && final && last.State != jobs.Succeeded:
		n.What = noteRestart
		seen, err := c.hearing.Restart(ctx, name)
		c.called(n, &seen, c.known(ctx, "restart", err, state.ErrNotFound, jobs.ErrFinished, jobs.ErrNotFinished))
	case dice < 24:
		c.createOnce(name, []jobs.Existing{jobs.ReturnExisting, jobs.RestartFailed, jobs.RejectExisting}[c.rand.IntN(3)])
	case dice < 30 && (final || c.rand.IntN(8) == 0):
		n.What = noteDelete
		gone := c.called(n, nil, c.known(ctx, "delete", c.hearing.Delete(ctx, name), state.ErrNotFound, jobs.ErrBusy)) == done
		if gone && c.rand.IntN(2) == 0 {
			c.cancel(ctx, name) // which must not reach the next
			c.createOnce(name)
		}
	case dice < 36:
		c.many(ctx)
	case dice < 38:
		c.list(ctx)
	case dice < 40:
		_, err := c.hearing.Count(ctx)
		_ = c.known(ctx, "count", err)
		c.calledTotal.Add(1)
	case dice < 50:
		c.reap(ctx)
	case dice < 60:
		c.waiting.Go(func() { c.awaits(name, dice%2 == 0, dice < 55) })
	default:
		n.What = noteSight
		seen, err := c.calls.get(ctx, c.hearing, name)
		c.called(n, &seen, c.known(ctx, "get", err, state.ErrNotFound))
	}
}

func (c *jobCustomer) cancel(ctx context.Context, name string) {
	n := jobNote{Job: name, What: noteCancel, Since: stamp()}
	seen, err := c.hearing.Cancel(ctx, name, "because")
	c.called(n, &seen, c.known(ctx, "cancel", err, state.ErrNotFound, jobs.ErrFinished))
}

func (s *jobSide) reap(ctx context.Context) {
	found, err := s.calls.reap(ctx, s.hearing, 20)
	s.calledTotal.Add(1)
	if fateOf(err) == idle && ctx.Err() == nil && !errors.Is(err, context.DeadlineExceeded) {
		s.complain("reap", err)
	}
	for _, r := range found {
		if r.State != jobs.Pending && r.State != jobs.Failed && r.State != jobs.Cancelled {
			s.wrong(r.Key, "a job that was reaped and is "+r.State.String())
		}
	}
}

// many looks at some jobs at once.
func (c *jobCustomer) many(ctx context.Context) {
	var names []string
	for range 5 {
		if name, _, found := c.book.recent(c.rand); found {
			names = append(names, name)
		}
	}
	since := stamp()
	all, err := c.hearing.GetMany(ctx, names...)
	_ = c.known(ctx, "get many", err)
	if len(all) != len(names) {
		c.wrong("", "as many statuses as keys were asked for, and others came")
		return
	}
	for i := range all {
		c.called(jobNote{Job: names[i], What: noteSight, Since: since}, &all[i], nil)
	}
}

// list looks at the jobs in a state.
func (c *jobCustomer) list(ctx context.Context) {
	of := jobs.State(1 + c.rand.IntN(5))
	since, n := stamp(), 0
	for l, err := range c.hearing.List(ctx, of) {
		if err != nil {
			_ = c.known(ctx, "list", err)
			return
		}
		if l.State != of {
			c.wrong(l.Key, "a job that was listed and is in another state")
		}
		c.called(jobNote{Job: l.Key, What: noteSight, Since: since}, &l.Status, nil)
		if n++; n == 150 {
			return
		}
	}
}

// awaits waits for the end of a job, or for a while.
func (c *jobCustomer) awaits(name string, deaf, short bool) {
	t := c.hearing
	if deaf {
		t = c.deaf
	}
	n := jobNote{Job: name, What: noteAwait, Since: stamp(), Deaf: deaf}
	ctx, cancel := context.WithCancel(c.patience)
	if short {
		r := c.jobSide.rand()
		ctx, cancel = context.WithTimeout(ctx, time.Duration(1+r.Int64N(int64(shortAwait))))
		limit, _ := ctx.Deadline()
		n.Limit = limit.UnixMicro()
	}
	defer cancel()
	seen, err := c.calls.await(ctx, t, name)
	if err == nil && !seen.State.Final() {
		c.wrong(name, "an await has returned and the job goes on")
	}
	// Just before its deadline there is no time to try again.
	if limit, short := ctx.Deadline(); err != nil && ctx.Err() == nil && (!short || time.Until(limit) > shortAwait/2) {
		_ = c.known(ctx, "await", err, state.ErrNotFound, jobs.ErrGone)
		n.Text = noJob
		if !errors.Is(err, state.ErrNotFound) && !errors.Is(err, jobs.ErrGone) {
			n.Text = noAnswer
		}
	}
	c.called(n, &seen, err)
}

// watches looks at each step of a job.
func (c *jobCustomer) watches(name string) {
	t := c.hearing
	since, last := stamp(), int64(0)
	for seen, err := range t.Watch(c.patience, name) {
		if err != nil {
			_ = c.known(c.patience, "watch", err, state.ErrNotFound, jobs.ErrGone)
			return
		}
		if seen.Revision <= last {
			c.wrong(name, "a watch that goes back")
		}
		last = seen.Revision
		c.called(jobNote{Job: name, What: noteSight, Since: since}, &seen, nil)
	}
}
