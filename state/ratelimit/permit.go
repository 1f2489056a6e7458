package ratelimit

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// Permit is the right to be one of those that a [Semaphore] lets in. It renews its lease
// in the background, after each third of it, until it is released or lost, or the process
// ends; so it must be released. A renewal sends EVALSHA with TIME, ZSCORE, PTTL, PEXPIRE and
// ZADD in it. It is safe for concurrent use.
//
// It is lost when the server has it no longer, and, as nobody else can have its place before
// the lease has ended, when nine tenths of the lease have passed since the last renewal
// began that the server has confirmed: by the monotonic clock of this process, which counts
// on. That clock stands still while a machine sleeps or is moved, and a process that was
// stopped goes on for an instant before it notices, so what must not be written twice is
// to be guarded by the [Permit.Fence] too. Closing the store ends the renewals, and so loses
// the permit.
type Permit struct {
	semaphore    *semaphore
	name, member string
	fence        int64

	// ctx ends with the permit; its cause is ErrPermitLost if it was lost.
	ctx context.Context
	end context.CancelCauseFunc

	mu      sync.Mutex
	until   time.Time // when it is lost unless it is renewed
	renewal *time.Timer
	loss    *time.Timer

	releasing chan struct{} // has one while Release is under way
	released  bool
	held      bool // when it was released
}

// Fence returns the number of the permit, which is larger than that of every earlier permit
// of its subject. What else the holder writes to can refuse those with a smaller number than
// it has seen, and so a holder that does not know yet that it has lost its permit.
//
// Numbers are microseconds of the server's time, or one more than the last, and so less than
// 2^53. They grow while the server keeps the key, for an hour after the last lease, and then
// with its clock.
func (p *Permit) Fence() int64 { return p.fence }

// Context returns parent as a context that ends as soon as the permit is released or lost;
// its cause is [ErrPermitLost] if it was lost. The function that comes with it frees what it
// holds and should be deferred.
func (p *Permit) Context(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(parent)
	if p.ctx == nil { // a zero value
		cancel(ErrPermitLost)
		return ctx, func() {}
	}
	if p.ctx.Err() != nil { // AfterFunc would take a moment
		cancel(context.Cause(p.ctx))
	}
	stop := context.AfterFunc(p.ctx, func() { cancel(context.Cause(p.ctx)) })
	return ctx, func() {
		stop()
		cancel(context.Canceled)
	}
}

// Release gives the permit back and reports whether it was held until then, by the time of
// the server. It ends the contexts of the permit and its renewals, whatever comes of it.
// If it fails, it may be repeated, and the lease ends in any case; once it has succeeded,
// it sends nothing more and returns the same again.
//
// It sends EVALSHA with TIME, ZSCORE and ZREM in it. O(log n) for n permits.
func (p *Permit) Release(ctx context.Context) (held bool, err error) {
	if p.semaphore == nil {
		_, _, err = p.semaphore.release(ctx, "", "")
		return false, err
	}
	trusted := p.trusts()
	p.stop(context.Canceled)
	select {
	case p.releasing <- struct{}{}:
		defer func() { <-p.releasing }()
	case <-ctx.Done():
		// Another call is at it. This one fails in the same words as every operation.
		_, _, err = p.semaphore.release(ctx, p.name, p.member)
		return false, err
	}
	if p.released {
		return p.held, nil
	}
	held, sure, err := p.semaphore.release(ctx, p.name, p.member)
	if err != nil {
		return false, err
	}
	// Where the reply to an earlier attempt was lost, the permit is gone by this call's
	// own doing if its lease has not ended.
	p.released, p.held = true, held || !sure && trusted
	return p.held, nil
}

// Format prints nothing of the permit, as the name of its subject can name a person.
func (p *Permit) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "ratelimit.Permit") }
