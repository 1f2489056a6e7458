package ratelimit

import (
	"context"
	"time"

	"github.com/typedstate/typedstate/state"
)

// SemaphoreFamily is all subjects of one template that have a semaphore.
// [DefineSemaphore] makes one.
type SemaphoreFamily[K any] struct {
	subjects subjects[K]
	permits  int
	lease    time.Duration
}

// DefineSemaphore returns the family of the subjects that template makes, each with that
// many permits, which are lost unless they are renewed within lease. K is as in [Define]. It
// is meant for package variables and panics, with what to mend, if something is wrong: it
// takes 1 to 100,000 permits and a lease of 100 ms to 24 h.
func DefineSemaphore[K any](template string, permits int, lease time.Duration) *SemaphoreFamily[K] {
	panic("not yet")
}

// Semaphore bounds how many hold a permit of a subject at the same time, by the time of
// the server. It is safe for concurrent use. [NewSemaphore] makes one.
type Semaphore[K any] struct {
	subjects  subjects[K]
	semaphore *semaphore
}

// NewSemaphore returns the semaphores of f's subjects in store, which needs EnableSet. It
// fails with state.ErrNoStore; it sends nothing.
func NewSemaphore[K any](store *state.Store, f *SemaphoreFamily[K]) (*Semaphore[K], error) {
	panic("not yet")
}

// semaphore is a Semaphore without its type.
type semaphore struct{}

// TryAcquire takes a permit of subject, or fails with a [*FullError] if there is none.
func (s *Semaphore[K]) TryAcquire(ctx context.Context, subject K) (*Permit, error) {
	panic("not yet")
}

// Acquire waits until there is a permit and takes it, or until ctx ends.
func (s *Semaphore[K]) Acquire(ctx context.Context, subject K) (*Permit, error) {
	panic("not yet")
}

// Do waits for a permit, calls f with a context that ends if the permit is lost, and gives the
// permit back. It returns the error of f as it is.
func (s *Semaphore[K]) Do(ctx context.Context, subject K, f func(ctx context.Context, p *Permit) error) error {
	panic("not yet")
}

// InUse returns how many permits of subject are taken.
func (s *Semaphore[K]) InUse(ctx context.Context, subject K) (int, error) {
	panic("not yet")
}

// FullError says that all permits of a subject are taken. It matches [ErrFull].
type FullError struct {
	// RetryAfter is how long it takes until the first of them is lost unless it is renewed.
	RetryAfter time.Duration
	// InUse is how many there are.
	InUse int
}

// Permit is the right to be one of those that a [Semaphore] lets in. It renews its lease
// in the background until it is released or lost.
type Permit struct{}

// Fence returns the number of the permit, which is larger than that of every earlier permit
// of its subject. What else the holder writes to can refuse those with a smaller number, and
// so a holder that does not know yet that it has lost its permit.
func (p *Permit) Fence() int64 { panic("not yet") }

// Context returns parent as a context that ends as soon as the permit is released or lost;
// its cause is [ErrPermitLost] if it was lost. The function that comes with it frees what it
// holds and should be deferred.
func (p *Permit) Context(parent context.Context) (context.Context, context.CancelFunc) {
	panic("not yet")
}

// Release gives the permit back and reports whether it was still held. It may be repeated.
func (p *Permit) Release(ctx context.Context) (held bool, err error) { panic("not yet") }
