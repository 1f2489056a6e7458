package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/internal/jobspec"
	"github.com/typedstate/typedstate/internal/keyspec"
	"github.com/typedstate/typedstate/state"
)

// run is a Run without its types.
type run struct {
	tracker     *tracker
	name, token string
	first       *record // as of its start

	// ctx ends when the worker must stop, and life when nothing renews the lease any more.
	ctx  context.Context
	stop context.CancelCauseFunc
	life context.Context
	end  context.CancelFunc

	finishing chan struct{} // has one while the run is being finished

	mu     sync.Mutex
	until  time.Time   // when the lease is lost unless it is renewed
	due    time.Time   // when the next heartbeat is due, apart from progress
	pulse  *time.Timer // of the next heartbeat
	loss   *time.Timer
	busy   bool // a heartbeat is under way
	ending bool // a finish is, so that heartbeats are of no use

	progress []byte // to be sent, or nil
	version  int    // of the progress that was reported last
	number   int64  // of the latest heartbeat
	sent     time.Time
}

// start begins an attempt. The contexts of the run end with ctx.
func (t *tracker) start(ctx context.Context, name string) (*run, error) {
	r, _, err := t.attempt(ctx, ctx, name)
	return r, err
}

// attempt begins an attempt, whose lease is renewed while life lasts, and returns what the job
// is then.
func (t *tracker) attempt(ctx, life context.Context, name string) (*run, *record, error) {
	token, worker, begun := newID(), "", time.Now()
	if t != nil && t.options.Worker != "" {
		worker = string(keyspec.AppendString(nil, t.options.Worker))
	}
	record, err := t.call(ctx, request{operation: "Start", needs: bridge.Set, name: name, op: opStart, id: token, more: []any{worker}})
	if err != nil {
		if errors.Is(err, state.ErrUnknownOutcome) {
			t.giveBack(ctx, name, token)
		}
		return nil, record, err
	}
	r := &run{tracker: t, name: name, token: token, first: record, finishing: make(chan struct{}, 1)}
	r.ctx, r.stop = context.WithCancelCause(ctx)
	r.life, r.end = context.WithCancel(life)
	context.AfterFunc(r.life, r.rest)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.loss = time.AfterFunc(time.Hour, r.lapse)
	r.pulse = time.AfterFunc(time.Hour, r.beat)
	r.renewed(begun)
	return r, record, nil
}

// trusted is for how long an attempt trusts in its lease: less than it lasts, so that time is
// left to stop, and that clocks need not run at quite the same speed.
func (t *tracker) trusted() time.Duration { return t.family.Lease - t.family.Lease/10 }

const finishLimit = 10 * time.Second

// detached returns a context to finish an attempt with, for a caller whose own may be over.
func (t *tracker) detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), min(t.family.Lease, finishLimit))
}

// giveBack gives back, in the background, an attempt that may have begun for a caller who does
// not know.
func (t *tracker) giveBack(ctx context.Context, name, token string) {
	select {
	case t.strays <- struct{}{}:
		go func() {
			defer func() { <-t.strays }()
			ctx, cancel := t.detached(ctx)
			defer cancel()
			_, _ = t.call(ctx, request{ // the lease ends by itself
				operation: "Release", needs: bridge.Set, name: name,
				op: opEnd, id: token, more: []any{endReleased, "", "0", "0", "0"},
			})
		}()
	default:
	}
}

// renewed notes that the lease was renewed after begun.
func (r *run) renewed(begun time.Time) {
	r.until = begun.Add(r.tracker.trusted())
	r.due = begun.Add(r.tracker.family.Lease / 3)
	r.loss.Reset(time.Until(r.until))
	r.plan()
}

// plan has the next heartbeat come when it is due, or the progress.
func (r *run) plan() {
	next := r.due
	if at := r.sent.Add(r.tracker.options.ReportEvery); r.progress != nil && at.Before(next) {
		next = at
	}
	if !r.busy && !r.ending && r.life.Err() == nil {
		r.pulse.Reset(max(time.Until(next), 0))
	}
}

