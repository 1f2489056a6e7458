package ratelimit

import (
	"context"
	"slices"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/state"
)

// Limiter decides about the subjects of a family. It is safe for concurrent use, and costs
// nothing to keep. [New] makes one.
//
// Besides the errors that they name, its methods can fail as every operation of package
// state: with state.ErrNoStore, state.ErrInvalidKey, state.ErrClosed, state.ErrPermission,
// state.ErrOverloaded, state.ErrWrongType, state.ErrOutsideTx, an error of the context or one
// of the network; those that take or give back tokens with state.ErrSetDisabled,
// state.ErrUnknownOutcome and state.ErrOutOfMemory too. All are wrapped in a *state.Error.
// Options.OnFailure can have a Decision in the place of an error. Where the context has no
// deadline, a call is given up after 10 seconds.
//
// What is sent is EVALSHA, and EVAL to a server that does not know the script; a user of the
// server needs the commands in it, too.
type Limiter[K any] struct {
	subjects bridge.Keys[K]
	limiter  *limiter
}

// New returns a limiter for the subjects of f in store, whose prefix begins their keys. It
// fails with state.ErrNoStore, or if there is no family or the options are wrong; it sends
// nothing. What takes tokens needs a store with EnableSet.
func New[K any](store *state.Store, f *Family[K], o Options) (*Limiter[K], error) {
	if f == nil {
		f = new(Family[K])
	}
	l, err := newLimiter(store, f.subjects.Family(), f.limits, o)
	if err != nil {
		return nil, err
	}
	return &Limiter[K]{f.subjects, l}, nil
}

// With returns a limiter for the same subjects with other limits, such as those of a
// customer's plan. A window that has the name and time of an earlier one goes on with what
// was used of it, and so does a bucket that has the name of an earlier one: it refills at its
// own rate, and one that is smaller than what was used denies until that has refilled, or until
// [Limiter.Reset]. A window with another time
// begins anew, and both keep to their own and take room while the subject lives. It fails if a limit is wrong, but takes one that can never decide beside another.
func (l *Limiter[K]) With(limits ...Limit) (*Limiter[K], error) {
	other, err := l.limiter.with(limits)
	if err != nil {
		return nil, err
	}
	return &Limiter[K]{l.subjects, other}, nil
}

// Limits returns the limits, in the order in which they were defined.
func (l *Limiter[K]) Limits() []Limit {
	if l.limiter == nil {
		return nil
	}
	return slices.Clone(l.limiter.limits.list)
}

// Allow takes one token of each limit of subject, or none of any. It fails with
// [ErrOpIDReused] or [ErrRefunded] if its [OpID] was used before. It sends EVALSHA with TIME,
// HMGET, PTTL, HSET and PEXPIRE in it, and HDEL where receipts have expired. O(m+s) for m
// limits with s slots in use.
func (l *Limiter[K]) Allow(ctx context.Context, subject K, opts ...CallOption) (Decision, error) {
	return l.limiter.allow(ctx, "Allow", l.subjects.Name(subject), 1, opts)
}

// AllowN is [Limiter.Allow] for n tokens, all or nothing. It fails with [ErrTokens] if n is
// less than 1. A call for more than a limit's [Limit.Capacity] is denied, and its
// RetryAfter is [Never].
func (l *Limiter[K]) AllowN(ctx context.Context, subject K, n int64, opts ...CallOption) (Decision, error) {
	return l.limiter.allow(ctx, "AllowN", l.subjects.Name(subject), n, opts)
}

// AllowUpTo takes as many tokens as all limits of subject have, up to n. It fails with
// [ErrTokens] if n is less than 1. It sends what [Limiter.Allow] sends.
func (l *Limiter[K]) AllowUpTo(ctx context.Context, subject K, n int64, opts ...CallOption) (Decision, error) {
	return l.limiter.allowUpTo(ctx, l.subjects.Name(subject), n, opts)
}

// Peek returns whether [Limiter.Allow] would be granted, and what there is; it takes nothing,
// so Granted is 0. It works on a store without EnableSet, and fails with state.ErrGetDisabled
// on one with DisableGet. It is tried again as reads are. It sends EVALSHA to the primary, with
// TIME and HMGET in it. O(m+s).
func (l *Limiter[K]) Peek(ctx context.Context, subject K) (Decision, error) {
	return l.limiter.peek(ctx, l.subjects.Name(subject))
}

// Request is one call of [Limiter.AllowMany].
type Request[K any] struct {
	// Subject is whom it concerns.
	Subject K
	// N is how many tokens it takes; 0 is one.
	N int64
	// OpID is as in [OpID], or empty.
	OpID string
}

// AllowMany decides each request by itself, in their order where they have one subject, in
// round trips that they share, to each node of a Cluster at the same time. If some fail, the
// error says how many and wraps the first failure, and Decision.Err is the error of each. It
// sends what [Limiter.Allow] sends for each.
func (l *Limiter[K]) AllowMany(ctx context.Context, requests ...Request[K]) ([]Decision, error) {
	named := make([]request, len(requests))
	for i, r := range requests {
		named[i] = request{l.subjects.Name(r.Subject), r.N, r.OpID}
	}
	return l.limiter.allowMany(ctx, named)
}

// Wait is [Limiter.WaitN] for one token.
func (l *Limiter[K]) Wait(ctx context.Context, subject K, opts ...CallOption) (Decision, error) {
	return l.limiter.wait(ctx, "Wait", l.subjects.Name(subject), 1, opts)
}

// WaitN waits until n tokens are granted. It asks, and asks again after RetryAfter and a
// little more at random. It fails at once with [ErrNever] if no waiting helps, with
// context.DeadlineExceeded if the context ends before RetryAfter has passed, and with
// [ErrTokens] if n is less than 1. A call that Options.OnFailure denies is not repeated: its
// Decision.Err is the error. Who waits longest is not sure to be first. To an Observer each time
// that it asks is an operation. Where a test has stopped the embedded server's clock, no time
// passes; in a bubble of testing/synctest it does.
func (l *Limiter[K]) WaitN(ctx context.Context, subject K, n int64, opts ...CallOption) (Decision, error) {
	return l.limiter.wait(ctx, "WaitN", l.subjects.Name(subject), n, opts)
}

// Reserve is [Limiter.AllowN] for tokens that [Reservation.Refund] can give back within
// Options.ReceiptTTL, if they turn out not to be needed. There is a reservation also if it is
// denied or fails. If it fails with state.ErrUnknownOutcome, Refund gives back what was taken,
// if it was.
func (l *Limiter[K]) Reserve(ctx context.Context, subject K, n int64, opts ...CallOption) (*Reservation, error) {
	return l.limiter.reserve(ctx, l.subjects.Name(subject), n, opts)
}

// Reset forgets what was used of the limits with those names, or, without names, of all
// limits and all that is remembered of the subject. What was reserved before is not given
// back after. It fails with [ErrUnknownLimit], or state.ErrRemoveDisabled on a store without
// EnableRemove. The key keeps its end. It sends UNLINK, or EVALSHA with HMGET and HSET in it.
// O(m+s).
func (l *Limiter[K]) Reset(ctx context.Context, subject K, names ...string) error {
	return l.limiter.reset(ctx, l.subjects.Name(subject), names)
}
