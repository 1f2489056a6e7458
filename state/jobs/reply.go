package jobs

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/internal/keyspec"
	"github.com/typedstate/typedstate/state"
)

// reply is what job.lua has replied.
type reply struct {
	code   code
	wait   time.Duration
	record *record // nil if there is no job
	cancel bool    // somebody has asked for that, of a heartbeat
	now    int64   // the server's time in microseconds, unless it is one of a heartbeat
}

// record is a Status without its types.
type record struct {
	Info
	progress, result []byte
	failed           int // attempts since the job was created or restarted
}

var errReply = errors.New("the reply is none of the script's; does something else write to the keys of jobs?")

// replyOf returns what a reply says, or an error as a client has it.
func replyOf(r exec.Reply) (reply, error) {
	list, err := r.List()
	if err != nil {
		return reply{}, err
	}
	if len(list) == 0 {
		return reply{}, errReply
	}
	n, _ := list[0].(int64)
	answer := reply{code: code(n)}
	if len(list) == 2 { // of a heartbeat
		answer.cancel = list[1] == int64(1)
		return answer, nil
	}
	if len(list) > 1 {
		answer.now, _ = list[1].(int64)
	}
	if len(list) < 4 {
		return answer, nil
	}
	wait, _ := list[2].(int64)
	fields, _ := list[3].([]any)
	if answer.record, err = recordOf(fields, answer.now); err != nil {
		return reply{}, err
	}
	answer.wait = time.Duration(wait) * time.Microsecond
	return answer, nil
}

// refusal returns the error that the code of the reply is to the caller.
func (r *reply) refusal() error {
	var err error
	switch r.code {
	case done:
		return nil
	case missing:
		return state.ErrNotFound
	case noJob:
		return state.ErrWrongType
	case rejected:
		err = state.ErrExists
	case finished:
		err = ErrFinished
	case stale:
		err = ErrStale
	case busy:
		err = ErrBusy
	case notYet:
		err = ErrNotYet
	case notFinished:
		err = ErrNotFinished
	default:
		return errReply
	}
	refused := &RefusedError{RetryAfter: r.wait, err: err}
	if r.record != nil {
		refused.State = r.record.State
	}
	return refused
}

// history is how many attempts that have ended a job remembers.
const history = 8

// recordOf returns what is stored, from the fields in the order in which job.lua replies them.
func recordOf(fields []any, now int64) (*record, error) {
	if len(fields) != 20+history {
		return nil, errReply
	}
	f := reader{fields: fields}
	r := &record{}
	r.State = State(f.number())
	r.Revision = f.number()
	r.Attempt = int(f.number())
	failed, most := f.number(), f.number()
	r.failed, r.AttemptsLeft = int(failed), int(max(most-failed, 0))
	r.Epoch = f.number()
	r.Worker = f.encoded()
	r.progress = f.bytes()
	r.Reported = f.time()
	r.ReportedBy = int(f.number())
	r.result = f.bytes()
	failure := f.bytes()
	r.CancelRequested = f.text() == "1"
	r.CancelReason = f.text()
	r.Created = f.time()
	r.NotBefore = f.time()
	r.Started = f.time()
	r.Updated = f.time()
	r.LeaseUntil = f.time()
	r.Finished = f.time()
	r.ServerTime = timeOf(now)
	for range history {
		r.remember(f.text())
	}
	slices.SortFunc(r.History, func(a, b Attempt) int { return a.Number - b.Number })
	if r.State == Failed {
		r.failure = parseFailure(failure)
	}
	if r.State.Final() {
		r.AttemptsLeft = 0
	}
	if f.broken || !r.State.Valid() {
		return nil, errReply
	}
	return r, nil
}

// remember adds an attempt that has ended, of which job.lua has put together what there is.
func (r *record) remember(text string) {
	parts := strings.SplitN(text, ";", 7)
	if len(parts) < 7 {
		return
	}
	f := reader{fields: []any{parts[0], parts[1], parts[2], parts[3], parts[5]}}
	a := Attempt{Number: int(f.number()), Epoch: f.number(), Started: f.time(), Ended: f.time(), Worker: f.encoded(), Outcome: Outcome(parts[4])}
	if parts[6] != "" {
		a.Failure = parseFailure([]byte(parts[6]))
	}
	r.History = append(r.History, a)
}

// parseFailure returns the failure that data encodes. What is no failure of this package's making
// is one without a text.
func parseFailure(data []byte) *Failure {
	f := new(Failure)
	if json.Unmarshal(data, f) != nil {
		return new(Failure)
	}
	return f
}

// reader reads the fields of a hash, one after the other.
type reader struct {
	fields []any
	broken bool
}

func (f *reader) bytes() []byte {
	v := f.fields[0]
	f.fields = f.fields[1:]
	if v == nil {
		return nil
	}
	data, err := exec.Bytes(v)
	if err != nil {
		f.broken = true
	}
	return data
}

func (f *reader) text() string { return string(f.bytes()) }

// encoded reads a text that was encoded as a part of a key is, so that nothing in it separates.
func (f *reader) encoded() string {
	text, _ := keyspec.DecodePart(f.text())
	return text
}

func (f *reader) number() int64 {
	text := f.text()
	if text == "" {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		f.broken = true
	}
	return n
}

func (f *reader) time() time.Time { return timeOf(f.number()) }

// timeOf returns the time that is so many microseconds after the epoch of Unix, and none for 0.
func timeOf(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// status returns what a record says, with the types of its progress and its result.
func status[P, R any](t *tracker, r *record, err error) (s Status[P, R], _ error) {
	if r == nil {
		return s, err
	}
	s.Info = r.Info
	if failed := t.decode(r, &s.Progress, &s.result); err == nil {
		err = failed
	}
	return s, err
}

// decode stores the progress and the result of a record in what those point to.
func (t *tracker) decode(r *record, progress, result any) error {
	var failed error
	into := func(c bridge.Codec, data []byte, to any) {
		if err := bridge.Decode(t.store, c, data, to); err != nil && failed == nil {
			failed = &state.Error{Op: "Decode", Family: t.family.template.String(), Err: err}
		}
	}
	if !r.Reported.IsZero() && !r.hidden {
		into(t.family.Progress, r.progress, progress)
	}
	if r.State == Succeeded && !r.hidden {
		into(t.family.Result, r.result, result)
	}
	return failed
}
