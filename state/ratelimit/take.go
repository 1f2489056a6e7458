package ratelimit

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/internal/exec"
)

func (l *limiter) allow(ctx context.Context, op, name string, n int64, opts []CallOption) (Decision, error) {
	return l.decide(ctx, op, newCall(takeAll, name, n, opts))
}

func (l *limiter) allowUpTo(ctx context.Context, name string, n int64, opts []CallOption) (Decision, error) {
	return l.decide(ctx, "AllowUpTo", newCall(takeSome, name, n, opts))
}

func (l *limiter) peek(ctx context.Context, name string) (Decision, error) {
	return l.decide(ctx, "Peek", newCall(takeNone, name, 1, nil))
}

// request is a Request without its type.
type request struct {
	name string
	n    int64
	id   string
}

func (l *limiter) allowMany(ctx context.Context, requests []request) ([]Decision, error) {
	o, cancel := l.beginInTime(ctx, "AllowMany", len(requests), bridge.Set)
	defer cancel()
	decisions := make([]Decision, len(requests))
	calls := make([]call, len(requests))
	replies := make([]*exec.Reply, len(requests))
	var b exec.Batch
	b.Grow(len(requests))
	for i, r := range requests {
		calls[i] = call{mode: takeAll, name: r.name, tokens: r.n, once: r.id != "", id: r.id}
		if r.n == 0 {
			calls[i].tokens = 1
		}
		if decisions[i].Err = l.prepare(o, &calls[i]); decisions[i].Err == nil {
			replies[i] = b.Add(l.command(&calls[i]))
		}
	}
	if b.Len() > 0 {
		o.Client().Send(o.Context(), &b)
	}
	var undecided, failed failures
	for i := range decisions {
		d, err := &decisions[i], decisions[i].Err
		if err == nil {
			*d, err = l.decision(o, &calls[i], *replies[i])
			err = o.Label(calls[i].key, err)
			undecided.add(err)
			*d, err = l.settle(ctx, &calls[i], *d, err)
		} else {
			err = o.Label(calls[i].key, err)
			undecided.add(err)
		}
		if failed.add(err); err != nil {
			d.Err = err
		}
	}
	_ = o.End(undecided.of(len(requests))) // the observer is told what the options make up for, too
	return decisions, failed.of(len(requests))
}

// failures are the calls of many that have failed.
type failures struct {
	count int
	first error
}

func (f *failures) add(err error) {
	if err == nil {
		return
	}
	if f.count++; f.first == nil {
		f.first = err
	}
}

func (f *failures) of(calls int) error {
	if f.count == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d calls failed: %w", f.count, calls, f.first)
}

// maxJitter bounds by how much longer than it has to a call waits, so that those who wait
// for the same token do not all come at once.
const maxJitter = 100 * time.Millisecond

func (l *limiter) wait(ctx context.Context, op, name string, n int64, opts []CallOption) (Decision, error) {
	c := newCall(takeAll, name, n, opts)
	for {
		d, err := l.decide(ctx, op, c)
		if err != nil || d.Allowed {
			return d, err
		}
		if d.Source == FromPolicy {
			return d, d.Err // the call may have been counted, so it is not made again
		}
		if err := l.sleep(ctx, d.RetryAfter); err != nil {
			o := l.begin(ctx, op, 0, 0)
			return d, o.End(o.Label("", err))
		}
	}
}

// sleep waits for that long and a little more, or returns why that is in vain.
func (l *limiter) sleep(ctx context.Context, d time.Duration) error {
	if d == Never {
		return ErrNever
	}
	more := rand.N(min(d/10, maxJitter) + 1) //nolint:gosec // it need not be secret
	if deadline, ok := ctx.Deadline(); ok {
		spare := time.Until(deadline) - d
		if spare < 0 {
			return fmt.Errorf("%w before there are tokens again", context.DeadlineExceeded)
		}
		more = min(more, spare/2) // the call takes time too
	}
	timer := time.NewTimer(d + more)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
