package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

const (
	moveClients = 24
	// A journal is a key whose value lists the calls that changed it. It gets no
	// longer than this, so that it stays cheap to change.
	journalLength = 30
	flushPace     = 5 * time.Millisecond
)

// journal is a key and what callers were told of it.
type journal struct {
	key     recordKey
	acked   []int64
	unknown map[int64]bool
	both    []int64 // transactions, acknowledged or not
}

// moving is a run of callers on a Cluster that changes under them.
type moving struct {
	*bench
	store *state.Store

	mu       sync.Mutex
	journals []*journal
	current  []*journal // one for each client

	made, visible, unknown, conflicts atomic.Int64
	wrong, alone                      atomic.Int64
	odd                               *complaints
}

// moves has callers work while slots move, masters hand over and the servers
// forget all scripts, and nothing breaks.
func moves(b *bench) {
	c := redistest.StartCluster(b.tb, 3, 1)
	m := &moving{bench: b, store: b.store(c.Client(b.tb), "moves:"), odd: newComplaints(), current: make([]*journal, moveClients)}
	var flushes atomic.Int64
	stopFlushing := b.flushScripts(c, &flushes)
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	for i := range moveClients {
		r := b.rand()
		m.renew(i)
		all.Go(func() {
			for ctx.Err() == nil {
				m.one(i, r)
			}
		})
	}
	q, r := b.quota(b.counts.moves, b.share), b.rand()
	u := newUpheaval(c)
	for i := 0; q.open(u.moves); i++ {
		if err := u.act(m.pick(r), i%4 == 3); err != nil {
			m.odd.add("an act of the cluster", err)
			if u.failed > 20 {
				b.out.fail("the cluster refuses to move: %v", err)
				break
			}
		}
		time.Sleep(time.Duration(20+r.IntN(100)) * time.Millisecond)
	}
	cancel()
	all.Wait()
	stopFlushing()
	lost, again, torn, ghosts := m.compare()
	b.out.ops(m.made.Load())
	b.out.duplicates(again)
	b.out.set("visible_errors", m.visible.Load())
	b.out.set("moves_lost", lost)
	b.out.set("moves_torn", torn)
	b.out.set("moves_ghosts", ghosts)
	b.out.set("moves_wrong_replies", m.wrong.Load())
	b.out.set("moves_calls", m.made.Load())
	b.out.set("moves_unknown", m.unknown.Load())
	b.out.set("moves_conflicts", m.conflicts.Load())
	b.out.set("moves_not_replicated", m.alone.Load())
	b.out.set("moves_slots", u.moves)
	b.out.set("moves_failovers", u.failovers)
	b.out.set("moves_acts_failed", u.failed)
	b.out.set("moves_script_flushes", flushes.Load())
	m.odd.tell(b)
}

// flushScripts has all nodes forget all scripts, again and again.
func (b *bench) flushScripts(c *redistest.Cluster, n *atomic.Int64) (stop func()) {
	var clients []*redis.Client
	for _, s := range c.Nodes() {
		clients = append(clients, s.Client(b.tb))
	}
	return b.background(func(ctx context.Context, _ *rand.Rand) {
		for pause(ctx, flushPace) {
			for _, client := range clients {
				if client.ScriptFlush(ctx).Err() == nil {
					n.Add(1)
				}
			}
		}
	})
}

// renew gives a client a new journal.
func (m *moving) renew(client int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	j := &journal{key: tagged.Key(token(m.id()), "journal"), unknown: map[int64]bool{}}
	m.current[client], m.journals = j, append(m.journals, j)
}

// pick returns the name of a key in use.
func (m *moving) pick(r *rand.Rand) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	name, _ := m.current[r.IntN(moveClients)].key.Name(m.store)
	return name
}

// settle counts how a call ended.
func (m *moving) settle(name string, err error) {
	m.made.Add(1)
	switch {
	case err == nil:
	case errors.Is(err, state.ErrUnknownOutcome):
		m.unknown.Add(1)
		m.odd.add(name, err)
	case errors.Is(err, state.ErrConflict):
		m.conflicts.Add(1)
	default:
		m.visible.Add(1)
		m.odd.add(name, err)
	}
}

// write appends a call to the client's journal.
func (m *moving) write(client int, name string, write func(id int64, k recordKey) error) {
	m.mu.Lock()
	j := m.current[client]
	m.mu.Unlock()
	id := m.id()
	err := write(id, j.key)
	m.settle(name, err)
	m.mu.Lock()
	if name == atomically {
		j.both = append(j.both, id)
	}
	switch {
	case err == nil:
		j.acked = append(j.acked, id)
	case errors.Is(err, state.ErrUnknownOutcome):
		j.unknown[id] = true
	}
	full := len(j.acked)+len(j.unknown) >= journalLength
	m.mu.Unlock()
	if full {
		m.renew(client)
	}
}

