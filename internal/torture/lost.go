package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

// lostClients are enough for their calls to share round trips, so that a reply that
// is lost takes those of others with it.
const lostClients = 48

// stallDeadline is the deadline of a call whose reply is held beyond it.
const stallDeadline = 30 * time.Millisecond

// lostCall is a call whose reply gets lost. Its keys are its own.
type lostCall struct {
	*bench
	id    int64
	store *state.Store // through the proxy
	plain *state.Store // without it, to prepare the call
	hit   int          // the key whose write fails
}

func (c *lostCall) key(i int) recordKey { return records.Key(fmt.Sprintf("%sk%d", token(c.id), i)) }

func (c *lostCall) tagged(i int) recordKey { return tagged.Key(token(c.id), fmt.Sprintf("k%d", i)) }

func (c *lostCall) value() record { return record{N: 2, By: token(c.id)} }

// prepare stores a first value at a key.
func (c *lostCall) prepare(keys ...recordKey) error {
	ctx, cancel := patient()
	defer cancel()
	var errs []error
	for _, k := range keys {
		errs = append(errs, k.Set(ctx, c.plain, record{N: 1}))
	}
	return errors.Join(errs...)
}

// entry returns the token of a key's first value.
func (c *lostCall) entry(k recordKey) (state.Token, error) {
	if err := c.prepare(k); err != nil {
		return state.Token{}, err
	}
	ctx, cancel := patient()
	defer cancel()
	e, err := state.GetEntry(ctx, c.plain, k)
	return e.Token, err
}

func (c *lostCall) three() []recordKey { return []recordKey{c.key(0), c.key(1), c.key(2)} }

func (c *lostCall) add(v *record) error {
	v.N, v.By = v.N+1, token(c.id)
	return nil
}

// lostOp is a call of the API that writes, on so many keys. prepare returns the
// call, or why there is none.
type lostOp struct {
	name    string
	keys    int
	prepare func(c *lostCall) (func(ctx context.Context) error, error)
}

