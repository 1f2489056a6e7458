package ratelimit

import (
	"math"
	"time"
)

// Never is the RetryAfter of a call that no waiting helps: it asks for more than a limit
// can ever have at once.
const Never = time.Duration(math.MaxInt64)

// Decision is what came of a call.
type Decision struct {
	// Allowed reports whether the call was granted any tokens or, of [Limiter.Peek], would be.
	Allowed bool
	// Granted is how many tokens it was granted: all it asked for or none, but for
	// [Limiter.AllowUpTo].
	Granted int64
	// RetryAfter is how long it takes until the same call would be granted if nobody
	// else calls meanwhile, exact to the microsecond; for [Limiter.AllowUpTo], until one
	// token would. It is 0 for a call that was granted, and may be [Never].
	RetryAfter time.Duration
	// DecidedBy is the name of the limit that decided: the one that denies for longest,
	// or, of a call that was granted, the one that has least left. It is empty where Limits
	// are, and where all are shadows.
	DecidedBy string
	// Limits are the limits after the call, in the order in which they were defined. It is
	// nil where Redis did not decide, or did when the limiter had other limits.
	Limits []Usage
	// ServerTime is the time of the server at which it was decided, in microseconds, and
	// zero where Redis did not decide.
	ServerTime time.Time
	// Source says who decided.
	Source Source
	// Err is why Redis did not decide, where Options.OnFailure did, and what is wrong
	// with a call of [Limiter.AllowMany].
	Err error
}

// Source is who has decided.
type Source uint8

// The sources of decisions.
const (
	// FromServer is Redis, just now.
	FromServer Source = iota
	// FromReceipt is Redis, when a call with the same [OpID] was granted.
	FromReceipt
	// FromPolicy is Options.OnFailure.
	FromPolicy
)

// Usage is one limit of a subject after a call.
type Usage struct {
	// Limit is the limit.
	Limit Limit
	// Remaining is how many tokens could be granted now.
	Remaining int64
	// Denied reports whether the limit kept the call from being granted, or would have,
	// if it were no shadow.
	Denied bool
	// RetryAfter is how long it takes until the limit would grant the call, or [Never];
	// it is 0 unless it is Denied.
	RetryAfter time.Duration
	// NextAfter is how long it takes until Remaining grows, and 0 if nothing is used.
	NextAfter time.Duration
	// ResetAfter is how long it takes until nothing is used.
	ResetAfter time.Duration
}

// decide finds out which limit decided.
func (d *Decision) decide() {
	least := int64(math.MaxInt64)
	for _, u := range d.Limits {
		switch {
		case u.Limit.IsShadow():
		case !d.Allowed && u.RetryAfter > d.RetryAfter:
			d.RetryAfter, d.DecidedBy = u.RetryAfter, u.Limit.Name()
		case d.Allowed && u.Remaining < least:
			least, d.DecidedBy = u.Remaining, u.Limit.Name()
		}
	}
}
