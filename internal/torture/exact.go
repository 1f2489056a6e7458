package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

// faultRates say which share of the requests the network fails.
type faultRates struct {
	writes, reads float64 // in scenarios that repeat
	linear        float64 // in those whose history is checked
	cancels       float64 // contexts that end early there
	limits        float64 // scripts of limiters
	jobs          float64 // scripts of trackers, and reads of those who wait
}

var usualFaults = faultRates{writes: 0.3, reads: 0.05, linear: 0.01, cancels: 0.01, limits: 0.02, jobs: 0.03}

// dice has a proxy fail requests at random.
type dice struct {
	mu sync.Mutex
	r  *rand.Rand
	n  atomic.Int64
}

// roll returns a fault with a probability.
func (d *dice) roll(share float64, faults ...redistest.Fault) redistest.Fault {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.r.Float64() >= share {
		return redistest.Pass
	}
	d.n.Add(1)
	return faults[d.r.IntN(len(faults))]
}

const (
	exactKeys = 6
	// attempts bounds how often a caller repeats a call.
	attempts = 300
)

// exact is a run of callers that repeat each call, with its id, until it
// succeeds.
type exact struct {
	*bench
	store    *state.Store
	want     [exactKeys]atomic.Int64 // increments of each counter
	moved    [exactKeys]atomic.Int64 // what transfers add to each account
	wrong    atomic.Int64
	gaveUp   atomic.Int64
	attempts atomic.Int64
	odd      *complaints
}

// exactCounts has callers repeat calls under faults, and compares the sums.
func exactCounts(b *bench) {
	server := redistest.Start(b.tb)
	proxy := redistest.StartProxy(b.tb, server.Addr())
	plain := b.store(server.Client(b.tb), "exact:")
	e := &exact{bench: b, store: b.store(b.through(server, proxy.Addr()), "exact:"), odd: newComplaints()}
	b.warm(plain)
	for i := range exactKeys {
		b.must("prepare", e.start(plain, e.counter(i), 0))
		b.must("prepare", e.start(plain, e.account(i), 1000))
	}
	d := &dice{r: b.rand()}
	proxy.SetFault(func(request []string) redistest.Fault {
		if _, write := writeOf(request); write {
			return d.roll(b.faults.writes, redistest.DropReply, redistest.DropReply, redistest.CutReply, redistest.RefuseRequest,
				redistest.DropReply.Delayed(5*time.Millisecond), redistest.StallReply)
		}
		if request[0] == "HELLO" {
			return redistest.Pass
		}
		return d.roll(b.faults.reads, redistest.DropReply, redistest.CutReply, redistest.RefuseRequest)
	})
	q := b.quota(b.counts.lost, b.share)
	var done atomic.Int64
	b.workers(8, func(_ int, r *rand.Rand) {
		for q.take() {
			done.Add(1)
			switch id := b.id(); r.IntN(3) {
			case 0:
				e.increment(id, r)
			case 1:
				e.transfer(id, r)
			default:
				e.answers(id, r)
			}
		}
	})
	b.out.ops(done.Load())
	b.out.set("exact_calls", done.Load())
	b.out.set("exact_attempts", e.attempts.Load())
	b.out.set("exact_faults", d.n.Load())
	b.out.set("exact_count_errors", e.errors(plain)+e.gaveUp.Load())
	b.out.set("wrong_answers", e.wrong.Load())
	e.odd.tell(b)
}

func (e *exact) counter(i int) recordKey { return records.Key(fmt.Sprintf("counter%d", i)) }
func (e *exact) account(i int) recordKey { return tagged.Key("bank", fmt.Sprintf("account%d", i)) }

func (e *exact) start(s *state.Store, k recordKey, n int64) error {
	ctx, cancel := patient()
	defer cancel()
	return k.Set(ctx, s, record{N: n})
}

// errors returns how many keys do not hold what the calls add up to.
func (e *exact) errors(s *state.Store) (n int64) {
	ctx, cancel := patient()
	defer cancel()
	for i := range exactKeys {
		for k, want := range map[recordKey]int64{e.counter(i): e.want[i].Load(), e.account(i): 1000 + e.moved[i].Load()} {
			v, err := k.Get(ctx, s)
			if err != nil || v.N != want {
				e.odd.add("a sum", fmt.Errorf("%d in place of %d: %v", v.N, want, err))
				n++
			}
		}
	}
	return n
}