// lostOps are all calls of the API that write.
var lostOps = []lostOp{
	{"Set", 1, func(c *lostCall) (func(context.Context) error, error) {
		return func(ctx context.Context) error { return c.calls.set(ctx, c.store, c.key(0), c.value()) }, nil
	}},
	{"Set KeepTTL", 1, func(c *lostCall) (func(context.Context) error, error) {
		return func(ctx context.Context) error {
			return c.calls.set(ctx, c.store, c.key(0), c.value(), state.KeepTTL())
		}, c.prepare(c.key(0))
	}},
	{"Set OpID", 1, func(c *lostCall) (func(context.Context) error, error) {
		return func(ctx context.Context) error {
			return c.calls.set(ctx, c.store, c.key(0), c.value(), state.OpID("once"))
		}, nil
	}},
	{"Set Replicated", 1, func(c *lostCall) (func(context.Context) error, error) {
		return func(ctx context.Context) error {
			return c.calls.set(ctx, c.store, c.key(0), c.value(), nobody())
		}, nil
	}},
	{"SetIfAbsent", 1, func(c *lostCall) (func(context.Context) error, error) {
		return func(ctx context.Context) error { return state.SetIfAbsent(ctx, c.store, c.key(0), c.value()) }, nil
	}},
	{"Replace", 1, func(c *lostCall) (func(context.Context) error, error) {
		return func(ctx context.Context) error {
			return state.Replace(ctx, c.store, c.key(0), c.value())
		}, c.prepare(c.key(0))
	}},
	{"Replace KeepTTL", 1, func(c *lostCall) (func(context.Context) error, error) {
		return func(ctx context.Context) error {
			return state.Replace(ctx, c.store, c.key(0), c.value(), state.KeepTTL())
		}, c.prepare(c.key(0))
	}},
	{"Swap", 1, func(c *lostCall) (func(context.Context) error, error) {
		return func(ctx context.Context) error {
			_, _, err := state.Swap(ctx, c.store, c.key(0), c.value())
			return err
		}, c.prepare(c.key(0))
	}},
	{"Swap KeepTTL", 1, func(c *lostCall) (func(context.Context) error, error) {
		return func(ctx context.Context) error {
			_, _, err := state.Swap(ctx, c.store, c.key(0), c.value(), state.KeepTTL())
			return err
		}, c.prepare(c.key(0))
	}},
	{"SetMany", 3, func(c *lostCall) (func(context.Context) error, error) { return c.setMany(), nil }},
	{"SetMany KeepTTL", 3, func(c *lostCall) (func(context.Context) error, error) {
		return c.setMany(state.KeepTTL()), c.prepare(c.three()...)
	}},
	{"SetMany Replicated", 3, func(c *lostCall) (func(context.Context) error, error) { return c.setMany(nobody()), nil }},
	{"SetIf", 1, func(c *lostCall) (func(context.Context) error, error) {
		t, err := c.entry(c.key(0))
		return func(ctx context.Context) error {
			_, err := state.SetIf(ctx, c.store, c.key(0), t, c.value())
			return err
		}, err
	}},
	{"SetIf KeepTTL", 1, func(c *lostCall) (func(context.Context) error, error) {
		t, err := c.entry(c.key(0))
		return func(ctx context.Context) error {
			_, err := state.SetIf(ctx, c.store, c.key(0), t, c.value(), state.KeepTTL())
			return err
		}, err
	}},
	{"Update", 1, func(c *lostCall) (func(context.Context) error, error) {
		return func(ctx context.Context) error {
			_, err := c.calls.update(ctx, c.store, c.key(0), c.add)
			return err
		}, c.prepare(c.key(0))
	}},
	{"Update RefreshTTL", 1, func(c *lostCall) (func(context.Context) error, error) {
		return func(ctx context.Context) error {
			_, err := c.calls.update(ctx, c.store, c.key(0), c.add, state.RefreshTTL())
			return err
		}, c.prepare(c.key(0))
	}},
	{"Upsert", 1, func(c *lostCall) (func(context.Context) error, error) {
		return func(ctx context.Context) error {
			_, err := c.calls.upsert(ctx, c.store, c.key(0), c.add)
			return err
		}, nil
	}},
	{"Touch", 1, func(c *lostCall) (func(context.Context) error, error) {
		return func(ctx context.Context) error { return state.Touch(ctx, c.store, c.key(0)) }, c.prepare(c.key(0))
	}},
	{"Take", 1, func(c *lostCall) (func(context.Context) error, error) {
		return func(ctx context.Context) error {
			v, err := state.Take(ctx, c.store, c.key(0))
			if errors.Is(err, state.ErrUnknownOutcome) && v.N != 1 {
				return errors.New("the value that may be gone was not returned")
			}
			return err
		}, c.prepare(c.key(0))
	}},
	{"Remove", 3, func(c *lostCall) (func(context.Context) error, error) {
		return func(ctx context.Context) error {
			_, err := state.Remove(ctx, c.store, c.key(0), c.key(1), c.key(2))
			return err
		}, c.prepare(c.three()...)
	}},
	{"RemoveIf", 1, func(c *lostCall) (func(context.Context) error, error) {
		t, err := c.entry(c.key(0))
		return func(ctx context.Context) error { return state.RemoveIf(ctx, c.store, c.key(0), t) }, err
	}},
	{"RemoveAll", 3, func(c *lostCall) (func(context.Context) error, error) {
		return func(ctx context.Context) error {
			_, err := state.RemoveAll(ctx, c.store, tagged, token(c.id))
			return err
		}, c.prepare(c.tagged(0), c.tagged(1), c.tagged(2))
	}},
	{"Atomically", 1, func(c *lostCall) (func(context.Context) error, error) {
		return func(ctx context.Context) error {
			return c.store.Atomically(ctx, func(ctx context.Context, tx *state.Tx) error {
				if _, err := state.Update(ctx, tx, c.tagged(0), c.add); err != nil {
					return err
				}
				_, err := state.Take(ctx, tx, c.tagged(1))
				return err
			})
		}, c.prepare(c.tagged(0), c.tagged(1))
	}},
	{"Atomically Replicated", 1, func(c *lostCall) (func(context.Context) error, error) {
		return func(ctx context.Context) error {
			return c.store.Atomically(ctx, func(ctx context.Context, tx *state.Tx) error {
				return c.tagged(0).Set(ctx, tx, c.value())
			}, nobody())
		}, nil
	}},
	{"SetState", 1, func(c *lostCall) (func(context.Context) error, error) {
		return func(ctx context.Context) error { return c.store.SetState(ctx, c.name(), c.value(), time.Minute) }, nil
	}},
	{"RemoveState", 1, func(c *lostCall) (func(context.Context) error, error) {
		ctx, cancel := patient()
		defer cancel()
		return func(ctx context.Context) error {
			_, err := c.store.RemoveState(ctx, c.name())
			return err
		}, c.plain.SetState(ctx, c.name(), 1, time.Minute)
	}},
}

// nobody has a write wait for a replica that there is not, which would be the
// error if the reply were not lost.
func nobody() state.WriteOption { return state.Replicated(1, time.Millisecond) }

func (c *lostCall) name() string { return "adhoc:" + token(c.id) + "k0" }

