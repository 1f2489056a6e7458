package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/ratelimit"
)

const (
	// limitPatience is the deadline of most calls, and hastyPatience the longest of some.
	limitPatience = 400 * time.Millisecond
	hastyPatience = 60 * time.Millisecond
	// limitPause is the longest between two calls of a client. There is more demand than
	// tokens all the same, and the machine is left some time to be on time.
	limitPause = 12 * time.Millisecond
	// repeats bounds how often a client repeats a call with an id.
	repeats = 20
	// sharedTime is how long all clients give their calls the same id.
	sharedTime = 25 * time.Millisecond
)

// limitClient is one client of limiters: a goroutine of a worker.
type limitClient struct {
	*limitWorker
	rand *rand.Rand
	owed []debt
}

// debt is a reservation that is to be given back later.
type debt struct {
	due time.Time
	pay func()
}

// run makes calls until the worker stops.
func (c *limitClient) run(ctx context.Context) {
	total := 0
	for _, l := range c.limiters {
		total += l.kind.share
	}
	for ctx.Err() == nil {
		i := 0
		for at := c.rand.IntN(total); at >= c.limiters[i].kind.share; i++ {
			at -= c.limiters[i].kind.share
		}
		l := c.limiters[i]
		subject := fmt.Sprintf("w%dn%d", c.order.Worker, c.ids.Add(1))
		if n := l.kind.subjects; n > 0 {
			subject = fmt.Sprintf("s%d", c.rand.IntN(n))
		}
		l.kind.call(c, l, subject)
		c.pay(time.Now())
		pause(ctx, time.Duration(c.rand.Int64N(int64(limitPause))))
	}
	c.pay(time.Now().Add(hour))
}

// pay gives back what is due.
func (c *limitClient) pay(at time.Time) {
	owed := c.owed
	c.owed = nil
	for _, d := range owed {
		if d.due.After(at) {
			c.owed = append(c.owed, d)
			continue
		}
		d.pay()
	}
}

// patience returns the context of a call. A few have very little time.
func (c *limitClient) patience(hasty bool) (context.Context, context.CancelFunc) {
	limit := limitPatience
	if hasty && c.rand.IntN(10) == 0 {
		limit = time.Duration(1+c.rand.Int64N(int64(hastyPatience/time.Millisecond))) * time.Millisecond
	}
	return context.WithTimeout(context.Background(), limit)
}

// told records what came of a call.
func (c *limitClient) told(l *openLimiter, what charge, d ratelimit.Decision, err error) charge {
	what.Kind, what.Until = l.kind.name, stamp()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.harvest.Calls++
	switch {
	case err == nil:
		what.Fate, what.Granted, what.At = done, d.Granted, d.ServerTime.UnixMicro()
		if !l.kind.alone {
			c.harvest.Decisions++
		}
		if d.Source == ratelimit.FromReceipt {
			c.harvest.Receipts++
		}
		if d.Granted == 0 {
			c.harvest.Denied++
			what.At = 0
		}
		if d.Allowed != (d.Granted > 0) || d.Granted > what.Asked || d.Granted < 0 || d.ServerTime.IsZero() || d.Source == ratelimit.FromPolicy {
			c.wrongLocked(l, fmt.Errorf("a decision that contradicts itself: %v of %d at %v by %d", d.Granted, what.Asked, d.ServerTime, d.Source))
		}
	case errors.Is(err, ratelimit.ErrRefunded):
		what.Fate, what.Granted, what.Refund, what.Back = done, what.Asked, done, 0
	case errors.Is(err, state.ErrUnknownOutcome):
		c.harvest.Unknown++
		if !l.kind.alone {
			c.harvest.UnknownTogether++
		}
		what.Fate = doubtful
	default:
		c.harvest.Failed++
		what.Fate = idle
		if !errors.Is(err, context.DeadlineExceeded) {
			c.odd.add(l.kind.name, err)
		}
	}
	return what
}

// note keeps a charge. Of a subject of its own it keeps nothing at all, too, as nothing may
// be stored of it then.
func (c *limitClient) note(l *openLimiter, what charge) {
	if what.Granted == 0 && what.Fate != doubtful && l.kind.subjects > 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.harvest.Charges = append(c.harvest.Charges, what)
}

func (c *limitClient) allow(l *openLimiter, subject string, n int64, hasty bool) {
	ctx, cancel := c.patience(hasty)
	defer cancel()
	since := stamp()
	d, err := c.calls.allow(ctx, l, subject, n)
	what := c.told(l, charge{Since: since, Subject: subject, Asked: n}, d, err)
	if what.Fate == done && what.Granted != 0 && what.Granted != n {
		c.wrong(l, errPartly)
	}
	c.note(l, what)
}

