package jobs

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/internal/listen"
	"github.com/typedstate/typedstate/state"
)

const (
	firstPoll = 250 * time.Millisecond
	lastPoll  = 1500 * time.Millisecond
)

// waiter waits for changes of one job. What it hears says when to look, and what it has seen
// comes from looking alone.
type waiter struct {
	bridge.Operation
	tracker *tracker
	name    string
	key     string // of the job's hash
	final   bool   // nothing but the final state matters

	wake chan struct{}
	stop func() // ends listening, or nil
	seen int64  // the revision that was shown last
}

func (t *tracker) await(ctx context.Context, name string) (last *record, err error) {
	w := t.waiter(ctx, "Await", name)
	w.final = true
	err = w.follow(func(r *record) bool { last = r; return true })
	return last, w.End(w.Label(w.key, err))
}

func (t *tracker) watch(ctx context.Context, name string, yield func(*record, error) bool) {
	w := t.waiter(ctx, "Watch", name)
	wanted := true
	err := w.follow(func(r *record) bool {
		wanted = yield(r, nil)
		return wanted
	})
	if err = w.End(w.Label(w.key, err)); err != nil && wanted {
		yield(nil, err)
	}
}

func (t *tracker) waiter(ctx context.Context, op, name string) *waiter {
	return &waiter{Operation: t.begin(ctx, op, 1, bridge.Get), tracker: t, name: name, wake: make(chan struct{}, 1)}
}

// Heard is called by the hub.
func (w *waiter) Heard(listen.Message) { w.poke() }

// Ready is called by the hub.
func (w *waiter) Ready() { w.poke() }

// Lost is called by the hub. Until it is ready again there are the polls.
func (w *waiter) Lost(error) {}

// Failed is called by the hub. From then on there are the polls, unless the store is closed.
func (w *waiter) Failed(error) { w.poke() }

func (w *waiter) poke() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// follow calls show with what the job is and becomes, until that is final, show wants no
// more, or there is an error.
func (w *waiter) follow(show func(*record) bool) error {
	if err := w.Err(); err != nil {
		return err
	}
	p, err := w.tracker.place(w, w.name)
	if err != nil {
		return err
	}
	w.key, _ = p.job(w.name)
	defer func() {
		if w.stop != nil {
			w.stop()
		}
	}()
	get := request{name: w.name, op: opGet}
	for pause := firstPoll; ; {
		r, err := w.read(&get, &p)
		switch {
		case err != nil:
			return err
		case r != nil && r.Revision != w.seen && (!w.final || r.State.Final()):
			w.seen, pause = r.Revision, firstPoll
			if !show(r) || r.State.Final() {
				return nil
			}
		}
		if w.stop == nil {
			w.stop = bridge.Hub(w.tracker.store).Listen(listen.Subject{Key: w.key}, w)
		}
		for changed := false; !changed; {
			if err := w.sleep(pause - rand.N(pause/5)); err != nil { //nolint:gosec // nobody gains by guessing it
				return err
			}
			pause = min(2*pause, lastPoll)
			if changed, err = w.poll(); err != nil {
				return err
			}
		}
	}
}

// sleep waits until something was heard, or for that long.
func (w *waiter) sleep(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-w.wake:
	case <-timer.C:
	case <-w.Context().Done():
		return w.Cause(w.Context().Err(), false)
	}
	if w.Closed() {
		return state.ErrClosed
	}
	return nil
}

// do sends a command, and returns with the context. A client waits on its socket, which knows of
// deadlines and not of a context that is cancelled.
func (w *waiter) do(c exec.Command) exec.Reply {
	replied := make(chan exec.Reply, 1)
	go func() { replied <- w.Client().Do(w.Context(), c) }()
	select {
	case r := <-replied:
		return r
	case <-w.Context().Done():
		return exec.Failed(w.Context().Err())
	}
}

// read returns what the job is, or nothing where that cannot be told now and could before.
func (w *waiter) read(get *request, p *place) (*record, error) {
	answer, err := replyOf(w.do(w.tracker.command(get, p)))
	switch {
	case err != nil:
		return nil, w.bear(w.Cause(err, false))
	case answer.code == missing && w.stop != nil:
		return nil, ErrGone
	}
	return answer.record, answer.refusal()
}

// poll reports whether there is something to read.
func (w *waiter) poll() (bool, error) {
	list, err := w.do(exec.Read("HMGET", w.key, "s", "v")).List()
	if err != nil {
		return false, w.bear(w.Cause(err, false))
	}
	f := reader{fields: append(list, nil, nil)}
	s, revision := State(f.number()), f.number()
	if f.broken || !s.Valid() || s.Final() {
		return true, nil
	}
	return !w.final && revision != w.seen, nil
}

// bear returns err unless waiting can go on in spite of it, once it has begun.
func (w *waiter) bear(err error) error {
	if w.stop == nil || w.Context().Err() != nil || w.Closed() {
		return err
	}
	for _, lasting := range []error{state.ErrPermission, state.ErrWrongType, state.ErrClosed, errReply, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, lasting) {
			return err
		}
	}
	return nil
}
