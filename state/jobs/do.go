package jobs

import "context"

// Do starts an attempt at a job, calls f with a context that is [Run.Context], and notes what
// came of it: the result; a failure, if f has returned an error or panicked; that the job is
// cancelled, if f has returned an error after somebody had asked for that; or that it is given
// back ([Run.Release]), if f has returned an error after ctx had ended. A panic goes on after
// that.
//
// It returns the status of the job after that, and nil only if that is [Succeeded]. The error is
// that of [Tracker.Start] if f was not called; that of f, as it is; [ErrCancelled];
// [ErrLeaseLost] or [ErrStale] if another attempt may own the job; or what kept it from being
// noted, joined with that of f. A queue acknowledges the message if the state is final, or
// the error matches [ErrFinished], and otherwise delivers it again, not before
// [Info.NotBefore].
//
// What is noted is noted within 10 seconds, or the lease, if that is shorter, even if ctx has
// ended.
func (t *Tracker[K, P, R]) Do(ctx context.Context, key K, f func(ctx context.Context, run *Run[P, R]) (R, error)) (Status[P, R], error) {
	var result R
	r, err := t.tracker.do(ctx, t.keys.Name(key), &result, func(ctx context.Context, r *run) (err error) {
		result, err = f(ctx, &Run[P, R]{r})
		return err
	})
	return status[P, R](t.tracker, r, err)
}
