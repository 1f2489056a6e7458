package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/typedstate/typedstate/state/ratelimit"
)

// refunders is how many callers give one reservation back at most, at the same time.
const refunders = 3

// hold reserves tokens and gives back some of them, soon or after the window has gone by.
// Half of the reservations are made by the clients of all workers.
func (c *limitClient) hold(l *openLimiter, subject string) {
	if c.rand.IntN(2) == 0 {
		id, n := shared()
		asked := 1 + n%5
		c.reserve(l, charge{Subject: subject, ID: id, Asked: asked}, 1+n/5%asked, c.delay(2*c.order.Per))
		return
	}
	asked := 1 + c.rand.Int64N(6)
	c.reserve(l, charge{Subject: subject, Asked: asked}, c.part(asked), c.delay(2*c.order.Per))
}

// holdLong gives back what it has reserved about when its receipt ends.
func (c *limitClient) holdLong(l *openLimiter, subject string) {
	asked := 1 + c.rand.Int64N(6)
	c.reserve(l, charge{Subject: subject, Asked: asked}, c.part(asked), c.delay(2*shortReceipts))
}

// lend reserves tokens of a subject of its own of which others are used.
func (c *limitClient) lend(l *openLimiter, subject string) {
	c.allow(l, subject, 20, true)
	asked := 1 + c.rand.Int64N(6)
	c.reserve(l, charge{Subject: subject, Asked: asked}, c.part(asked), 0)
}

// part returns all tokens for a half of the reservations, and some of them for the others.
func (c *limitClient) part(asked int64) int64 {
	if c.rand.IntN(2) == 0 {
		return asked
	}
	return 1 + c.rand.Int64N(asked)
}

func (c *limitClient) delay(most time.Duration) time.Duration {
	if c.rand.IntN(2) == 0 {
		return 0
	}
	return time.Duration(c.rand.Int64N(int64(most)))
}

// reserve reserves tokens and gives some of them back later.
func (c *limitClient) reserve(l *openLimiter, what charge, back int64, later time.Duration) {
	var opts []ratelimit.CallOption
	if what.ID != "" {
		opts = append(opts, ratelimit.OpID(what.ID))
	}
	ctx, cancel := c.patience(true)
	what.Since = stamp()
	r, err := c.calls.reserve(ctx, l, what.Subject, what.Asked, opts...)
	cancel()
	var d ratelimit.Decision
	if r != nil {
		d = r.Decision
	}
	what = c.told(l, what, d, err)
	if r == nil || what.Fate == idle || what.Fate == done && what.Granted == 0 || errors.Is(err, ratelimit.ErrRefunded) || c.rand.IntN(8) == 0 {
		c.note(l, what) // there is nothing to give back, or it is used
		return
	}
	c.owed = append(c.owed, debt{time.Now().Add(later), func() { c.refund(l, r, what, back) }})
	if later == 0 {
		c.pay(time.Now())
	}
}

var errTooLate = errors.New("tokens were given back after the time for it")

// refund has some callers give back the same tokens, each until it is told whether they
// are back, and asks once more after that.
func (c *limitClient) refund(l *openLimiter, r *ratelimit.Reservation, what charge, back int64) {
	what.Back, what.RefundAt = back, stamp()
	var mu sync.Mutex
	var callers sync.WaitGroup
	var yes, no, lost int
	ask := func() {
		ok, known := c.refundOnce(l, what.Subject, r, back)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case !known:
			lost++
		case ok:
			yes++
		default:
			no++
		}
	}
	for range 1 + c.rand.IntN(refunders) {
		callers.Go(ask)
	}
	callers.Wait()
	if c.rand.IntN(2) == 0 {
		ask()
	}
	what.BackAt = stamp()
	expires := what.At + l.kind.receipts.Microseconds()
	switch {
	case yes > 0:
		what.Refund = done
	case lost > 0 || l.kind.receipts == shortReceipts && what.RefundAt <= expires:
		// By the time that it was repeated, the receipt may have been gone.
		what.Refund = doubtful
	default:
		what.Refund = idle
	}
	if yes > 0 && what.At > 0 && what.RefundAt > expires {
		c.wrong(l, errTooLate)
	}
	// That of a reservation nobody knows of may come after the first of them.
	if yes > 0 && no > 0 && what.Fate == done && l.kind.receipts == longReceipts {
		what.Twice = true
	}
	if what.Refund == done && what.Fate == doubtful {
		what.Fate, what.Granted = done, what.Asked // or there would be nothing to give back
	}
	c.note(l, what)
}

// refundOnce asks until it is told whether the tokens are back.
func (c *limitClient) refundOnce(l *openLimiter, subject string, r *ratelimit.Reservation, back int64) (ok, known bool) {
	surely := true
	for range repeats {
		ctx, cancel := context.WithTimeout(context.Background(), limitPatience)
		ok, err := c.calls.refund(ctx, l, subject, r, back)
		cancel()
		c.mu.Lock()
		c.harvest.Refunds++
		c.mu.Unlock()
		if err == nil {
			// A call that was not answered may yet arrive.
			return ok, ok || surely
		}
		surely = false
		c.mu.Lock()
		c.harvest.RefundErrors++
		c.mu.Unlock()
		if !errors.Is(err, context.DeadlineExceeded) {
			c.odd.add("Refund", err)
		}
	}
	return false, false
}
