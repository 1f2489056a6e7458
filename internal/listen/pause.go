package listen

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	firstPause = 5 * time.Millisecond
	// steepPause is from where on pauses grow slowly: another node takes over within
	// seconds, and an attempt is to come soon after that.
	steepPause   = 200 * time.Millisecond
	longestPause = time.Second
)

// pause is how long to wait before another attempt: for up to twice as long each time
// at first, and for up to a second about ten seconds later.
type pause time.Duration

// wait returns false if ctx ended first, and at once then.
func (p *pause) wait(ctx context.Context) bool {
	d := max(time.Duration(*p), firstPause)
	if *p = pause(2 * d); 2*d > steepPause {
		*p = pause(min(max(d+d/16, steepPause), longestPause))
	}
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
