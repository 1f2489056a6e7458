package jobs

import (
	"context"
	"fmt"
	"io"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/state"
)

// Tracker keeps the jobs of one family in one store. It is safe for concurrent use, and costs
// nothing to keep. [New] makes one.
//
// Besides the errors that they name, its methods can fail as every operation of package
// state: with state.ErrInvalidKey, state.ErrClosed, state.ErrPermission, state.ErrOverloaded,
// state.ErrWrongType, an error of the context or one of the network; those that change a job
// with state.ErrSetDisabled and state.ErrOutOfMemory, and those that look at one with
// state.ErrGetDisabled. All are wrapped in a *state.Error. Each call has its effect once and
// is repeated while its context lasts, or for 10 seconds if that has no deadline; where it had no
// answer then, the error matches state.ErrUnknownOutcome too, and the call may be repeated.
//
// What changes a job returns its status without progress and result on a store with DisableGet.
//
// Those that return a status can fail with a *state.DecodeError, where what is stored is no P or
// no R. All else of the status is there.
//
// Each sends one EVALSHA, and EVAL to a server that does not know the script, to the primary,
// unless it says otherwise: O(log n) for the n jobs of a bucket.
type Tracker[K, P, R any] struct {
	keys    bridge.Keys[K]
	parse   func([]string) (K, error)
	tracker *tracker
}

// New returns a tracker of f's jobs in store, whose prefix begins their keys. It fails with
// state.ErrNoStore, if there is no family, or if an option is wrong; it sends nothing. What
// changes jobs needs a store with EnableSet, and [Tracker.Delete] one with EnableRemove.
func New[K, P, R any](store *state.Store, f *Family[K, P, R], o Options) (*Tracker[K, P, R], error) {
	if f == nil {
		f = new(Family[K, P, R])
	}
	t, err := newTracker(store, f.family, o)
	if err != nil {
		return nil, err
	}
	return &Tracker[K, P, R]{f.keys, f.parse, t}, nil
}

// KeyName returns the name in Redis of the hash of a job, with the prefix of the store, or
// state.ErrInvalidKey. It sends nothing.
func (t *Tracker[K, P, R]) KeyName(key K) (string, error) {
	return t.tracker.keyName(t.keys.Name(key))
}

// Create creates a job, which is pending then, and returns its status. If there is one of
// that key already, [IfExists] says what becomes of it. created reports whether the job
// begins with this call, which includes that it was restarted.
func (t *Tracker[K, P, R]) Create(ctx context.Context, key K, opts ...CreateOption) (s Status[P, R], created bool, err error) {
	r, created, err := t.tracker.create(ctx, t.keys.Name(key), opts)
	s, err = status[P, R](t.tracker, r, err)
	return s, created, err
}

// Get returns the status of a job, or state.ErrNotFound.
func (t *Tracker[K, P, R]) Get(ctx context.Context, key K) (Status[P, R], error) {
	r, err := t.tracker.get(ctx, t.keys.Name(key))
	return status[P, R](t.tracker, r, err)
}

// GetMany returns the status of each of those jobs, in their order. That of a job which is not
// there has no State. If one of them cannot be read, all others are there beside the error.
// It sends one EVALSHA for each, in round trips that they share.
func (t *Tracker[K, P, R]) GetMany(ctx context.Context, keys ...K) ([]Status[P, R], error) {
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = t.keys.Name(key)
	}
	all := make([]Status[P, R], len(keys))
	err := t.tracker.getMany(ctx, names, func(i int, r *record) (err error) {
		all[i], err = status[P, R](t.tracker, r, nil)
		return err
	})
	return all, err
}

// Cancel ends a job that is pending, and asks the worker of one that is running to stop, whose
// next heartbeat tells it, a third of the lease later at most unless that is lost. Of a worker
// whose lease has ended nothing is awaited, and the job ends. The reason is stored, and cut at
// 1 KiB. It fails with state.ErrNotFound, and with a [*RefusedError] that matches [ErrFinished]
// if the job has succeeded or failed; one that was cancelled before stays as it is.
func (t *Tracker[K, P, R]) Cancel(ctx context.Context, key K, reason string) (Status[P, R], error) {
	r, err := t.tracker.cancel(ctx, t.keys.Name(key), reason)
	return status[P, R](t.tracker, r, err)
}

// Restart makes a job pending again that has failed or was cancelled, with all its attempts. Its
// history and its progress stay, and its epoch goes on growing. It fails with state.ErrNotFound,
// and with a [*RefusedError] that matches [ErrNotFinished] or, of a job that has succeeded,
// [ErrFinished].
func (t *Tracker[K, P, R]) Restart(ctx context.Context, key K) (Status[P, R], error) {
	r, err := t.tracker.restart(ctx, t.keys.Name(key))
	return status[P, R](t.tracker, r, err)
}

// Delete removes a job. It fails with state.ErrNotFound, and with a [*RefusedError] that matches
// [ErrBusy] while an attempt is under way; cancel it first. For 10 minutes a small record
// stays, so that no request from before has an effect on a job that is created anew.
func (t *Tracker[K, P, R]) Delete(ctx context.Context, key K) error {
	return t.tracker.remove(ctx, t.keys.Name(key))
}

// Format prints nothing of the tracker, as the prefix of its store can name a tenant.
func (Tracker[K, P, R]) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "jobs.Tracker") }
