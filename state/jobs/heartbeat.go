package jobs

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/state"
)

// renewed notes that the lease was renewed after begun.
func (r *run) renewed(begun time.Time) {
	r.until = begun.Add(r.tracker.trusted())
	r.due = begun.Add(r.tracker.family.Lease / 3)
	r.loss.Reset(time.Until(r.until))
	r.plan()
}

// plan has the next heartbeat come when it is due, or the progress.
func (r *run) plan() {
	if !r.busy && !r.ending && r.life.Err() == nil {
		r.pulse.Reset(max(time.Until(r.next()), 0))
	}
}

// next returns when the next heartbeat is due.
func (r *run) next() time.Time {
	if at := r.sent.Add(r.tracker.options.ReportEvery); r.progress != nil && at.Before(r.due) {
		return at
	}
	return r.due
}

// beat renews the lease, and sends the progress if there is any.
func (r *run) beat() {
	r.mu.Lock()
	if r.busy || r.ending || r.life.Err() != nil {
		r.mu.Unlock()
		return
	}
	if time.Until(r.next()) > 0 { // one that came late has done it
		r.plan()
		r.mu.Unlock()
		return
	}
	r.busy = true
	r.number++
	progress, number, version := r.progress, r.number, r.version
	r.mu.Unlock()

	lease := r.tracker.family.Lease
	ctx, cancel := context.WithTimeout(r.life, r.tracker.patience())
	defer cancel()
	// The lease begins later, when the server executes it.
	begun := time.Now()
	answer, err := r.tracker.beat(ctx, r.name, r.token, progress, number)

	r.mu.Lock()
	defer r.mu.Unlock()
	r.busy = false
	switch {
	case r.life.Err() != nil, r.ending && (err != nil || answer.code != done):
	case errors.Is(err, state.ErrClosed), err == nil && answer.code != done:
		r.abandon(ErrLeaseLost)
	case err != nil:
		r.due = begun.Add(min(lease/20, time.Second))
		r.sent = r.due // the progress comes with it
		r.plan()
	default:
		if progress != nil {
			r.sent = begun
			if r.version == version {
				r.progress = nil
			}
		}
		if answer.cancel {
			r.stop(ErrCancelRequested)
		}
		r.renewed(begun)
	}
}

// beat sends a heartbeat.
func (t *tracker) beat(ctx context.Context, name, token string, progress []byte, number int64) (reply, error) {
	r := request{operation: "Heartbeat", needs: bridge.Set, name: name, op: opBeat, id: token}
	r.more = []any{strconv.FormatInt(number, 10)}
	if progress != nil {
		r.operation, r.more = "Report", append(r.more, progress)
	}
	o := t.begin(ctx, r.operation, 1, r.needs)
	answer, key, err := t.send(o, &r)
	told := err
	if err == nil {
		told = answer.refusal()
	}
	_ = o.End(o.Label(key, told))
	return answer, err
}

// lapse ends the run if its lease has run out here.
func (r *run) lapse() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !time.Now().Before(r.until) {
		r.abandon(ErrLeaseLost)
	}
}

// abandon ends the run for a cause. The mutex is held.
func (r *run) abandon(cause error) {
	r.over = cmp.Or(r.over, cause)
	r.stop(cause)
	r.end()
}

// rest stops the timers of a run whose life has ended.
func (r *run) rest() {
	r.stop(context.Cause(r.life))
	r.mu.Lock()
	defer r.mu.Unlock()
	r.loss.Stop()
	r.pulse.Stop()
}