func (c *lostCall) setMany(opts ...state.SetOption) func(context.Context) error {
	var values []state.KeyValue[record]
	for _, k := range c.three() {
		values = append(values, state.KeyValue[record]{Key: k, Value: c.value()})
	}
	return func(ctx context.Context) error {
		errs, err := state.SetMany(ctx, c.store, values, opts...)
		if !errors.Is(errs[c.hit], state.ErrUnknownOutcome) {
			return errs[c.hit] // whatever the call as a whole says
		}
		return err
	}
}

// lostReplies loses the reply of one write of each call, and counts how often the
// proxy has seen the write.
func lostReplies(b *bench) {
	server := redistest.Start(b.tb)
	proxy := redistest.StartProxy(b.tb, server.Addr())
	direct := server.Client(b.tb)
	client := b.through(server, proxy.Addr())
	var company company
	client.AddHook(&company)
	store, plain := b.store(client, "lost:"), b.store(direct, "lost:")
	b.warm(plain)

	book := newLedger()
	proxy.SetFault(book.decide)
	var lost, unreported, missed, ops atomic.Int64
	kinds := make([]atomic.Int64, len(lostOps))
	odd := newComplaints()
	q := b.quota(b.counts.lost, b.share)
	b.workers(lostClients, func(_ int, r *rand.Rand) {
		for i := r.IntN(len(lostOps)); q.take(); i++ {
			op := &lostOps[i%len(lostOps)]
			for { // until the fault has struck
				c := &lostCall{bench: b, id: b.id(), store: store, plain: plain, hit: r.IntN(op.keys)}
				struck, err := c.lose(op, book, r)
				ops.Add(1)
				if !struck {
					missed.Add(1)
					if q.n == 0 && time.Now().After(q.until) {
						break
					}
					continue
				}
				lost.Add(1)
				kinds[i%len(lostOps)].Add(1)
				if !errors.Is(err, state.ErrUnknownOutcome) {
					unreported.Add(1)
					odd.add(op.name, err)
				}
				c.clear(direct)
				break
			}
		}
	})
	covered := 0
	for i := range kinds {
		if kinds[i].Load() > 0 {
			covered++
		}
	}
	b.out.ops(ops.Load())
	b.out.duplicates(book.repeated(odd))
	b.out.set("lost_replies", lost.Load())
	b.out.set("lost_kinds", covered)
	b.out.set("unreported", unreported.Load())
	b.out.set("lost_missed", missed.Load())
	b.out.set("lost_shared", company.shared.Load())
	b.out.set("plain_duplicates_of_100_lost", b.plainLosses(server, proxy))
	odd.tell(b)
}

// lose makes the call and loses its reply. It reports whether there was one to
// lose: a call may reach its deadline before.
func (c *lostCall) lose(op *lostOp, book *ledger, r *rand.Rand) (struck bool, err error) {
	limit, fault := 10*time.Second, redistest.DropReply
	switch r.IntN(3) {
	case 1:
		fault = redistest.CutReply
	case 2:
		limit, fault = stallDeadline, redistest.StallReply
	}
	book.open(c.id, op.name, fault, fmt.Sprintf("k%d", c.hit))
	call, err := op.prepare(c)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	err = call(ctx)
	return book.struck(c.id), err
}

// clear keeps the database small, as RemoveAll walks over all of it.
func (c *lostCall) clear(direct *redis.Client) {
	ctx, cancel := patient()
	defer cancel()
	for i := range 3 {
		for _, k := range []recordKey{c.key(i), c.tagged(i)} {
			if name, err := k.Name(c.store); err == nil {
				_ = direct.Unlink(ctx, name).Err()
			}
		}
	}
}

// warm has the server know the scripts, as a write that it refuses for not
// knowing one is sent again by design.
func (b *bench) warm(s *state.Store) {
	ctx, cancel := patient()
	defer cancel()
	for range 2 { // the first stores a value, without a script
		_, err := state.Upsert(ctx, s, records.Key("warm"), func(v *record) error { v.N++; return nil })
		b.must("warm up", err)
	}
}

// plainLosses returns how many of 100 INCR whose first reply is lost go-redis by
// itself applies again.
func (b *bench) plainLosses(server *redistest.Server, proxy *redistest.Proxy) (again int64) {
	const calls = 100
	client := redis.NewClient(options(server, proxy.Addr()))
	defer client.Close() //nolint:errcheck // what it was for is done
	var seen atomic.Int64
	proxy.SetFault(func(request []string) redistest.Fault {
		if request[0] == "INCR" && seen.Add(1)%2 == 1 {
			return redistest.DropReply
		}
		return redistest.Pass
	})
	ctx, cancel := patient()
	defer cancel()
	for range calls {
		_ = client.Incr(ctx, "plain").Err()
	}
	n, err := client.Get(ctx, "plain").Int64()
	b.must("count what go-redis did", err)
	return n - calls
}
