package jobs

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/internal/jobspec"
	"github.com/typedstate/typedstate/state"
)

// tracker is a Tracker without its types.
type tracker struct {
	store   *state.Store
	family  *family
	options Options
	times   [5]any        // what job.lua is told of how long things last
	strays  chan struct{} // has one for each attempt that is given back in the background
}

const (
	defaultReportEvery = 200 * time.Millisecond
	maxWorkerBytes     = 256
	// strayReleases is how many attempts are given back in the background at the same time.
	// When a server is gone there could be any number, and their leases end anyway.
	strayReleases = 64
)

func newTracker(store *state.Store, f *family, o Options) (*tracker, error) {
	var err error
	switch {
	case store.Client() == nil:
		err = state.ErrNoStore
	case f == nil:
		err = errors.New("there is no family; make one with Define")
	case len(o.Worker) > maxWorkerBytes:
		err = fmt.Errorf("Options.Worker has %d bytes; give at most %d", len(o.Worker), maxWorkerBytes)
	case o.ReportEvery < 0:
		err = fmt.Errorf("Options.ReportEvery is %v; give a positive time, or 0 for %v", o.ReportEvery, defaultReportEvery)
	}
	if err != nil {
		return nil, fmt.Errorf("jobs: New: %w", err)
	}
	o.ReportEvery = cmp.Or(o.ReportEvery, defaultReportEvery)
	t := &tracker{store: store, family: f, options: o, strays: make(chan struct{}, strayReleases)}
	t.times = [...]any{
		microseconds(f.Lease),
		milliseconds(f.Idle), milliseconds(f.Keep), milliseconds(f.KeepFailed), milliseconds(f.KeepCancelled),
	}
	return t, nil
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }
func microseconds(d time.Duration) string { return strconv.FormatInt(d.Microseconds(), 10) }

// newID returns a token or an id of a request that no other has. As it stands in patterns of
// Lua, it has letters and digits alone.
func newID() string {
	var id [8]byte
	_, _ = rand.Read(id[:]) // it never fails
	return hex.EncodeToString(id[:])
}

// begin begins an operation on jobs. That of a zero Tracker must not run.
func (t *tracker) begin(ctx context.Context, name string, keys int, needs bridge.Permission) bridge.Operation {
	if t == nil {
		return bridge.Begin(ctx, nil, bridge.Call{Name: name})
	}
	return bridge.Begin(ctx, t.store, bridge.Call{Name: name, Family: t.family.bridge, Keys: keys, Needs: needs})
}

// refuse returns the error of a call that has something else wrong than its operation.
func (t *tracker) refuse(ctx context.Context, name string, err error) error {
	o := t.begin(ctx, name, 1, 0)
	return o.End(o.Label("", cmp.Or(o.Err(), err)))
}

// place returns where the jobs are, as one of their names and its key without more tell.
func (t *tracker) place(o bridge.Operation, name string) (place, error) {
	key, err := o.Key(name)
	if err != nil {
		return place{}, err
	}
	return newPlace(key[:len(key)-len(name)], t.family.shape), nil
}

func (t *tracker) keyName(name string) (string, error) {
	o := t.begin(context.Background(), "KeyName", 1, 0)
	err := o.Err()
	if err != nil {
		return "", o.End(o.Label("", err))
	}
	p, err := t.place(o, name)
	key := ""
	if err == nil {
		key, _ = p.job(name)
	}
	return key, o.End(o.Label(key, err))
}

// request is what job.lua is to do.
type request struct {
	operation string
	needs     bridge.Permission
	name      string // of the job's key
	op, id    string
	more      []any
}

// command returns what is sent for a request about a job at that place.
func (t *tracker) command(r *request, p *place) exec.Command {
	job, index := p.job(r.name)
	args := make([]any, 0, 3+len(t.times)+len(r.more))
	args = append(append(append(args, r.op, r.name, r.id), t.times[:]...), r.more...)
	if r.op == opGet {
		return jobScript.ReadPrimary([]string{job, index}, args...)
	}
	return jobScript.Idempotent([]string{job, index}, args...)
}