func logged(id int64) func(*record) error {
	return func(v *record) error {
		v.N++
		v.Log = append(v.Log, id)
		return nil
	}
}

// one makes some calls of a client.
func (m *moving) one(client int, r *rand.Rand) {
	ctx, cancel := patient()
	defer cancel()
	switch r.IntN(7) {
	case 6:
		// It finds the node by itself, as WAIT must follow on the connection.
		m.write(client, "Upsert Replicated", func(id int64, k recordKey) error {
			_, err := m.calls.upsert(ctx, m.store, k, logged(id), state.Replicated(1, 200*time.Millisecond))
			if errors.Is(err, state.ErrNotReplicated) { // and so written
				m.alone.Add(1)
				return nil
			}
			return err
		})
	case 0, 1:
		m.write(client, "Upsert", func(id int64, k recordKey) error {
			_, err := m.calls.upsert(ctx, m.store, k, logged(id))
			return err
		})
	case 2:
		m.write(client, "Upsert with OpID", func(id int64, k recordKey) (err error) {
			for range attempts {
				if _, err = m.calls.upsert(ctx, m.store, k, logged(id), state.OpID(token(id))); !errors.Is(err, state.ErrUnknownOutcome) {
					break
				}
			}
			return err
		})
	case 3:
		m.write(client, atomically, func(id int64, k recordKey) error {
			return m.store.Atomically(ctx, func(ctx context.Context, tx *state.Tx) error {
				if _, err := state.Upsert(ctx, tx, k, logged(id)); err != nil {
					return err
				}
				_, err := state.Upsert(ctx, tx, m.beside(k), logged(id))
				return err
			})
		})
	case 4:
		m.many(ctx)
	default:
		m.write(client, "SetIf", func(id int64, k recordKey) error {
			e, err := state.GetEntry(ctx, m.store, k)
			if err != nil && !errors.Is(err, state.ErrNotFound) {
				return err
			}
			v := e.Value
			_ = logged(id)(&v)
			_, err = state.SetIf(ctx, m.store, k, e.Token, v)
			return err
		})
	}
}

// beside returns the key in the slot of a journal that has the transactions
// alone.
func (m *moving) beside(k recordKey) recordKey {
	name, _ := k.Name(m.store)
	id, _ := callOf([]string{name})
	return tagged.Key(token(id), "transactions")
}

const atomically = "Atomically"

// many sets some keys all over the Cluster and reads them again.
func (m *moving) many(ctx context.Context) {
	id := m.id()
	var values []state.KeyValue[record]
	var keys []recordKey
	for i := range 8 {
		text := fmt.Sprintf("%sm%d", token(id), i)
		k := records.Key(text)
		keys = append(keys, k)
		values = append(values, state.KeyValue[record]{Key: k, Value: record{Key: text}})
	}
	_, err := state.SetMany(ctx, m.store, values)
	if m.settle("SetMany", err); err != nil {
		return
	}
	results, err := m.calls.getMany(ctx, m.store, keys)
	m.settle("GetMany", err)
	for i, r := range results {
		if r.Err == nil && r.Value.Key != values[i].Value.Key {
			m.wrong.Add(1)
		}
	}
	_, err = state.Remove(ctx, m.store, anyKeys(keys)...)
	m.settle("Remove", err)
}

func anyKeys(keys []recordKey) (all []state.AnyKey) {
	for _, k := range keys {
		all = append(all, k)
	}
	return all
}

// compare reads all journals: an acknowledged call must be in them once, and one
// with an unknown outcome at most once. A transaction is in both keys or in none.
func (m *moving) compare() (lost, again, torn, ghosts int64) {
	for _, j := range m.journals {
		seen, beside := m.read(j.key), m.read(m.beside(j.key))
		for id, n := range seen {
			again += n - 1
			if !j.unknown[id] && !slices.Contains(j.acked, id) {
				ghosts++
			}
		}
		for _, id := range j.acked {
			if seen[id] == 0 {
				lost++
			}
		}
		for _, id := range j.both {
			if seen[id] != beside[id] {
				torn++
			}
		}
	}
	return lost, again, torn, ghosts
}

// read returns how often each call is in a journal.
func (m *moving) read(k recordKey) map[int64]int64 {
	ctx, cancel := patient()
	defer cancel()
	v, _, err := state.Lookup(ctx, m.store, k)
	m.settle("Lookup", err)
	seen := map[int64]int64{}
	for _, id := range v.Log {
		seen[id]++
	}
	return seen
}
