package jobs_test

import (
	"slices"

	"github.com/typedstate/typedstate/state/jobs"
)

// end is what a worker says of its attempt last.
func (j *job) end(r *request, now int64) answer {
	switch {
	case !j.there:
		return answer{refusal: gone, stop: true}
	case j.State == jobs.Running && j.token == r.token:
	case j.hasEnded(r):
		return answer{}
	default:
		return refused(stale, j)
	}
	if r.reports && r.seq > j.beat {
		j.report(r, now)
	}
	switch r.outcome {
	case jobs.OutcomeSucceeded:
		j.Result = r.result
		j.bury(jobs.OutcomeSucceeded, nil, now)
		j.close(jobs.Succeeded, now)
	case jobs.OutcomeCancelled:
		j.bury(jobs.OutcomeCancelled, nil, now)
		j.close(jobs.Cancelled, now)
	case jobs.OutcomeReleased:
		j.bury(jobs.OutcomeReleased, nil, now)
		j.next(now)
	default:
		j.bury(jobs.OutcomeFailed, &r.failure, now)
		j.fails(r.permanent, &r.failure, now)
		if j.State == jobs.Pending {
			j.delay = j.retryIn(r)
		}
	}
	j.changed(now, 0)
	return answer{}
}

// hasEnded says that the attempt has ended before as r says, as far as that is remembered.
func (j *job) hasEnded(r *request) bool {
	return slices.ContainsFunc(j.History, func(p past) bool {
		return p.Number == r.number && p.Epoch == r.epoch && p.Outcome == r.outcome
	})
}

// retryIn bounds how long after an attempt that has failed the next may start.
func (j *job) retryIn(r *request) [2]int64 {
	if r.delayed {
		return [2]int64{r.delay, r.delay}
	}
	d := j.retryDelay
	for range j.failed - 1 {
		d = min(2*d, j.maxRetryDelay)
	}
	return [2]int64{d - d/5, d}
}

// lose ends an attempt whose lease has ended.
func (j *job) lose(now int64) {
	why := &jobs.Failure{Code: jobs.CodeLost}
	j.bury(jobs.OutcomeLost, why, now)
	j.fails(false, why, now)
}

// bury puts the attempt under way into the history.
func (j *job) bury(o jobs.Outcome, why *jobs.Failure, now int64) {
	p := past{Number: j.Attempt, Epoch: j.Epoch, Worker: j.Worker, Started: j.Started, Ended: now, Outcome: o}
	if why != nil {
		p.Failure, p.HasFailed = *why, true
	}
	j.History = append(slices.Clip(j.History), p)
	j.History = j.History[max(0, len(j.History)-history):]
	j.token, j.LeaseUntil = 0, 0
}

// fails counts an attempt that has failed.
func (j *job) fails(permanent bool, why *jobs.Failure, now int64) {
	j.failed++
	switch {
	case permanent, !j.Asked && j.failed >= j.most:
		j.Failure, j.HasFailed = *why, true
		j.close(jobs.Failed, now)
	default:
		j.next(now)
	}
}

// next has another attempt be possible at once, unless somebody wants none.
func (j *job) next(now int64) {
	if j.Asked {
		j.close(jobs.Cancelled, now)
		return
	}
	j.State, j.NotBefore = jobs.Pending, now
}

func (j *job) close(s jobs.State, now int64) {
	j.State, j.Finished, j.NotBefore = s, now, 0
}

// reap ends an attempt whose lease has ended.
func (j *job) reap(r *request, now int64) {
	if j.there && j.stalled(now) && !j.knows(r.id) {
		j.lose(now)
		j.changed(now, r.id)
	}
}
