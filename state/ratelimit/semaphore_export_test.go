package ratelimit

import (
	"errors"
	"time"
)

// Kill has a permit's holder die: nothing renews the permit or gives it back.
func Kill(p *Permit) { p.stop(errors.New("killed")) }

// TrustedUntil returns when a permit is lost unless it is renewed.
func TrustedUntil(p *Permit) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.until
}
