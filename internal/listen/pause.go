package listen

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	firstPause   = 5 * time.Millisecond
	longestPause = 200 * time.Millisecond
)

// pause is how long to wait before another attempt, for up to twice as long each
// time.
type pause time.Duration

// wait returns false if ctx ended first, and at once then.
func (p *pause) wait(ctx context.Context) bool {
	d := max(time.Duration(*p), firstPause)
	*p = pause(min(2*d, longestPause))
	// Half is random, so that hubs that lost a node together do not come back so.
	timer := time.NewTimer(d/2 + rand.N(d/2)) //nolint:gosec // nobody gains by guessing it
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
