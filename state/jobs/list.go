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