// send makes a request, and returns what the job is after it. The error has no label yet.
func (t *tracker) send(o bridge.Operation, r *request) (reply, string, error) {
	if err := o.Err(); err != nil {
		return reply{}, "", err
	}
	p, err := t.place(o, r.name)
	if err != nil {
		return reply{}, "", err
	}
	key, _ := p.job(r.name)
	answer, err := replyOf(o.Client().Do(o.Context(), t.command(r, &p)))
	if err != nil {
		return reply{}, key, o.Cause(err, r.op != opGet)
	}
	if answer.record != nil {
		answer.record.hidden = !o.Allows(bridge.Get)
	}
	return answer, key, nil
}

// call makes a request about a job.
func (t *tracker) call(ctx context.Context, r request) (*record, error) {
	o := t.begin(ctx, r.operation, 1, r.needs)
	answer, key, err := t.send(o, &r)
	if err == nil {
		err = answer.refusal()
	}
	if err != nil && answer.code == missing && r.op == opEnd {
		err = ErrGone
	}
	return answer.record, o.End(o.Label(key, err))
}

func (t *tracker) get(ctx context.Context, name string) (*record, error) {
	return t.call(ctx, request{operation: "Get", needs: bridge.Get, name: name, op: opGet})
}

func (t *tracker) getMany(ctx context.Context, names []string, yield func(int, *record) error) error {
	o := t.begin(ctx, "GetMany", len(names), bridge.Get)
	if err := o.Err(); err != nil {
		return o.End(o.Label("", err))
	}
	var b exec.Batch
	b.Grow(len(names))
	replies, failed := make([]*exec.Reply, len(names)), error(nil)
	fail := func(err error) {
		if failed == nil {
			failed = o.Label("", err)
		}
	}
	for i, name := range names {
		p, err := t.place(o, name)
		if err != nil {
			fail(err)
			continue
		}
		replies[i] = b.Add(t.command(&request{name: name, op: opGet}, &p))
	}
	o.Client().Send(o.Context(), &b)
	for i, sent := range replies {
		if sent == nil {
			continue
		}
		answer, err := replyOf(*sent)
		switch {
		case err != nil:
			fail(o.Cause(err, false))
		case answer.code == missing:
		case answer.code != done:
			fail(answer.refusal())
		default:
			fail(yield(i, answer.record))
		}
	}
	return o.End(failed)
}

func (t *tracker) create(ctx context.Context, name string, opts []CreateOption) (*record, bool, error) {
	c := creation{}
	for _, o := range opts {
		if o != nil {
			o.apply(&c)
		}
	}
	o := t.begin(ctx, "Create", 1, bridge.Set)
	err := o.Err()
	if err == nil {
		err = c.check()
	}
	if err != nil {
		return nil, false, o.End(o.Label("", err))
	}
	if !c.counted {
		c.attempts = t.family.Attempts
	}
	answer, key, err := t.send(o, &request{
		name: name, op: opCreate, id: newID(),
		more: []any{c.existing.word(), microseconds(c.delay), strconv.Itoa(c.attempts)},
	})
	if err == nil && answer.code != existing {
		err = answer.refusal()
	}
	return answer.record, err == nil && answer.code == done, o.End(o.Label(key, err))
}

func (c *creation) check() error {
	switch {
	case c.existing > RejectExisting:
		return fmt.Errorf("IfExists is %d; give ReturnExisting, RestartFailed or RejectExisting", c.existing)
	case c.delay < 0 || c.delay > jobspec.Longest:
		return fmt.Errorf("StartIn is %v; give 0 to %v", c.delay, jobspec.Longest)
	case c.counted && (c.attempts < 1 || c.attempts > jobspec.MaxAttempts):
		return fmt.Errorf("Attempts is %d; give 1 to %d", c.attempts, jobspec.MaxAttempts)
	}
	return nil
}

// word returns what job.lua calls it.
func (e Existing) word() string { return [...]string{"keep", "restart", "reject"}[e] }

const maxReasonBytes = 1 << 10

func (t *tracker) cancel(ctx context.Context, name, reason string) (*record, error) {
	return t.call(ctx, request{
		operation: "Cancel", needs: bridge.Set, name: name,
		op: opCancel, id: newID(), more: []any{cut(reason, maxReasonBytes)},
	})
}

func (t *tracker) restart(ctx context.Context, name string) (*record, error) {
	return t.call(ctx, request{operation: "Restart", needs: bridge.Set, name: name, op: opRestart, id: newID()})
}

func (t *tracker) remove(ctx context.Context, name string) error {
	_, err := t.call(ctx, request{operation: "Delete", needs: bridge.Remove, name: name, op: opDelete, id: newID()})
	return err
}
