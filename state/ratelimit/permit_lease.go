package ratelimit

import (
	"context"
	"errors"
	"time"

	"github.com/typedstate/typedstate/state"
)

// renewLimit bounds one renewal, of long leases: the next may find another connection.
const renewLimit = 10 * time.Second

// newPermit returns a permit whose lease began after begun.
//
// Timers renew it and notice its end, so that one that is held has no goroutine but while a
// renewal is under way, and none waits for another's: a server that hangs costs only the
// permits that it keeps.
func newPermit(s *semaphore, name, member string, fence int64, begun time.Time) *Permit {
	p := &Permit{semaphore: s, name: name, member: member, fence: fence, releasing: make(chan struct{}, 1)}
	p.ctx, p.end = context.WithCancelCause(context.Background())
	p.mu.Lock()
	defer p.mu.Unlock()
	p.until = begun.Add(s.trusted())
	p.loss = time.AfterFunc(time.Until(p.until), p.lapse)
	p.renewal = time.AfterFunc(time.Until(begun.Add(s.lease/3)), p.renew)
	return p
}

// renew has the lease begin anew. A renewal that gets no answer is given up after a quarter
// of the lease, so that there is time for two more.
func (p *Permit) renew() {
	lease := p.semaphore.lease
	ctx, cancel := context.WithTimeout(p.ctx, min(lease/4, renewLimit))
	defer cancel()
	// The lease begins later, when the server executes it.
	begun := time.Now()
	held, err := p.semaphore.renew(ctx, p.name, p.member)
	if err == nil && !held || errors.Is(err, state.ErrClosed) {
		p.stop(ErrPermitLost)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.ctx.Err() != nil:
	case err != nil:
		p.renewal.Reset(time.Until(begun.Add(min(lease/20, time.Second))))
	default:
		p.until = begun.Add(p.semaphore.trusted())
		p.loss.Reset(time.Until(p.until))
		p.renewal.Reset(time.Until(begun.Add(lease / 3)))
	}
}

// trusts reports whether nobody else can have the permit's place.
func (p *Permit) trusts() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ctx.Err() == nil && time.Now().Before(p.until)
}

// lapse ends the permit if its lease has run out here.
func (p *Permit) lapse() {
	p.mu.Lock()
	lost := !time.Now().Before(p.until)
	p.mu.Unlock()
	if lost {
		p.stop(ErrPermitLost)
	}
}

// stop ends the permit, for the first cause that there is, and its renewals.
func (p *Permit) stop(cause error) {
	p.end(cause)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.loss.Stop()
	p.renewal.Stop()
}