// repeat makes a call until it succeeds. Its last error is one that must not be.
func (e *exact) repeat(call func(ctx context.Context) error, refused ...error) bool {
	for range attempts {
		e.attempts.Add(1)
		ctx, cancel := context.WithTimeout(context.Background(), 80*time.Millisecond)
		err := call(ctx)
		cancel()
		if err == nil {
			return true
		}
		for _, r := range refused {
			if errors.Is(err, r) {
				e.odd.add("a repeated call", err)
				e.wrong.Add(1)
				return false
			}
		}
	}
	e.gaveUp.Add(1)
	return false
}

func (e *exact) increment(id int64, r *rand.Rand) {
	i := r.IntN(exactKeys)
	call := e.calls.update
	if r.IntN(2) == 0 {
		call = e.calls.upsert
	}
	e.repeat(func(ctx context.Context) error {
		_, err := call(ctx, e.store, e.counter(i), func(v *record) error {
			v.N++
			return nil
		}, state.OpID(token(id)))
		return err
	})
	e.want[i].Add(1)
}

func (e *exact) transfer(id int64, r *rand.Rand) {
	from, to := r.IntN(exactKeys), r.IntN(exactKeys-1)
	if to >= from {
		to++
	}
	amount := int64(1 + r.IntN(9))
	add := func(ctx context.Context, tx *state.Tx, account int, n int64) error {
		_, err := state.Update(ctx, tx, e.account(account), func(v *record) error {
			v.N += n
			return nil
		})
		return err
	}
	e.repeat(func(ctx context.Context) error {
		return e.store.Atomically(ctx, func(ctx context.Context, tx *state.Tx) error {
			if err := add(ctx, tx, from, -amount); err != nil {
				return err
			}
			return add(ctx, tx, to, amount)
		}, state.OpID(token(id)))
	})
	e.moved[from].Add(-amount)
	e.moved[to].Add(amount)
}

// answers takes a key of its own through all calls that take an id. Each must be
// answered as if it had been the only one.
func (e *exact) answers(id int64, r *rand.Rand) {
	k := records.Key(token(id))
	op := func(step string) state.WriteOption { return state.OpID(token(id) + step) }
	s := e.store
	var t state.Token
	steps := []func() bool{
		func() bool {
			return e.repeat(func(ctx context.Context) error {
				return state.SetIfAbsent(ctx, s, k, record{N: 1}, op("absent"))
			}, state.ErrExists)
		},
		func() bool {
			return e.repeat(func(ctx context.Context) error {
				return state.Replace(ctx, s, k, record{N: 2}, op("replace"))
			}, state.ErrNotFound)
		},
		func() bool {
			return e.repeat(func(ctx context.Context) error {
				old, found, err := state.Swap(ctx, s, k, record{N: 3}, op("swap"))
				if err == nil && (!found || old.N != 2) {
					return fmt.Errorf("%w: Swap returned %d", errWrongAnswer, old.N)
				}
				return err
			}, errWrongAnswer)
		},
		func() bool {
			return e.repeat(func(ctx context.Context) error { return state.Touch(ctx, s, k, op("touch")) }, state.ErrNotFound)
		},
		func() bool {
			return e.repeat(func(ctx context.Context) error {
				entry, err := state.GetEntry(ctx, s, k)
				t = entry.Token
				return err
			}, state.ErrNotFound)
		},
		func() bool {
			return e.repeat(func(ctx context.Context) error {
				stored, err := state.SetIf(ctx, s, k, t, record{N: 4}, op("set if"))
				if err == nil {
					t = stored
				}
				return err
			}, state.ErrConflict)
		},
	}
	if r.IntN(2) == 0 {
		steps = append(steps, func() bool {
			return e.repeat(func(ctx context.Context) error { return state.RemoveIf(ctx, s, k, t, op("remove")) }, state.ErrConflict)
		})
	} else {
		steps = append(steps, func() bool {
			return e.repeat(func(ctx context.Context) error {
				v, err := state.Take(ctx, s, k, op("take"))
				if err == nil && v.N != 4 {
					return fmt.Errorf("%w: Take returned %d", errWrongAnswer, v.N)
				}
				return err
			}, state.ErrNotFound, errWrongAnswer)
		})
	}
	steps = append(steps, func() bool {
		return e.repeat(func(ctx context.Context) error { return e.calls.set(ctx, s, k, record{N: 5}, op("set")) })
	})
	for _, step := range steps {
		if !step() {
			return
		}
	}
}

var errWrongAnswer = errors.New("a wrong answer")
