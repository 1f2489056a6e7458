package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/state"
)

// SemaphoreFamily is all subjects of one template that have a semaphore.
// [DefineSemaphore] makes one.
type SemaphoreFamily[K any] struct {
	subjects bridge.Keys[K]
	permits  int
	lease    time.Duration
}

// The bounds of a semaphore.
const (
	maxPermits = 100_000
	minLease   = 100 * time.Millisecond
	maxLease   = 24 * time.Hour
)

// DefineSemaphore returns the family of the subjects that template makes, each with that
// many permits, which are lost unless they are renewed within lease. K is as in [Define]. It
// is meant for package variables and panics, with what to mend, if something is wrong: it
// takes 1 to 100,000 permits and a lease of 100 ms to 24 h.
//
// The lease is how long the permit of a process that has died stays taken. A holder that
// cannot reach the server for 9/10 of it loses its permit, so it should be some times as
// long as a failover takes.
func DefineSemaphore[K any](template string, permits int, lease time.Duration) *SemaphoreFamily[K] {
	f, err := defineSemaphore[K](template, permits, lease)
	if err != nil {
		panic(fmt.Sprintf("ratelimit.DefineSemaphore(%q): %v", template, err))
	}
	return f
}

func defineSemaphore[K any](template string, permits int, lease time.Duration) (*SemaphoreFamily[K], error) {
	switch {
	case permits < 1 || permits > maxPermits:
		return nil, fmt.Errorf("%d permits; give 1 to %d", permits, maxPermits)
	case lease < minLease || lease > maxLease:
		return nil, fmt.Errorf("a lease of %v; give %v to %v", lease, minLease, maxLease)
	}
	s, err := subjects[K](template, nil)
	if err != nil {
		return nil, err
	}
	return &SemaphoreFamily[K]{s, permits, lease.Truncate(time.Microsecond)}, nil
}

// Semaphore bounds how many hold a permit of a subject at the same time, by the time of
// the server. It is safe for concurrent use, and costs nothing to keep. [NewSemaphore] makes
// one.
//
// Besides the errors that they name, its methods can fail as every operation of package
// state: with state.ErrInvalidKey, state.ErrClosed, state.ErrPermission,
// state.ErrOverloaded, state.ErrWrongType, an error of the context or one of the network;
// those that take or give back permits with state.ErrSetDisabled and state.ErrOutOfMemory
// too. All are wrapped in a *state.Error. No outcome is unknown, as every call is safe to
// repeat, and is repeated while its context lasts, or for 10 seconds if that has no deadline.
//
// The permits of a subject are one sorted set at its key. A server that fails over can lose
// the latest, and one whose clock is set forward ends leases early; there the fencing number
// of [Permit.Fence] still tells holders apart. A permit that was asked for when its
// connection broke can, rarely, stay taken by nobody until its lease ends.
type Semaphore[K any] struct {
	subjects  bridge.Keys[K]
	semaphore *semaphore
}

// NewSemaphore returns the semaphores of f's subjects in store, whose prefix begins their
// keys. It fails with state.ErrNoStore, or if there is no family; it sends nothing. What takes
// permits needs a store with EnableSet.
func NewSemaphore[K any](store *state.Store, f *SemaphoreFamily[K]) (*Semaphore[K], error) {
	if store.Client() == nil {
		return nil, fmt.Errorf("ratelimit: NewSemaphore: %w", state.ErrNoStore)
	}
	if f == nil || f.subjects.Family() == nil {
		return nil, errors.New("ratelimit: NewSemaphore: there is no family; make one with DefineSemaphore")
	}
	return &Semaphore[K]{f.subjects, newSemaphore(store, f.subjects.Family(), f.permits, f.lease)}, nil
}

// TryAcquire takes a permit of subject. It fails with a [*FullError], which matches
// [ErrFull], if all are taken. If it fails with another error there is no permit either: one
// that the server may have given all the same is given back in the background.
//
// It sends EVALSHA, and EVAL to a server that does not know the script, with TIME, ZCOUNT,
// ZSCORE, ZRANGEBYSCORE, ZADD, PTTL, PEXPIRE and ZREMRANGEBYSCORE in it. O(log n) for n permits,
// and O(e) for e whose leases have ended since.
func (s *Semaphore[K]) TryAcquire(ctx context.Context, subject K) (*Permit, error) {
	return s.semaphore.acquire(ctx, "TryAcquire", s.subjects.Name(subject), false)
}

// Acquire is [Semaphore.TryAcquire] that waits until there is a permit, or until ctx ends;
// then its error matches that of the context, and [ErrFull] if all permits were taken to the
// last. It asks again after 10 ms, and then more rarely, up to each second, each time
// a little earlier at random, and when the first lease may end. Who waits longest is not
// sure to be first.
func (s *Semaphore[K]) Acquire(ctx context.Context, subject K) (*Permit, error) {
	return s.semaphore.acquire(ctx, "Acquire", s.subjects.Name(subject), true)
}

// Do waits for a permit as [Semaphore.Acquire] does, calls f with a context that ends if the
// permit is lost, and gives the permit back, also if f panics. It returns the error of f as
// it is. That the permit could not be given back is no error: its lease ends by itself.
func (s *Semaphore[K]) Do(ctx context.Context, subject K, f func(ctx context.Context, p *Permit) error) error {
	p, err := s.Acquire(ctx, subject)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := p.semaphore.detached(ctx)
		defer cancel()
		_, _ = p.Release(ctx) // the lease ends by itself
	}()
	inside, cancel := p.Context(ctx)
	defer cancel()
	return f(inside, p)
}

// InUse returns how many permits of subject are taken. It works on a store without EnableSet,
// and fails with state.ErrGetDisabled on one with DisableGet. It sends EVALSHA to the primary,
// with TIME and ZCOUNT in it. O(log n).
func (s *Semaphore[K]) InUse(ctx context.Context, subject K) (int, error) {
	return s.semaphore.inUse(ctx, s.subjects.Name(subject))
}

// FullError says that all permits of a subject are taken. It matches [ErrFull].
type FullError struct {
	// RetryAfter is how long it takes until there is a permit if none is renewed and none
	// is given back, to the microsecond. Holders do both, so there may be one earlier, or
	// none then.
	RetryAfter time.Duration
	// InUse is how many permits are taken: more than there are if the family had more of
	// them before.
	InUse int
}

// Error returns how many permits are taken.
func (e *FullError) Error() string {
	return fmt.Sprintf("%v: %d in use, and the next lease ends in %v", ErrFull, e.InUse, e.RetryAfter)
}

// Unwrap returns [ErrFull].
func (e *FullError) Unwrap() error { return ErrFull }
