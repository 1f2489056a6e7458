package jobs_test

import (
	"fmt"
	"slices"

	"github.com/typedstate/typedstate/state/jobs"
)

// request is one request about a job, as the model understands it and as it was sent.
type request struct {
	op  string
	key int
	// id is that of a request, and the token of a start; token is that of an attempt.
	id, token int

	existing jobs.Existing
	attempts int
	delay    int64
	worker   string

	// number and epoch are those of an attempt that ends.
	number int
	epoch  int64

	seq       int
	reports   bool
	progress  int
	outcome   jobs.Outcome
	result    string
	failure   jobs.Failure
	permanent bool
	delayed   bool
	reason    string

	wire []any // nil if nothing was sent
}

// String returns what a failure shows of r.
func (r *request) String() string {
	return fmt.Sprintf("%s of %d, id %d, token %d, existing %d, attempts %d, delay %d, seq %d, progress %d, %s %t", r.op, r.key, r.id, r.token,
		r.existing, r.attempts, r.delay, r.seq, r.progress, r.outcome, r.permanent)
}

// The ops of job.lua.
const (
	opCreate  = "create"
	opStart   = "start"
	opBeat    = "beat"
	opEnd     = "end"
	opCancel  = "cancel"
	opRestart = "restart"
	opDelete  = "delete"
	opReap    = "reap"
	opGet     = "get"
)

// apply has the request arrive at that time.
func (j *job) apply(r *request, now int64) answer {
	j.pass(now)
	j.touched, j.noted, j.revisions, j.delay = false, false, 0, [2]int64{}
	if slices.Contains(j.denied, r.id) {
		return answer{}
	}
	id := r.id
	if r.op == opEnd {
		// The start of that attempt may come yet, and nobody wants it any more.
		id = r.token
	}
	knew := j.knows(id) || slices.Contains(j.denied, id)
	a := j.execute(r, now)
	if (j.there || j.dead) && !j.touched && !knew && r.op != opBeat && r.op != opReap {
		j.denied = append(j.denied, id)
		j.denied = j.denied[max(0, len(j.denied)-deniedToo):]
		j.noted = true
	}
	return a
}

func (j *job) execute(r *request, now int64) answer {
	switch r.op {
	case opCreate:
		return j.create(r, now)
	case opStart:
		return j.start(r, now)
	case opBeat:
		return j.hear(r, now)
	case opEnd:
		return j.end(r, now)
	case opCancel:
		return j.cancel(r, now)
	case opRestart:
		return j.restart(r, now)
	case opDelete:
		return j.remove(r, now)
	case opReap:
		j.reap(r, now)
	}
	return answer{}
}