// beat renews the lease, and sends the progress if there is any. One that gets no answer is
// given up after a quarter of the lease, so that there is time for two more.
func (r *run) beat() {
	r.mu.Lock()
	if r.busy || r.ending || r.life.Err() != nil {
		r.mu.Unlock()
		return
	}
	r.busy = true
	r.number++
	progress, number, version := r.progress, r.number, r.version
	r.mu.Unlock()

	lease := r.tracker.family.Lease
	ctx, cancel := context.WithTimeout(r.life, min(lease/4, finishLimit))
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

// abandon ends the run for a cause.
func (r *run) abandon(cause error) {
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

func (r *run) context() context.Context {
	if r == nil {
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(state.ErrNoStore)
		return ctx
	}
	return r.ctx
}

func (r *run) attempt() int {
	if r == nil {
		return 0
	}
	return r.first.Attempt
}

func (r *run) epoch() int64 {
	if r == nil {
		return 0
	}
	return r.first.Epoch
}

func (r *run) resume(p any) (bool, error) {
	if r == nil || len(r.first.progress) == 0 {
		return false, nil
	}
	err := r.tracker.decode(&record{progress: r.first.progress}, p, nil)
	return err == nil, err
}

func (r *run) report(p any) error {
	if r == nil {
		return state.ErrNoStore
	}
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	data, err := r.encode("Report", r.tracker.family.Progress, p)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.version++
	r.progress = data
	r.plan()
	return nil
}

// encode returns the bytes to store for a value.
func (r *run) encode(op string, c bridge.Codec, v any) ([]byte, error) {
	data, err := bridge.Encode(r.tracker.store, c, v)
	if err != nil {
		o := r.tracker.begin(r.ctx, op, 1, bridge.Set)
		return nil, o.End(o.Label("", err))
	}
	return data, nil
}

func (r *run) succeed(ctx context.Context, result any) error {
	if r == nil {
		return state.ErrNoStore
	}
	data, err := r.encode("Succeed", r.tracker.family.Result, result)
	if err == nil {
		_, err = r.finish(ctx, "Succeed", endSucceeded, data, 0)
	}
	return err
}

func (r *run) fail(ctx context.Context, why error) error {
	if r == nil {
		return state.ErrNoStore
	}
	_, err := r.failed(ctx, why)
	return err
}

func (r *run) failed(ctx context.Context, why error) (*record, error) {
	f := new(Failure)
	if why != nil {
		f = failureOf(why)
	}
	data, err := json.Marshal(f)
	if err != nil {
		return nil, err
	}
	verdict, _ := errors.AsType[*verdictError](why)
	if verdict != nil && verdict.permanent {
		return r.finish(ctx, "Fail", endFailed, data, 0)
	}
	delay := r.tracker.family.delay(r.first.failed)
	if verdict != nil && verdict.delayed {
		delay = min(max(verdict.delay, 0), jobspec.Longest)
	}
	return r.finish(ctx, "Fail", endRetry, data, delay)
}

// delay returns when the next attempt may start after so many have failed before this one.
func (f *family) delay(failed int) time.Duration {
	d := f.RetryDelay
	for range failed {
		if d >= f.MaxRetryDelay/2 {
			d = f.MaxRetryDelay
			break
		}
		d *= 2
	}
	return d - rand.N(d/5+1) //nolint:gosec // nobody gains by guessing it
}

func (r *run) cancelled(ctx context.Context) error {
	if r == nil {
		return state.ErrNoStore
	}
	_, err := r.finish(ctx, "Cancelled", endCancelled, nil, 0)
	return err
}

func (r *run) release(ctx context.Context) error {
	if r == nil {
		return state.ErrNoStore
	}
	_, err := r.finish(ctx, "Release", endReleased, nil, 0)
	return err
}

// finish ends the attempt, with the progress that was not sent.
func (r *run) finish(ctx context.Context, op, outcome string, data []byte, delay time.Duration) (*record, error) {
	select {
	case r.finishing <- struct{}{}:
		defer func() { <-r.finishing }()
	case <-ctx.Done():
		o := r.tracker.begin(ctx, op, 1, bridge.Set) // it fails in the same words as every operation
		return nil, o.End(o.Label("", o.Err()))
	}
	more := []any{outcome, data, microseconds(delay), strconv.Itoa(r.first.Attempt), strconv.FormatInt(r.first.Epoch, 10)}
	r.mu.Lock()
	r.ending = true
	if r.progress != nil {
		r.number++
		more = append(more, strconv.FormatInt(r.number, 10), r.progress)
	}
	r.mu.Unlock()

	record, err := r.tracker.call(ctx, request{operation: op, needs: bridge.Set, name: r.name, op: opEnd, id: r.token, more: more})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ending = false
	switch {
	case err == nil:
		r.abandon(ErrFinished)
	case errors.Is(err, ErrStale), errors.Is(err, ErrGone):
		r.abandon(ErrLeaseLost)
	default:
		r.due = time.Now()
		r.plan()
	}
	return record, err
}

// cut returns the first n bytes of a text, and less where those would end within a character.
func cut(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}
