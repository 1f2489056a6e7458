package ratelimit

import (
	"context"
	_ "embed"
	"time"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/state"
)

//go:embed semaphore.lua
var semaphoreSource string

var semaphoreScript = exec.NewScript(semaphoreSource)

//go:embed permit.lua
var permitSource string

var permitScript = exec.NewScript(permitSource)

const (
	// keepFence is for how long the last fencing number of a subject outlives its leases.
	// It would be given again only by a clock that is set back by more than that after
	// the key has expired.
	keepFence = time.Hour
	// strayReleases is how many permits are given back in the background at the same
	// time. When a server is gone there could be any number, and their leases end anyway.
	strayReleases = 64
	// releaseLimit bounds how long it is tried to give back a permit for which nobody
	// waits.
	releaseLimit = 5 * time.Second
)

// semaphore is a [Semaphore] without its type.
//
// Its scripts can be repeated at will: a permit is known by a member that nobody else has,
// so to take it twice, to renew it or to remove it again is to do so once. They are sent as
// reads are, which exec repeats after a lost reply. What such a repeat leaves behind on a
// broken connection may run late: a renewal or a release then changes nothing, and a
// claim at worst takes a place that nobody has until its lease ends. The bound holds.
type semaphore struct {
	store   *state.Store
	family  *bridge.Family
	permits int
	lease   time.Duration
	strays  chan struct{} // has one for each release in the background
}

func newSemaphore(store *state.Store, f *bridge.Family, permits int, lease time.Duration) *semaphore {
	return &semaphore{store, f, permits, lease, make(chan struct{}, strayReleases)}
}

// trusted is for how long a holder trusts in its lease: less than it lasts, so that time is
// left to stop, and that clocks need not run at quite the same speed.
func (s *semaphore) trusted() time.Duration { return s.lease - s.lease/10 }

// begin begins an operation on one subject and returns its key in Redis.
func (s *semaphore) begin(ctx context.Context, op, name string, needs bridge.Permission) (o bridge.Operation, key string, err error) {
	if s == nil { // of a zero Semaphore
		s = new(semaphore)
	}
	o = bridge.Begin(ctx, s.store, bridge.Call{Name: op, Family: s.family, Keys: 1, Needs: needs})
	if err = o.Err(); err == nil {
		key, err = o.Key(name)
	}
	return o, key, err
}

func (s *semaphore) inUse(ctx context.Context, name string) (int, error) {
	o, key, err := s.begin(ctx, "InUse", name, bridge.Get)
	var a answer
	if err == nil {
		// A replica is behind, and has a clock of its own.
		a, err = answerOf(o.Client().Do(o.Context(), semaphoreScript.ReadPrimary([]string{key}, "")))
		err = o.Cause(err, false)
	}
	return int(a.number), o.End(o.Label(key, err))
}

// renew has the lease of a permit begin anew, and reports whether it was still held.
func (s *semaphore) renew(ctx context.Context, name, member string) (bool, error) {
	held, _, err := s.touch(ctx, "Renew", name, member, s.lease.Microseconds())
	return held, err
}

// release gives a permit back and reports whether it was held until then. If it says so of
// none, sure is false where that may be the work of an earlier attempt.
func (s *semaphore) release(ctx context.Context, name, member string) (held, sure bool, err error) {
	return s.touch(ctx, "Release", name, member, "")
}

func (s *semaphore) touch(ctx context.Context, op, name, member string, lease any) (held, sure bool, err error) {
	o, key, err := s.begin(ctx, op, name, bridge.Set)
	if err == nil {
		reply := o.Client().Do(o.Context(), permitScript.ReadPrimary([]string{key}, member, lease, keepFence.Milliseconds()))
		var n int64
		n, err = reply.Int()
		held, sure, err = n == 1, n == 1 || reply.Settled(), o.Cause(err, false)
	}
	return held, sure, o.End(o.Label(key, err))
}

// detached returns a context to give back a permit with, for a caller whose own may be over.
func (s *semaphore) detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), min(s.lease, releaseLimit))
}

// giveUp gives back, in the background, a permit that may have been taken for a caller who
// does not know.
func (s *semaphore) giveUp(ctx context.Context, name, member string) {
	select {
	case s.strays <- struct{}{}:
		go func() {
			defer func() { <-s.strays }()
			ctx, cancel := s.detached(ctx)
			defer cancel()
			_, _, _ = s.release(ctx, name, member) // the lease ends by itself
		}()
	default:
	}
}
