package ratelimit

import (
	"errors"
	"time"
)

// Kill has a permit's holder die: nothing renews the permit or gives it back. It returns
// when it would have thought the permit lost.
func Kill(p *Permit) time.Time {
	p.stop(errors.New("killed"))
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until
}