func (c *limitClient) allowUpTo(l *openLimiter, subject string, n int64) {
	ctx, cancel := c.patience(true)
	defer cancel()
	since := stamp()
	d, err := c.calls.allowUpTo(ctx, l, subject, n)
	c.note(l, c.told(l, charge{Since: since, Subject: subject, Asked: n}, d, err))
}

// many makes one call for some subjects, some of which it names twice.
func (c *limitClient) many(l *openLimiter, subjects ...string) {
	ctx, cancel := c.patience(true)
	defer cancel()
	var requests []ratelimit.Request[string]
	for _, s := range subjects {
		requests = append(requests, ratelimit.Request[string]{Subject: s, N: c.rand.Int64N(5)})
	}
	since := stamp()
	decisions, err := c.calls.allowMany(ctx, l, requests)
	if len(decisions) != len(requests) {
		c.wrong(l, fmt.Errorf("%d decisions about %d requests: %w", len(decisions), len(requests), err))
		return
	}
	failed := false
	for i, d := range decisions {
		failed = failed || d.Err != nil
		c.note(l, c.told(l, charge{Since: since, Subject: subjects[i], Asked: max(1, requests[i].N)}, d, d.Err))
	}
	if failed != (err != nil) {
		c.wrong(l, fmt.Errorf("some failed: %v, and the error is %v", failed, err))
	}
}

var (
	errPartly = errors.New("a call of all or nothing was granted a part")
	errOther  = errors.New("a repeated call was answered otherwise than the first")
)

// one takes one token.
func (c *limitClient) one(l *openLimiter, subject string) { c.allow(l, subject, 1, false) }

// mixed makes calls of all kinds that take several.
func (c *limitClient) mixed(l *openLimiter, subject string) {
	switch c.rand.IntN(4) {
	case 0:
		c.allowUpTo(l, subject, 1+c.rand.Int64N(12))
	case 1:
		other := fmt.Sprintf("s%d", c.rand.IntN(l.kind.subjects))
		c.many(l, subject, other, subject, other)
	default:
		c.allow(l, subject, 1+c.rand.Int64N(12), true)
	}
}

// lone makes a call with a subject of its own, so that what it was charged is known.
func (c *limitClient) lone(l *openLimiter, subject string) {
	switch c.rand.IntN(4) {
	case 0:
		c.allowUpTo(l, subject, 1+c.rand.Int64N(12))
	case 1:
		c.many(l, subject+"a", subject+"b", subject+"c")
	case 2:
		c.allow(l, subject, 1, true)
	default:
		c.allow(l, subject, 1+c.rand.Int64N(12), true)
	}
}

// shared returns an id that the clients of all workers have at the same time, and a number
// that follows from it.
func shared() (id string, n int64) {
	n = time.Now().UnixMilli() / sharedTime.Milliseconds()
	return fmt.Sprintf("at%d", n), n
}

// once makes a call that the clients of all workers make, and repeats it until it knows
// what it came to. It is charged once.
func (c *limitClient) once(l *openLimiter, subject string) {
	id, n := shared()
	if c.rand.IntN(3) == 0 {
		id = fmt.Sprintf("w%dn%d", c.order.Worker, c.ids.Add(1))
	}
	asked := 1 + n%4
	for range repeats {
		what := charge{Since: stamp(), Subject: subject, ID: id, Asked: asked}
		d, err := c.withID(l, subject, id, asked, n%3 == 0)
		what = c.told(l, what, d, err)
		c.note(l, what)
		if what.Fate == done && c.rand.IntN(4) > 0 { // and if not, once more
			return
		}
	}
}

// withID makes a call with an id. That of all or nothing may be one of many.
func (c *limitClient) withID(l *openLimiter, subject, id string, asked int64, some bool) (ratelimit.Decision, error) {
	ctx, cancel := c.patience(true)
	defer cancel()
	switch {
	case some:
		return c.calls.allowUpTo(ctx, l, subject, asked, ratelimit.OpID(id))
	case c.rand.IntN(3) == 0:
		decisions, err := c.calls.allowMany(ctx, l, []ratelimit.Request[string]{{Subject: subject, N: asked, OpID: id}})
		if len(decisions) != 1 {
			return ratelimit.Decision{}, fmt.Errorf("%d decisions about one request: %w", len(decisions), err)
		}
		return decisions[0], decisions[0].Err
	default:
		return c.calls.allow(ctx, l, subject, asked, ratelimit.OpID(id))
	}
}
