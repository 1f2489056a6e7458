package httplimit

import (
	"context"
	"errors"
	"net/http"

	"github.com/typedstate/typedstate/state/ratelimit"
)

// call is a request on its way through the checks.
type call struct {
	options Options
	strays  strays
	w       http.ResponseWriter
	r       *http.Request
	steps   []step
}

// step is a check that the request is not exempt from, and what came of it, if it was asked.
type step struct {
	check    Check
	ask      ask
	decision ratelimit.Decision
	refund   refund // of what was taken, or may have been
}

func (c *call) serve(checks []Check, next http.Handler) {
	if err := c.prepare(checks); err != nil {
		c.options.OnError(c.w, c.r, err)
		return
	}
	for i := range c.steps {
		s := &c.steps[i]
		err := s.take(c.r.Context(), i == len(c.steps)-1)
		if err == nil && s.decision.Allowed {
			continue
		}
		denied := err == nil && s.decision.Source != ratelimit.FromPolicy
		c.giveBack(denied)
		switch {
		case denied:
			c.deny(s)
		case err != nil:
			c.options.OnError(c.w, c.r, err)
		default:
			setRetryAfter(c.w.Header(), s.decision.RetryAfter)
			c.options.OnError(c.w, c.r, s.decision.Err)
		}
		return
	}
	c.grant(next)
}

// prepare finds the subjects before anything is taken, so that there is nothing to give back
// if that fails.
func (c *call) prepare(checks []Check) error {
	c.steps = make([]step, 0, len(checks))
	for _, check := range checks {
		ask, err := check.subject(c.r)
		switch {
		case err == nil:
			c.steps = append(c.steps, step{check: check, ask: ask})
		case !errors.Is(err, ErrExempt):
			return err
		}
	}
	return nil
}

func (s *step) take(ctx context.Context, last bool) (err error) {
	s.decision, s.refund, err = s.ask(ctx, last)
	if !mayHaveTaken(s.decision, err) {
		s.refund = nil
	}
	return err
}

func (c *call) grant(next http.Handler) {
	c.setFields()
	if c.options.Legacy {
		if u, ok := c.scarcest(); ok {
			setLegacy(c.w.Header(), u)
		}
	}
	inner := c.r.WithContext(withDecisions(c.r.Context(), c.decisions()))
	next.ServeHTTP(c.w, inner)
	// A ServeMux has set it in the copy, and logs and metrics further out read it here.
	c.r.Pattern = inner.Pattern
}

func (c *call) deny(s *step) {
	c.setFields()
	setRetryAfter(c.w.Header(), s.decision.RetryAfter)
	if c.options.Legacy {
		for _, u := range s.decision.Limits {
			if u.Limit.Name() == s.decision.DecidedBy {
				setLegacy(c.w.Header(), u)
			}
		}
	}
	if c.options.OnDenied != nil {
		c.options.OnDenied(c.w, c.r, s.decision)
		return
	}
	problem{
		Type:     quotaExceeded,
		Title:    "Quota Exceeded",
		Status:   http.StatusTooManyRequests,
		Violated: s.check.violated(s.decision),
	}.send(c.w, c.r)
}

// setFields tells the limits of all checks, those that were not asked any more too: they are
// the same of each response. What Redis has not decided is not told.
func (c *call) setFields() {
	var policies, usages list
	for _, s := range c.steps {
		if s.decision.Source == ratelimit.FromPolicy {
			continue
		}
		policies = s.check.policies(policies)
		usages = s.check.usages(usages, s.decision)
	}
	policies.addTo(c.w.Header(), policyField)
	usages.addTo(c.w.Header(), limitField)
}

// scarcest returns the limit that has least left.
func (c *call) scarcest() (least ratelimit.Usage, ok bool) {
	for _, s := range c.steps {
		for _, u := range s.decision.Limits {
			if !u.Limit.IsShadow() && (!ok || u.Remaining < least.Remaining) {
				least, ok = u, true
			}
		}
	}
	return least, ok
}

func (c *call) decisions() []ratelimit.Decision {
	decisions := make([]ratelimit.Decision, len(c.steps))
	for i, s := range c.steps {
		decisions[i] = s.decision
	}
	return decisions
}
