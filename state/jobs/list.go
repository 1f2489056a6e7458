package jobs

import (
	"context"
	"iter"
)

// Listed is a job of a [Tracker.List].
type Listed[K, P, R any] struct {
	Key K
	Status[P, R]
	// Cursor is where the job is in the list, for [From].
	Cursor string
}

// ListOption changes a call of [Tracker.List].
type ListOption interface{ applyTo(*listing) }

// From has the list go on after the job with that cursor, which may be gone by then.
func From(cursor string) ListOption { return from(cursor) }

type from string

func (c from) applyTo(l *listing) { l.from, l.follows = string(c), true }

// List returns an iterator over the jobs in a state, the latest first: those that have
// ended in the order of when they are removed, which is that in which they have ended unless
// the options have changed; those that are running in that of their leases; those that are
// pending in that of when they may start. A job that comes or goes meanwhile may be
// missing, one that moves to another place may come twice, and one that has left the state
// by the time it is read is left out.
//
// A status that cannot be decoded comes with its error, and the iteration goes on; any other
// error ends it. For about a hundred jobs each it sends ZREVRANGEBYSCORE to each of 16 buckets,
// O(log n) for n jobs, and EVALSHA for each job, in round trips that they share.
func (t *Tracker[K, P, R]) List(ctx context.Context, s State, opts ...ListOption) iter.Seq2[Listed[K, P, R], error] {
	return func(yield func(Listed[K, P, R], error) bool) {
		t.tracker.list(ctx, s, opts, func(parts []string, cursor string, r *record, err error) bool {
			if err != nil {
				return yield(Listed[K, P, R]{}, err)
			}
			l := Listed[K, P, R]{Cursor: cursor}
			l.Key, err = t.parse(parts)
			l.Status, err = status[P, R](t.tracker, r, err)
			return yield(l, err)
		})
	}
}

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
