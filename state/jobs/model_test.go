package jobs_test

import (
	"slices"

	"github.com/typedstate/typedstate/state/jobs"
)

// job is what the record of one job must hold, written from what the package promises and
// not from how it keeps it. Times are those of the server in microseconds, and 0 is none.
type job struct {
	facts
	rules

	// there says that there is a job; without it, dead says that one was deleted and Redis
	// knows that still.
	there, dead bool
	// expires is when nothing is left, in milliseconds.
	expires int64
	// failed are the attempts that count, of at most most.
	failed, most int
	// token is that of the attempt under way, and 0 if there is none.
	token int
	// beat is the number of the last heartbeat of the attempt under way that was heard.
	beat int
	// known are the ids and tokens of the latest requests that have changed the job, oldest first.
	known []int
	// denied are the ids of the latest that were refused or had nothing to do.
	denied []int
	// delay bounds how long after now the next attempt may start, after one that has failed.
	delay [2]int64
	// touched says that the last request has changed what is stored, and noted that it has
	// changed no more than who was refused.
	touched, noted bool
	// revisions is how many changes of the record the last request has made.
	revisions int
}

// facts is what a caller sees of a job.
type facts struct {
	State            jobs.State
	Revision         int64
	Attempt, Left    int
	Epoch            int64
	Worker           string
	Progress         int
	Reported         int64
	ReportedBy       int
	Asked            bool
	Reason           string
	Created          int64
	NotBefore        int64
	Started, Updated int64
	LeaseUntil       int64
	Finished         int64
	History          []past
	Failure          jobs.Failure
	HasFailed        bool
	Result           string
}

// past is an attempt that has ended.
type past struct {
	Number         int
	Epoch          int64
	Worker         string
	Started, Ended int64
	Outcome        jobs.Outcome
	Failure        jobs.Failure
	HasFailed      bool
}

// rules are the options of the family, in microseconds.
type rules struct {
	lease, keep, keepFailed, keepCancelled, idle int64
	attempts                                     int
	retryDelay, maxRetryDelay                    int64
}

const (
	// remembered is how many requests a record knows at least.
	remembered = 64
	// deniedToo is how many that had no effect.
	deniedToo = 16
	// history is how many attempts that have ended it shows.
	history = 8
	// mourned is how long a job is known that was deleted, in milliseconds.
	mourned = 10 * 60 * 1000
)

// answer is what the caller is told.
type answer struct {
	refusal
	state   jobs.State // what refuses, or what Reap says
	retry   int64
	created bool
	// stop says that the worker learns that it must stop.
	stop bool
}

// refusal names what a request is refused for.
type refusal string

const (
	done        refusal = ""
	notFound    refusal = "not found"
	exists      refusal = "exists"
	busy        refusal = "busy"
	notYet      refusal = "not yet"
	finished    refusal = "finished"
	notFinished refusal = "not finished"
	stale       refusal = "stale"
	gone        refusal = "gone"
)

func refused(why refusal, j *job) answer { return answer{refusal: why, state: j.State} }

// pass has the job be gone once its time is over.
func (j *job) pass(now int64) {
	if (j.there || j.dead) && now/1000 >= j.expires {
		*j = job{rules: j.rules}
	}
}

func (j *job) knows(id int) bool { return slices.Contains(j.known, id) }

// changed notes one change of the record by a request with that id, or 0.
func (j *job) changed(now int64, id int) {
	j.revisions++
	j.touched = true
	j.Revision++
	if j.Left = j.most - j.failed; j.State.Final() {
		j.Left = 0
	}
	j.Updated = now
	if id != 0 && !j.knows(id) {
		j.known = append(j.known, id)
		j.known = j.known[max(0, len(j.known)-remembered):]
	}
	j.lives(now)
}

// lives sets when the record ends.
func (j *job) lives(now int64) {
	j.expires = map[jobs.State]int64{
		jobs.Pending:   rounded(max(now, j.NotBefore) + j.idle),
		jobs.Running:   rounded(j.LeaseUntil + j.idle),
		jobs.Succeeded: (j.Finished + j.keep) / 1000,
		jobs.Failed:    (j.Finished + j.keepFailed) / 1000,
		jobs.Cancelled: (j.Finished + j.keepCancelled) / 1000,
	}[j.State]
}

// rounded returns the milliseconds up to a time, the last one included.
func rounded(us int64) int64 { return (us + 999) / 1000 }

// stalled says that the attempt under way may be replaced.
func (j *job) stalled(now int64) bool { return j.State == jobs.Running && now >= j.LeaseUntil }

// listedAsStalled says that this is what is found in the index, whose times are milliseconds.
func (j *job) listedAsStalled(now int64) bool {
	return j.there && j.State == jobs.Running && now/1000 >= rounded(j.LeaseUntil)
}

func (j *job) cancel(r *request, now int64) answer {
	switch {
	case !j.there:
		return answer{refusal: notFound}
	case j.State == jobs.Cancelled, j.knows(r.id):
		return answer{}
	case j.State.Final():
		return refused(finished, j)
	case j.State == jobs.Pending:
		j.Asked, j.Reason = true, r.reason
		j.close(jobs.Cancelled, now)
	case j.stalled(now):
		if !j.Asked {
			j.Asked, j.Reason = true, r.reason
		}
		j.lose(now)
	case j.Asked:
		return answer{}
	default:
		j.Asked, j.Reason = true, r.reason
	}
	j.changed(now, r.id)
	return answer{}
}

func (j *job) restart(r *request, now int64) answer {
	switch {
	case !j.there:
		return answer{refusal: notFound}
	case j.knows(r.id):
		return answer{}
	case j.State == jobs.Succeeded:
		return refused(finished, j)
	case !j.State.Final():
		return refused(notFinished, j)
	}
	j.reopen(now)
	j.changed(now, r.id)
	return answer{}
}

func (j *job) remove(r *request, now int64) answer {
	switch {
	case j.knows(r.id):
		return answer{}
	case !j.there:
		return answer{refusal: notFound}
	case j.State == jobs.Running && !j.stalled(now):
		return answer{refusal: busy, state: j.State, retry: j.LeaseUntil - now}
	}
	j.changed(now, r.id)
	*j = job{rules: j.rules, dead: true, known: j.known, denied: j.denied, expires: now/1000 + mourned, touched: true,
		facts: facts{Revision: j.Revision, Epoch: j.Epoch}}
	return answer{}
}
