package jobs

import (
	"context"
	"iter"
)

// Await waits until a job has come to its final state, and returns its status. It fails with
// state.ErrNotFound if there is no such job, with [ErrGone] if there is none any more, and with
// the error of ctx if that ends before. A worker that dies ends no job: one of those that
// live starts another attempt, or calls [Tracker.Reap].
//
// It listens to what changes of the job publish, on the connection that all watches of a store
// share, and reads its state each second and a half at the latest, so that it is late by
// no more when messages are lost. It sends HMGET for that, O(1), in round trips that all
// who wait share, to the primary.
func (t *Tracker[K, P, R]) Await(ctx context.Context, key K) (Status[P, R], error) {
	r, err := t.tracker.await(ctx, t.keys.Name(key))
	return status[P, R](t.tracker, r, err)
}

// Watch returns an iterator over the status of a job: what it is at first, and what has been
// read after each change. Revision grows from one to the next, and a consumer that takes
// its time gets the newest. It ends after the final state, or with the loop, or with an
// error, which are those of [Tracker.Await]. A status that cannot be decoded comes with its
// error, and the iteration goes on. It waits as Await does.
func (t *Tracker[K, P, R]) Watch(ctx context.Context, key K) iter.Seq2[Status[P, R], error] {
	return func(yield func(Status[P, R], error) bool) {
		t.tracker.watch(ctx, t.keys.Name(key), func(r *record, err error) bool {
			return yield(status[P, R](t.tracker, r, err))
		})
	}
}
