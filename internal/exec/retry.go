package exec

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	// withoutDeadline is how long a call is tried whose context has no deadline.
	withoutDeadline = 10 * time.Second
	firstPause      = 5 * time.Millisecond
	longestPause    = 200 * time.Millisecond
)

// retries says when a call is tried again and when it has been tried enough.
type retries struct {
	patient bool // the caller has given a deadline
	until   time.Time
	pause   time.Duration
}

func newRetries(ctx context.Context) retries {
	until, ok := ctx.Deadline()
	return retries{patient: ok, until: until, pause: firstPause}
}

// wait pauses before another attempt, for up to twice as long each time. It
// returns false where there is no time for one.
func (r *retries) wait(ctx context.Context) bool {
	if r.until.IsZero() {
		r.until = time.Now().Add(withoutDeadline)
	}
	// Half is random, so that callers who failed together do not come back so.
	pause := r.pause/2 + rand.N(r.pause/2) //nolint:gosec // nobody gains by guessing it
	if !time.Now().Add(pause).Before(r.until) {
		return false
	}
	r.pause = min(2*r.pause, longestPause)
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
