package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

const (
	expirySlots    = 4 // keys in use at once
	expiryUpdaters = 2 // callers of each
	longestTTL     = 6 // milliseconds
)

// mortal is a key that expires again and again. One creator alone brings it back,
// each time as a new generation, and updaters change what is there.
type mortal struct {
	*expiring
	key recordKey
	// generation is that of the last value created, once its creation is done.
	generation atomic.Int64
	// vacancy is odd from when the creator has seen that there is no value until
	// it begins to create one.
	vacancy atomic.Int64
}

// expiring is a run of such keys.
type expiring struct {
	*bench
	store  *state.Store
	direct *redis.Client

	made, changed, renewed            atomic.Int64
	expiries, resurrections, immortal atomic.Int64
	odd                               *complaints
}

// expiry has updates race with the end of the values that they change.
func expiry(b *bench) {
	server := redistest.Start(b.tb)
	direct := server.Client(b.tb)
	e := &expiring{bench: b, store: b.store(b.through(server, server.Addr()), "expiry:"), direct: direct, odd: newComplaints()}
	b.warm(e.store)
	ctx, cancel := patient()
	_, err := state.Remove(ctx, e.store, records.Key("warm"))
	cancel()
	b.must("begin with nothing", err)

	q := b.quota(b.counts.expiries, b.share)
	var all sync.WaitGroup
	for i := range expirySlots {
		m := &mortal{expiring: e, key: records.Key(fmt.Sprintf("mortal%d", i))}
		ctx, cancel := context.WithCancel(context.Background())
		for range expiryUpdaters {
			r := b.rand()
			all.Go(func() {
				for ctx.Err() == nil {
					m.disturb(r)
				}
			})
		}
		r := b.rand()
		all.Go(func() {
			defer cancel()
			for q.take() {
				m.live(r)
			}
		})
	}
	r := b.rand()
	all.Go(func() {
		for i := 0; q.open(q.taken.Load()); i++ {
			e.keep(records.Key(fmt.Sprintf("kept%d", i)), r)
		}
	})
	all.Wait()
	// All that a run may leave has ended by now.
	time.Sleep(4 * longestTTL * time.Millisecond)
	e.leftovers()
	b.out.ops(e.made.Load())
	b.out.set("expiries", e.expiries.Load())
	b.out.set("expiry_updates", e.changed.Load())
	b.out.set("expiry_renewed", e.renewed.Load())
	b.out.immortal(e.immortal.Load())
	b.out.set("resurrections", e.resurrections.Load())
	e.odd.tell(b)
}

// live creates a value and waits for its end.
func (m *mortal) live(r *rand.Rand) {
	ctx, cancel := patient()
	defer cancel()
	next := m.generation.Load() + 1
	if m.vacancy.Load()%2 == 1 {
		m.vacancy.Add(1)
	}
	ttl := time.Duration(1+r.IntN(longestTTL)) * time.Millisecond
	err := state.SetIfAbsent(ctx, m.store, m.key, record{N: next, By: "0"}, state.TTL(ttl))
	m.made.Add(1)
	if err != nil {
		// Nobody else creates it, and it was seen to be gone.
		m.resurrected("there is a value before it was created", err)
		m.away(ctx)
		return
	}
	created := time.Now()
	m.generation.Store(next)
	for {
		left, err := state.TimeToLive(ctx, m.store, m.key)
		m.made.Add(1)
		if errors.Is(err, state.ErrNotFound) {
			break
		}
		if err == nil && left == state.NoTTL {
			m.immortal.Add(1)
			m.odd.add("TimeToLive", errImmortal)
			m.away(ctx)
			return
		}
		if err == nil && time.Since(created)+left > ttl+time.Second {
			m.resurrected("it lives longer than its creator said", nil)
			m.away(ctx)
			return
		}
	}
	m.expiries.Add(1)
	m.vacancy.Add(1)
	if r.IntN(2) == 0 {
		time.Sleep(time.Duration(r.IntN(3000)) * time.Microsecond)
	}
}

var errImmortal = errors.New("a value without a TTL")

// away removes what should not be there, so that the run goes on.
func (m *mortal) away(ctx context.Context) {
	_, _ = state.Remove(ctx, m.store, m.key)
}

func (e *expiring) resurrected(how string, err error) {
	e.resurrections.Add(1)
	e.odd.add(how, err)
}

