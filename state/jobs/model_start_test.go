package jobs_test

import "github.com/typedstate/typedstate/state/jobs"

func (j *job) create(r *request, now int64) answer {
	switch {
	case !j.there && j.dead && j.knows(r.id):
		// It was created, and deleted since.
		return answer{refusal: gone}
	case !j.there:
		*j = job{rules: j.rules, there: true, known: j.known, denied: j.denied, facts: facts{Revision: j.Revision, Epoch: j.Epoch}}
		j.State, j.Created = jobs.Pending, now
		j.most = j.attempts
		if r.attempts > 0 {
			j.most = r.attempts
		}
		j.NotBefore = now + r.delay
	case j.knows(r.id):
		return answer{created: true}
	case r.existing == jobs.RejectExisting:
		return refused(exists, j)
	case r.existing == jobs.RestartFailed && (j.State == jobs.Failed || j.State == jobs.Cancelled):
		j.reopen(now)
		j.NotBefore = now + r.delay
		j.most = j.attempts
		if r.attempts > 0 {
			j.most = r.attempts
		}
	default:
		return answer{}
	}
	j.changed(now, r.id)
	return answer{created: true}
}

// reopen begins a job anew that has ended.
func (j *job) reopen(now int64) {
	j.State, j.failed = jobs.Pending, 0
	j.NotBefore, j.Finished = now, 0
	j.Asked, j.Reason = false, ""
	j.Failure, j.HasFailed = jobs.Failure{}, false
}

func (j *job) start(r *request, now int64) answer {
	switch {
	case !j.there:
		return answer{refusal: notFound}
	case j.token == r.id:
		return answer{stop: j.Asked}
	case j.knows(r.id):
		return refused(stale, j)
	case j.State.Final():
		return refused(finished, j)
	case j.State == jobs.Pending && now < j.NotBefore:
		return answer{refusal: notYet, state: j.State, retry: j.NotBefore - now}
	case j.State == jobs.Running && !j.stalled(now):
		return answer{refusal: busy, state: j.State, retry: j.LeaseUntil - now}
	case j.State == jobs.Running:
		if j.lose(now); j.State.Final() {
			j.changed(now, r.id)
			return refused(finished, j)
		}
	}
	j.State, j.NotBefore = jobs.Running, 0
	j.Attempt++
	j.Epoch = max(j.Epoch+1, now)
	j.token, j.Worker, j.beat = r.id, r.worker, 0
	j.Started, j.LeaseUntil = now, now+j.lease
	j.changed(now, r.id)
	return answer{}
}

// hear is a heartbeat.
func (j *job) hear(r *request, now int64) answer {
	switch {
	case !j.there:
		return answer{refusal: gone, stop: true}
	case j.State != jobs.Running || j.token != r.token:
		return answer{refusal: stale, stop: true}
	case r.seq <= j.beat:
		return answer{stop: j.Asked}
	}
	j.beat, j.touched = r.seq, true
	j.LeaseUntil = max(j.LeaseUntil, now+j.lease)
	if r.reports {
		j.report(r, now)
		j.changed(now, 0)
	}
	j.lives(now)
	return answer{stop: j.Asked}
}

func (j *job) report(r *request, now int64) {
	j.Progress, j.Reported, j.ReportedBy = r.progress, now, j.Attempt
}
