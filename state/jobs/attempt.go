package jobs

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/typedstate/typedstate/internal/bridge"
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
	busy   bool    // a heartbeat is under way
	ending bool    // a finish is, so that heartbeats are of no use
	last   *record // as of its end, or nil
	over   error   // why nothing more can be written, or nil

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
	if time.Since(begun) > t.family.Lease/3 {
		// The reply took long, and the lease can be much younger than this process can know.
		again := time.Now()
		limited, cancel := context.WithTimeout(ctx, t.patience())
		defer cancel()
		r.number = 1
		if answer, err := t.beat(limited, name, token, nil, r.number); err == nil && answer.code == done {
			begun = again
		}
	}
	r.ctx, r.stop = context.WithCancelCause(ctx)
	r.life, r.end = context.WithCancel(life)
	r.mu.Lock()
	defer r.mu.Unlock()
	context.AfterFunc(r.life, r.rest)
	r.loss = time.AfterFunc(time.Hour, r.lapse)
	r.pulse = time.AfterFunc(time.Hour, r.beat)
	r.renewed(begun)
	return r, record, nil
}

// trusted is for how long an attempt trusts in its lease: less than it lasts, so that time is
// left to stop, and that clocks need not run at quite the same speed.
func (t *tracker) trusted() time.Duration { return t.family.Lease - t.family.Lease/10 }

const finishLimit = 10 * time.Second

// patience is after how long a heartbeat without an answer is given up: a quarter of the lease, so
// that there is time for two more.
func (t *tracker) patience() time.Duration { return min(t.family.Lease/4, finishLimit) }

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
	if r == nil || r.first.Reported.IsZero() || r.first.hidden {
		return false, nil
	}
	first := *r.first
	first.State = Running // there is no result
	err := r.tracker.decode(&first, p, nil)
	return err == nil, err
}

func (r *run) report(p any) error {
	if r == nil {
		return state.ErrNoStore
	}
	data, err := r.encode("Report", r.tracker.family.Progress, p)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over != nil { // whoever winds down may still say how far it has come, which the finish brings
		return r.over
	}
	r.version++
	r.progress = append([]byte{}, data...) // nil is none, and an encoding may be empty
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
