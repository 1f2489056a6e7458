package jobs

import (
	"errors"
	"time"

	"github.com/typedstate/typedstate/state"
)

// Kill has a run's worker die: nothing renews its lease or finishes it.
func Kill[P, R any](r *Run[P, R]) {
	r.run.mu.Lock()
	defer r.run.mu.Unlock()
	r.run.abandon(errors.New("killed"))
}

// TrustedUntil returns when a run is lost unless it is renewed.
func TrustedUntil[P, R any](r *Run[P, R]) time.Time {
	r.run.mu.Lock()
	defer r.run.mu.Unlock()
	return r.run.until
}

// StoreOf returns the store of a tracker.
func StoreOf[K, P, R any](t *Tracker[K, P, R]) *state.Store { return t.tracker.store }
