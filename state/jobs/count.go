package jobs

import "context"

// Counts are how many jobs are in each state.
type Counts struct {
	Pending, Running, Succeeded, Failed, Cancelled int64
	// Stalled is how many of those that are running have a lease that has ended.
	Stalled int64
}

// Count returns how many jobs there are in each state. It sends EVALSHA to each of 16 buckets, in
// round trips that they share: O(log n) for n jobs. The buckets are not counted at the same
// moment.
func (t *Tracker[K, P, R]) Count(ctx context.Context) (Counts, error) { return t.tracker.count(ctx) }

// Reaped is a job that [Tracker.Reap] has found.
type Reaped[K any] struct {
	Key K
	// State is what has become of it: [Pending] if an attempt may start in place of the one that
	// was lost, [Failed] if none is left, or [Cancelled] if somebody had asked for that.
	State State
}

// Reap ends the attempts whose lease has ended, at most limit of them, and returns their jobs,
// so that those that are pending again can be put to work. It returns each job to one caller
// alone, however many call at the same time, unless the reply to that is lost. Any process may
// call it, such as each worker every few seconds; [Tracker.Start] does the same for its own
// job.
//
// If it fails, the jobs that it has found are there beside the error. It sends EVALSHA to each of
// 16 buckets and one for each job that it finds, in round trips that they share: O(log n) each,
// for n jobs.
func (t *Tracker[K, P, R]) Reap(ctx context.Context, limit int) ([]Reaped[K], error) {
	var all []Reaped[K]
	err := t.tracker.reap(ctx, limit, func(parts []string, s State) error {
		key, err := t.parse(parts)
		if err == nil {
			all = append(all, Reaped[K]{key, s})
		}
		return err
	})
	return all, err
}
