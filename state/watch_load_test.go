package state_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

// lastSeen holds what watchers showed last of each key that is there.
type lastSeen struct {
	mu    sync.Mutex
	users map[string]string
}

func (l *lastSeen) note(name string, found bool, user string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.users == nil {
		l.users = map[string]string{}
	}
	if delete(l.users, name); found {
		l.users[name] = user
	}
}

// churn is many writers of few keys, each of which is watched by itself and all of them
// together.
type churn struct {
	keys      int
	s, writer *state.Store
	// write writes one of the keys.
	write func(ctx context.Context, rng *rand.Rand, k state.Key[session], name string) error
	// disturb is called again and again meanwhile.
	disturb func()
}

// run fails the test unless all watchers show in the end what is stored.
func (c *churn) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var watchers, writers sync.WaitGroup
	defer watchers.Wait()
	defer cancel()
	var one, all lastSeen
	watchers.Go(func() {
		for e, err := range state.WatchAll(ctx, c.s, followed) {
			if err != nil {
				assert.ErrorIs(t, err, context.Canceled)
				return
			}
			name, _ := e.Key.Name(c.s)
			all.note(name, e.Found, e.Value.User)
		}
	})
	names := make([]string, c.keys)
	for i := range names {
		k := followed.Key(strconv.Itoa(i))
		names[i], _ = k.Name(c.s)
		watchers.Go(func() {
			for e, err := range state.Watch(ctx, c.s, k) {
				if err != nil {
					assert.ErrorIs(t, err, context.Canceled)
					return
				}
				one.note(names[i], e.Found, e.Value.User)
			}
		})
	}
	stop := time.Now().Add(1500 * time.Millisecond)
	for g := range uint64(4) {
		writers.Go(func() {
			for rng := rand.New(rand.NewPCG(g, 7)); time.Now().Before(stop); time.Sleep(time.Duration(rng.IntN(1000)) * time.Microsecond) {
				i := rng.IntN(c.keys)
				err := c.write(ctx, rng, followed.Key(strconv.Itoa(i)), names[i])
				if !errors.Is(err, state.ErrConflict) && !errors.Is(err, state.ErrNotFound) {
					assert.NoError(t, err)
				}
			}
		})
	}
	for time.Now().Before(stop) {
		time.Sleep(200 * time.Millisecond)
		c.disturb()
	}
	writers.Wait()
	assert.EventuallyWithT(t, func(t *assert.CollectT) {
		stored := map[string]string{}
		for kv, err := range state.All(ctx, c.writer, followed) {
			require.NoError(t, err)
			name, _ := kv.Key.Name(c.s)
			stored[name] = kv.Value.User
		}
		for _, l := range []*lastSeen{&one, &all} {
			l.mu.Lock()
			assert.Equal(t, stored, l.users)
			l.mu.Unlock()
		}
	}, eventSoon, 200*time.Millisecond)
}

// of writes with one of the operations of the library.
func (c *churn) of(ctx context.Context, rng *rand.Rand, k state.Key[session], _ string) error {
	v := session{User: strconv.Itoa(rng.IntN(3))}
	brief := state.TTL(time.Duration(1+rng.IntN(100)) * time.Millisecond)
	var err error
	switch rng.IntN(8) {
	case 0, 1:
		err = k.Set(ctx, c.writer, v)
	case 2:
		err = k.Set(ctx, c.writer, v, brief)
	case 3:
		err = remove(ctx, c.writer, k)
	case 4:
		_, err = state.Upsert(ctx, c.writer, k, func(s *session) error { s.User = strings.TrimPrefix(s.User+"x", "xxx"); return nil })
	case 5:
		err = state.Touch(ctx, c.writer, k, brief)
	case 6:
		_, err = state.Take(ctx, c.writer, k)
	default:
		err = c.writer.Atomically(ctx, func(ctx context.Context, tx *state.Tx) error { return k.Set(ctx, tx, v, state.KeepTTL()) })
	}
	return err
}

func breakSubscriptions(t *testing.T, admin *redis.Client) func() {
	t.Helper()
	return func() { killSubscribers(t, admin, func() {}) }
}

func TestWatchersShowWhatIsStoredInTheEnd(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	c := churn{keys: 100, s: openOn(t, srv.Options(), state.Options{WatchInterval: time.Hour}), writer: openOn(t, srv.Options(), state.Options{})}
	c.write, c.disturb = c.of, breakSubscriptions(t, srv.Client(t))
	c.run(t)
}

func TestWatchersShowWhatOthersStoredInTheEnd(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t, redistest.WithConfig("notify-keyspace-events KA"))
	admin := srv.Client(t)
	c := churn{keys: 60, s: openOn(t, srv.Options(), state.Options{WatchInterval: time.Hour}), writer: openOn(t, srv.Options(), state.Options{})}
	c.disturb = breakSubscriptions(t, admin)
	c.write = func(ctx context.Context, rng *rand.Rand, k state.Key[session], name string) error {
		brief := time.Duration(1+rng.IntN(100)) * time.Millisecond
		switch rng.IntN(8) {
		case 0, 1:
			return admin.Set(ctx, name, `{"user":"f`+strconv.Itoa(rng.IntN(3))+`"}`, time.Duration(rng.IntN(2))*brief).Err()
		case 2:
			return admin.Del(ctx, name).Err()
		case 3:
			return admin.PExpire(ctx, name, brief).Err()
		case 4:
			return admin.Persist(ctx, name).Err()
		default:
			return c.of(ctx, rng, k, name)
		}
	}
	c.run(t)
}