// disturb makes one call that changes a value if there is one, or reads it.
func (m *mortal) disturb(r *rand.Rand) {
	ctx, cancel := patient()
	defer cancel()
	vacant, generation := m.vacancy.Load(), m.generation.Load()
	v, err := m.change(ctx, r)
	m.made.Add(1)
	switch {
	case errors.Is(err, state.ErrNotFound), errors.Is(err, state.ErrConflict):
		return
	case err != nil:
		m.odd.add("a call", err)
		return
	}
	m.changed.Add(1)
	switch {
	case vacant%2 == 1 && m.vacancy.Load() == vacant:
		m.resurrected("a call found a value that was gone", nil)
	case v.N < generation:
		m.resurrected("a call found a value of an old generation", nil)
	}
}

// ageless is the generation of a value that is stored in place of any other.
const ageless = 1 << 50

// change makes a call and returns the value that it found or left.
func (m *mortal) change(ctx context.Context, r *rand.Rand) (v record, err error) {
	by := strconv.FormatInt(r.Int64N(1<<40), 10)
	sign := func(v *record) error { //nolint:unparam // as Update takes it
		v.By = by
		return nil
	}
	switch r.IntN(20) {
	case 0:
		return record{N: ageless}, state.Touch(ctx, m.store, m.key, state.TTL(time.Duration(1+r.IntN(3))*time.Millisecond))
	case 1:
		return record{N: ageless}, state.Replace(ctx, m.store, m.key, record{N: ageless}, state.KeepTTL())
	case 2, 3, 4:
		return m.calls.get(ctx, m.store, m.key)
	case 5, 6, 7:
		e, err := state.GetEntry(ctx, m.store, m.key)
		if err != nil {
			return v, err
		}
		v = e.Value
		v.By = by
		_, err = state.SetIf(ctx, m.store, m.key, e.Token, v, state.KeepTTL())
		return v, err
	case 8, 9, 10:
		return v, m.store.Atomically(ctx, func(ctx context.Context, tx *state.Tx) error {
			v, err = state.Update(ctx, tx, m.key, sign)
			return err
		})
	default:
		return m.calls.update(ctx, m.store, m.key, sign)
	}
}

// keep stores a value in place of one that is about to expire, and keeps its TTL.
// Redis by itself keeps no TTL where that value has just gone.
func (e *expiring) keep(k recordKey, r *rand.Rand) {
	ctx, cancel := patient()
	defer cancel()
	ttl := time.Duration(1+r.IntN(3)) * time.Millisecond
	err := k.Set(ctx, e.store, record{}, state.TTL(ttl))
	if err != nil {
		e.odd.add("Set", err)
		return
	}
	time.Sleep(ttl - time.Duration(r.Int64N(int64(ttl)/4)))
	switch r.IntN(3) {
	case 0:
		_, _, err = state.Swap(ctx, e.store, k, record{N: 1}, state.KeepTTL())
	case 1:
		_, err = state.SetMany(ctx, e.store, []state.KeyValue[record]{{Key: k, Value: record{N: 1}}}, state.KeepTTL())
	default:
		err = e.calls.set(ctx, e.store, k, record{N: 1}, state.KeepTTL())
	}
	if err != nil {
		e.odd.add("a call with KeepTTL", err)
	}
	left, err := state.TimeToLive(ctx, e.store, k)
	e.made.Add(4)
	switch {
	case err == nil && left == state.NoTTL:
		e.immortal.Add(1)
		e.odd.add("after KeepTTL", errImmortal)
	case err == nil && left > time.Minute:
		e.renewed.Add(1) // what it was to replace had gone
	}
	if _, err := state.Remove(ctx, e.store, k); err != nil {
		e.odd.add("Remove", err)
	}
}

// leftovers counts the keys that there still are.
func (e *expiring) leftovers() {
	ctx, cancel := patient()
	defer cancel()
	keys, err := e.direct.Keys(ctx, "expiry:*").Result()
	e.must("look for leftovers", err)
	for _, k := range keys {
		left, err := e.direct.PTTL(ctx, k).Result()
		switch {
		case err != nil, left == -2:
		case left < 0:
			e.immortal.Add(1)
			e.odd.add("in the end", errImmortal)
		default:
			e.resurrected("in the end there is a value", nil)
		}
	}
}
