package httplimit

import (
	"context"
	"errors"
	"time"

	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/ratelimit"
)

const (
	// refundWait bounds how long a denied request waits for its tokens, so that its fields
	// tell what is left then. A server that is well needs a round trip, and this is time to
	// connect again too. Whoever waited longer would wait for an outage to end.
	refundWait = 250 * time.Millisecond
	// refundLimit bounds how long it is tried to give back tokens for which nobody waits.
	refundLimit = 5 * time.Second
	// strayRefunds is of how many requests tokens are given back in the background at the
	// same time. When a server is gone there could be any number, and each has a goroutine.
	strayRefunds = 64
	// receiptTTL is how long a token can be given back: for longer than the checks after it
	// take to be asked, and refundLimit. Each request leaves a receipt for that long.
	receiptTTL = 30 * time.Second
)

// refund gives a token back, and reports whether it is back. It may be repeated.
type refund func(context.Context) (bool, error)

// strays has one for each request whose tokens are given back in the background.
type strays chan struct{}

// mayHaveTaken reports whether a call with that result may have something to give back.
func mayHaveTaken(d ratelimit.Decision, err error) bool {
	if err == nil {
		err = d.Err
	}
	return err == nil && d.Allowed || errors.Is(err, state.ErrUnknownOutcome)
}

// giveBack gives back what was taken, and what may have been. That the client is gone is no
// reason to keep it. If the request awaits it, that is for as long as refundWait.
func (c *call) giveBack(awaits bool) {
	ctx := context.WithoutCancel(c.r.Context())
	if awaits {
		c.awaitRefunds(ctx)
	}
	var left []refund
	for _, s := range c.steps {
		if s.refund != nil {
			left = append(left, s.refund)
		}
	}
	c.strays.giveBack(ctx, left)
}

// awaitRefunds gives back what Redis is known to have taken. Of the rest the fields tell
// nothing, so that there is nothing to wait for.
func (c *call) awaitRefunds(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, refundWait)
	defer cancel()
	for i := range c.steps {
		if s := &c.steps[i]; s.refund != nil && s.decision.Source != ratelimit.FromPolicy {
			s.giveBack(ctx)
		}
	}
}

// giveBack leaves a refund that has failed to be tried again.
func (s *step) giveBack(ctx context.Context) {
	back, err := s.refund(ctx)
	if err != nil {
		return
	}
	s.refund = nil
	if !back {
		return
	}
	// The client is told what is left now. A whole token is back, so when the next one is
	// did not change.
	for i := range s.decision.Limits {
		u := &s.decision.Limits[i]
		u.Remaining++
		if u.Remaining == u.Limit.Capacity() {
			u.NextAfter, u.ResetAfter = 0, 0
		}
	}
}

// giveBack gives back the tokens of a request in the background, or not at all where too many
// others do so.
func (s strays) giveBack(ctx context.Context, refunds []refund) {
	if len(refunds) == 0 {
		return
	}
	select {
	case s <- struct{}{}:
		go func() {
			defer func() { <-s }()
			ctx, cancel := context.WithTimeout(ctx, refundLimit)
			defer cancel()
			for _, refund := range refunds {
				_, _ = refund(ctx) // the Observer is told
			}
		}()
	default:
	}
}
