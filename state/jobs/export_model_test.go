package jobs

// AtRest reports whether no heartbeat of a run is under way, its reply included.
func AtRest[P, R any](r *Run[P, R]) bool {
	r.run.mu.Lock()
	defer r.run.mu.Unlock()
	return !r.run.busy
}