func TestWatchersShowWhatIsStoredInTheEndThoughSlotsMove(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3, 0)
	c := churn{keys: 60, s: openClient(t, cluster.Client(t), state.Options{WatchInterval: time.Hour}), writer: openClient(t, cluster.Client(t), state.Options{})}
	c.write = func(ctx context.Context, rng *rand.Rand, k state.Key[session], _ string) error {
		switch rng.IntN(3) {
		case 0:
			return remove(ctx, c.writer, k)
		case 1:
			return k.Set(ctx, c.writer, session{User: strconv.Itoa(rng.IntN(3))}, state.TTL(time.Duration(1+rng.IntN(300))*time.Millisecond))
		default:
			return k.Set(ctx, c.writer, session{User: strconv.Itoa(rng.IntN(3))})
		}
	}
	moved := 0
	c.disturb = func() {
		name, err := followed.Key(strconv.Itoa(moved % c.keys)).Name(c.s)
		require.NoError(t, err)
		moved++
		assert.NoError(t, cluster.MoveSlot(t.Context(), redistest.Slot(name)))
	}
	c.run(t)
}

// Each value says how often its key was written, and so what an event jumps over.
func TestAnEventJumpsOverNoMoreThanItSays(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	s, writer := openOn(t, srv.Options(), state.Options{WatchInterval: time.Second}), openOn(t, srv.Options(), state.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	const n = 20
	key := func(i int) state.Key[session] { return followed.Key(strconv.Itoa(i)) }
	for i := range n {
		require.NoError(t, key(i).Set(ctx, writer, session{User: "1"}))
	}
	judge := func(from int, e state.EventInfo, user string) (to int) {
		to, err := strconv.Atoi(user)
		assert.NoError(t, err)
		if from > 0 && !e.Gap {
			assert.GreaterOrEqual(t, e.Skipped, to-from-1, "from %d to %d", from, to)
		}
		if rand.IntN(20) == 0 {
			time.Sleep(rand.N(10 * time.Millisecond))
		}
		return to
	}
	var watchers, writers sync.WaitGroup
	watchers.Go(func() {
		last := map[state.Key[session]]int{}
		for e, err := range state.WatchAll(ctx, s, followed) {
			if err != nil {
				return
			}
			last[e.Key] = judge(last[e.Key], e.EventInfo, e.Value.User)
		}
	})
	for i := range n {
		watchers.Go(func() {
			last := 0
			for e, err := range state.Watch(ctx, s, key(i)) {
				if err != nil {
					return
				}
				last = judge(last, e.EventInfo, e.Value.User)
			}
		})
	}
	stop := time.Now().Add(2 * time.Second)
	for g := range 4 {
		writers.Go(func() {
			for written := 2; time.Now().Before(stop); written++ {
				for i := g * n / 4; i < (g+1)*n/4; i++ {
					assert.NoError(t, key(i).Set(ctx, writer, session{User: strconv.Itoa(written)}))
				}
				if rand.IntN(10) == 0 {
					time.Sleep(rand.N(20 * time.Millisecond))
				}
			}
		})
	}
	admin := srv.Client(t)
	for time.Now().Before(stop) {
		time.Sleep(400 * time.Millisecond)
		killSubscribers(t, admin, func() {})
	}
	writers.Wait()
	cancel()
	watchers.Wait()
}

// A key is set and removed in turn by this library alone, so it is always known why it
// is gone, also to those that begin and end meanwhile.
func TestARemovalIsToldAsOne(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	s, writer := openOn(t, srv.Options(), state.Options{WatchInterval: time.Hour}), openOn(t, srv.Options(), state.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	k := lasting.Key("1")
	stop := time.Now().Add(1500 * time.Millisecond)
	var watchers sync.WaitGroup
	for i := range 8 {
		watchers.Go(func() {
			for ctx.Err() == nil {
				n := 0
				for e, err := range state.Watch(ctx, s, k) {
					if err != nil {
						break
					}
					if n > 0 && !e.Found {
						assert.Equal(t, state.EventRemoved.String(), e.Kind.String())
					}
					if n++; i > 0 && n == 4 { // and the first one stays
						break
					}
				}
			}
		})
	}
	for i := 0; time.Now().Before(stop); i++ {
		require.NoError(t, k.Set(ctx, writer, session{User: strconv.Itoa(i % 2)}))
		require.NoError(t, remove(ctx, writer, k))
		if rand.IntN(10) == 0 {
			time.Sleep(rand.N(3 * time.Millisecond))
		}
	}
	cancel()
	watchers.Wait()
}

func TestHundredsOfWatchersHearOfEachKey(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	s, writer := openOn(t, srv.Options(), state.Options{}), openOn(t, srv.Options(), state.Options{})
	for range 2 { // those that end are in nobody's way
		ctx, cancel := context.WithCancel(t.Context())
		const n, keys = 500, 50
		var watchers sync.WaitGroup
		var begun, heard atomic.Int64
		for i := range n {
			watchers.Go(func() {
				seen := 0
				for _, err := range state.Watch(ctx, s, followed.Key(strconv.Itoa(i%keys))) {
					if err != nil {
						assert.ErrorIs(t, err, context.Canceled)
						return
					}
					switch seen++; seen {
					case 1:
						begun.Add(1)
					case 2:
						heard.Add(1)
					}
				}
			})
		}
		assert.Eventually(t, func() bool { return begun.Load() == n }, eventSoon, 10*time.Millisecond)
		for i := range keys {
			require.NoError(t, followed.Key(strconv.Itoa(i)).Set(ctx, writer, session{}))
		}
		assert.Eventually(t, func() bool { return heard.Load() == n }, eventSoon, 10*time.Millisecond)
		cancel()
		watchers.Wait()
	}
}
