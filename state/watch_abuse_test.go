package state_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"runtime"
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

// balance counts the operations that have begun and not ended.
type balance struct{ begun, ended atomic.Int64 }

func (b *balance) Begin(ctx context.Context, _ state.Operation) (context.Context, func(state.Outcome)) {
	b.begun.Add(1)
	return ctx, func(state.Outcome) { b.ended.Add(1) }
}

func settled(t *testing.T, before int) {
	t.Helper()
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	buf := make([]byte, 1<<20)
	t.Errorf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, buf[:runtime.Stack(buf, true)])
}

// K
func TestAbuseChurn(t *testing.T) {
	srv := redistest.Start(t)
	admin := srv.Client(t)
	s, writer := openOn(t, srv.Options(), state.Options{WatchInterval: time.Hour}), openOn(t, srv.Options(), state.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	last := map[string]string{}
	lastOne := map[string]string{}
	var wg sync.WaitGroup
	wg.Go(func() {
		for e, err := range state.WatchAll(ctx, s, followed) {
			if err != nil {
				if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				return
			}
			name, _ := e.Key.Name(s)
			mu.Lock()
			if e.Found {
				last[name] = e.Value.User
			} else {
				delete(last, name)
			}
			mu.Unlock()
			if rand.IntN(100) == 0 {
				time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
			}
		}
	})
	const n = 200
	for i := range n {
		wg.Go(func() {
			k := followed.Key(fmt.Sprint(i))
			name, _ := k.Name(s)
			for e, err := range state.Watch(ctx, s, k) {
				if err != nil {
					if !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
					return
				}
				mu.Lock()
				if e.Found {
					lastOne[name] = e.Value.User
				} else {
					delete(lastOne, name)
				}
				mu.Unlock()
			}
		})
	}
	stop := time.Now().Add(6 * time.Second)
	var writers sync.WaitGroup
	for g := range 4 {
		writers.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(g), 7))
			for time.Now().Before(stop) {
				k := followed.Key(fmt.Sprint(rng.IntN(n)))
				v := session{User: fmt.Sprint(rng.IntN(3))}
				var err error
				switch rng.IntN(8) {
				case 0, 1:
					err = k.Set(ctx, writer, v)
				case 2:
					err = k.Set(ctx, writer, v, state.TTL(time.Duration(1+rng.IntN(50))*time.Millisecond))
				case 3:
					err = remove(ctx, writer, k)
				case 4:
					_, err = state.Upsert(ctx, writer, k, func(s *session) error { s.User += "x"; s.User = s.User[max(0, len(s.User)-3):]; return nil })
				case 5:
					_ = state.Touch(ctx, writer, k, state.TTL(time.Duration(1+rng.IntN(100))*time.Millisecond))
				case 6:
					_, _ = state.Take(ctx, writer, k)
				default:
					err = writer.Atomically(ctx, func(ctx context.Context, tx *state.Tx) error { return k.Set(ctx, tx, v, state.KeepTTL()) })
				}
				if err != nil && !errors.Is(err, state.ErrConflict) && !errors.Is(err, state.ErrNotFound) {
					t.Error(err)
				}
			}
		})
	}
	writers.Go(func() {
		for time.Now().Before(stop.Add(-100 * time.Millisecond)) {
			time.Sleep(250 * time.Millisecond)
			_ = admin.Do(ctx, "CLIENT", "KILL", "TYPE", "pubsub").Err()
		}
	})
	writers.Wait()
	time.Sleep(1200 * time.Millisecond)
	want := map[string]string{}
	for kv, err := range state.All(ctx, writer, followed) {
		require.NoError(t, err)
		name, _ := kv.Key.Name(s)
		want[name] = kv.Value.User
	}
	mu.Lock()
	assert.Equal(t, want, last)
	assert.Equal(t, want, lastOne)
	mu.Unlock()
	cancel()
	wg.Wait()
}

// L
func TestAbuseTenThousand(t *testing.T) {
	srv := redistest.Start(t)
	client := redis.NewClient(srv.Options())
	s, err := state.New(client, state.Options{EnableSet: true})
	require.NoError(t, err)
	writer := openOn(t, srv.Options(), state.Options{})
	before := runtime.NumGoroutine()
	for round := range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		var first, second atomic.Int64
		n := 10000
		if testing.Short() {
			n = 2000
		}
		begin := time.Now()
		for i := range n {
			wg.Go(func() {
				seen := 0
				for _, err := range state.Watch(ctx, s, followed.Key(fmt.Sprint(i%500))) {
					if err != nil {
						if !errors.Is(err, context.Canceled) {
							t.Error(err)
						}
						return
					}
					if seen++; seen == 1 {
						first.Add(1)
					} else if seen == 2 {
						second.Add(1)
					}
				}
			})
		}
		for first.Load() < int64(n) && time.Since(begin) < 30*time.Second {
			time.Sleep(10 * time.Millisecond)
		}
		t.Log("begun", first.Load(), "after", time.Since(begin))
		time.Sleep(300 * time.Millisecond)
		begin = time.Now()
		for i := range 500 {
			require.NoError(t, followed.Key(fmt.Sprint(i)).Set(ctx, writer, session{User: fmt.Sprint(round)}))
		}
		for second.Load() < int64(n) && time.Since(begin) < 20*time.Second {
			time.Sleep(10 * time.Millisecond)
		}
		t.Log("heard", second.Load(), "after", time.Since(begin))
		cancel()
		wg.Wait()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		t.Log("heap", m.HeapAlloc>>20, "MiB", runtime.NumGoroutine(), "goroutines")
	}
	require.NoError(t, s.Close())
	require.NoError(t, client.Close())
	settled(t, before)
}

// M, N, O
func TestAbuseOfTheLoop(t *testing.T) {
	srv := redistest.Start(t)
	obs := &balance{}
	s := openOn(t, srv.Options(), state.Options{Observer: obs})
	k := followed.Key("1")
	ctx := t.Context()
	require.NoError(t, k.Set(ctx, s, session{User: "a"}))
	t.Run("panics", func(t *testing.T) {
		for _, f := range []func(){
			func() {
				for range state.Watch(ctx, s, k) {
					panic("x")
				}
			},
			func() {
				for range state.WatchAll(ctx, s, followed) {
					panic("x")
				}
			},
		} {
			assert.Panics(t, f)
		}
		assert.Equal(t, obs.begun.Load(), obs.ended.Load(), "operations that the observer was not told the end of")
	})
	t.Run("the same iterator", func(t *testing.T) {
		it := state.Watch(ctx, s, k)
		for range it {
			for e := range it {
				assert.Equal(t, state.EventCurrent, e.Kind)
				break
			}
			break
		}
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				for e := range it {
					assert.Equal(t, "a", e.Value.User)
					break
				}
			})
		}
		wg.Wait()
	})
	t.Run("writes and watches inside", func(t *testing.T) {
		n := 0
		for e, err := range state.WatchAll(ctx, s, followed) {
			require.NoError(t, err)
			if n++; n == 5 {
				break
			}
			require.NoError(t, e.Key.Set(ctx, s, session{User: fmt.Sprint(n)}))
			for range state.Watch(ctx, s, e.Key) {
				break
			}
		}
	})
	t.Run("closes inside", func(t *testing.T) {
		for _, all := range []bool{false, true} {
			s := openOn(t, srv.Options(), state.Options{Observer: obs})
			var last error
			if all {
				for _, err := range state.WatchAll(ctx, s, followed) {
					last = err
					require.NoError(t, s.Close())
				}
			} else {
				for _, err := range state.Watch(ctx, s, k) {
					last = err
					require.NoError(t, s.Close())
				}
			}
			require.ErrorIs(t, last, state.ErrClosed)
		}
	})
}

// P, Q
func TestAbuseEndsAtAnyTime(t *testing.T) {
	srv := redistest.Start(t)
	writer := openOn(t, srv.Options(), state.Options{})
	for i := range 50 {
		require.NoError(t, followed.Key(fmt.Sprint(i)).Set(t.Context(), writer, session{User: "a"}))
	}
	before := runtime.NumGoroutine()
	obs := &balance{}
	why := errors.New("why")
	for i := range 400 {
		client := redis.NewClient(srv.Options())
		s, err := state.New(client, state.Options{EnableSet: true, EnableScan: true, Observer: obs, WatchInterval: 5 * time.Millisecond})
		require.NoError(t, err)
		ctx, cancel := context.WithCancelCause(t.Context())
		var wg sync.WaitGroup
		want := state.ErrClosed
		if i%2 == 0 {
			want = why
		}
		ends := func(name string, err error) {
			if !errors.Is(err, want) {
				t.Errorf("%s ends with %v", name, err)
			}
			if text := fmt.Sprintf("%+v %v %s", err, err, err); strings.Contains(text, "secret") {
				t.Error(text)
			}
		}
		wg.Go(func() {
			var last error
			for _, last = range state.Watch(ctx, s, followed.Key("secret")) {
			}
			ends("Watch", last)
		})
		wg.Go(func() {
			var last error
			for _, last = range state.WatchAll(ctx, s, followed) {
			}
			ends("WatchAll", last)
		})
		wg.Go(func() {
			_, err := state.GetOrWait(ctx, s, followed.Key("secret"))
			ends("GetOrWait", err)
		})
		wg.Go(func() {
			_, err := state.Changed(ctx, s, followed.Key("secret"), state.Absent())
			ends("Changed", err)
		})
		time.Sleep(time.Duration(rand.IntN(8000)) * time.Microsecond)
		if i%2 == 0 {
			cancel(why)
		} else {
			require.NoError(t, s.Close())
		}
		wg.Wait()
		cancel(nil)
		require.NoError(t, s.Close())
		require.NoError(t, client.Close())
	}
	assert.Equal(t, obs.begun.Load(), obs.ended.Load())
	settled(t, before)
}

// Others write too, and the server tells of it.
func TestAbuseForeignChurn(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t, redistest.WithConfig("notify-keyspace-events KA"))
	admin := srv.Client(t)
	abuseForeign(t, admin, openOn(t, srv.Options(), state.Options{WatchInterval: time.Hour}), openOn(t, srv.Options(), state.Options{}), func(int) {
		_ = admin.Do(t.Context(), "CLIENT", "KILL", "TYPE", "pubsub").Err()
	})
}

// Slots move all the time, and all writes are the library's.
func TestAbuseClusterChurn(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3, 0)
	s := openClient(t, cluster.Client(t), state.Options{WatchInterval: time.Hour})
	abuseForeign(t, nil, s, openClient(t, cluster.Client(t), state.Options{}), func(i int) {
		name, _ := followed.Key(fmt.Sprint(i % 60)).Name(s)
		if err := cluster.MoveSlot(t.Context(), redistest.Slot(name)); err != nil {
			t.Log(err)
		}
	})
}

func abuseForeign(t *testing.T, admin *redis.Client, s, writer *state.Store, disturb func(int)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	last := map[string]string{}
	lastOne := map[string]string{}
	var wg sync.WaitGroup
	note := func(to map[string]string, name string, found bool, v string) {
		mu.Lock()
		defer mu.Unlock()
		if found {
			to[name] = v
		} else {
			delete(to, name)
		}
	}
	wg.Go(func() {
		for e, err := range state.WatchAll(ctx, s, followed) {
			if err != nil {
				if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
				return
			}
			name, _ := e.Key.Name(s)
			note(last, name, e.Found, e.Value.User)
		}
	})
	const n = 60
	for i := range n {
		wg.Go(func() {
			k := followed.Key(fmt.Sprint(i))
			name, _ := k.Name(s)
			for e, err := range state.Watch(ctx, s, k) {
				if err != nil {
					if !errors.Is(err, context.Canceled) {
						t.Error(err)
					}
					return
				}
				note(lastOne, name, e.Found, e.Value.User)
			}
		})
	}
	stop := time.Now().Add(8 * time.Second)
	var writers sync.WaitGroup
	for g := range 3 {
		writers.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(g), 7))
			for time.Now().Before(stop) {
				time.Sleep(time.Duration(rng.IntN(2000)) * time.Microsecond)
				k := followed.Key(fmt.Sprint(rng.IntN(n)))
				name, _ := k.Name(s)
				v := session{User: fmt.Sprint(rng.IntN(3))}
				c := rng.IntN(9)
				if admin == nil {
					c = rng.IntN(4)
				}
				switch c {
				case 0:
					_ = k.Set(ctx, writer, v)
				case 1:
					_ = k.Set(ctx, writer, v, state.TTL(time.Duration(1+rng.IntN(300))*time.Millisecond))
				case 2:
					_ = remove(ctx, writer, k)
				case 3:
					_ = state.Touch(ctx, writer, k, state.TTL(time.Duration(1+rng.IntN(100))*time.Millisecond))
				case 4, 5:
					_ = admin.Set(ctx, name, fmt.Sprintf(`{"user":"f%d"}`, rng.IntN(3)), time.Duration(rng.IntN(2))*time.Second).Err()
				case 6:
					_ = admin.Del(ctx, name).Err()
				case 7:
					_ = admin.PExpire(ctx, name, time.Duration(1+rng.IntN(100))*time.Millisecond).Err()
				default:
					_ = admin.Persist(ctx, name).Err()
				}
			}
		})
	}
	writers.Go(func() {
		for i := 0; time.Now().Before(stop.Add(-100 * time.Millisecond)); i++ {
			time.Sleep(250 * time.Millisecond)
			disturb(i)
		}
	})
	writers.Wait()
	time.Sleep(2200 * time.Millisecond) // beyond the lives of up to a second
	want := map[string]string{}
	for kv, err := range state.All(ctx, writer, followed) {
		require.NoError(t, err)
		name, _ := kv.Key.Name(s)
		want[name] = kv.Value.User
	}
	mu.Lock()
	assert.Equal(t, want, last)
	assert.Equal(t, want, lastOne)
	mu.Unlock()
	t.Log(len(want), "keys")
	cancel()
	wg.Wait()
}

// Each value says how often its key was written, so that each event can be held
// against what it says that it skips.
func TestAbuseCounts(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	admin := srv.Client(t)
	s, writer := openOn(t, srv.Options(), state.Options{WatchInterval: time.Second}), openOn(t, srv.Options(), state.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	const n = 20
	for i := range n {
		require.NoError(t, followed.Key(fmt.Sprint(i)).Set(ctx, writer, session{User: "1"}))
	}
	var wg sync.WaitGroup
	var events, bad, over, gaps atomic.Int64
	judge := func(from, to, skipped int, gap bool, who string) {
		events.Add(1)
		switch jumped := to - from - 1; {
		case gap:
			gaps.Add(1)
		case from > 0 && skipped < jumped:
			bad.Add(1)
			t.Logf("%s: from %d to %d, Skipped %d", who, from, to, skipped)
		case from > 0 && skipped > jumped:
			over.Add(1)
		}
	}
	wg.Go(func() {
		last := map[state.Key[session]]int{}
		broken := map[state.Key[session]]bool{} // after a gap only the keys whose value has changed say so
		for e, err := range state.WatchAll(ctx, s, followed) {
			if err != nil {
				return
			}
			var v int
			_, _ = fmt.Sscan(e.Value.User, &v)
			judge(last[e.Key], v, e.Skipped, e.Gap, "all")
			last[e.Key] = v
			_ = broken
			if rand.IntN(20) == 0 {
				time.Sleep(time.Duration(rand.IntN(5)) * time.Millisecond)
			}
		}
	})
	for i := range n {
		wg.Go(func() {
			last := 0
			for e, err := range state.Watch(ctx, s, followed.Key(fmt.Sprint(i))) {
				if err != nil {
					return
				}
				var v int
				_, _ = fmt.Sscan(e.Value.User, &v)
				judge(last, v, e.Skipped, e.Gap, "one")
				last = v
				if rand.IntN(20) == 0 {
					time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
				}
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	stop := time.Now().Add(8 * time.Second)
	var writers sync.WaitGroup
	for g := range 4 {
		writers.Go(func() {
			v := map[int]int{}
			for time.Now().Before(stop) {
				i := g*5 + rand.IntN(5)
				v[i]++
				if err := followed.Key(fmt.Sprint(i)).Set(ctx, writer, session{User: fmt.Sprint(v[i] + 1)}); err != nil {
					t.Error(err)
				}
				if rand.IntN(50) == 0 {
					time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
				}
			}
		})
	}
	writers.Go(func() {
		for time.Now().Before(stop.Add(-100 * time.Millisecond)) {
			time.Sleep(500 * time.Millisecond)
			_ = admin.Do(ctx, "CLIENT", "KILL", "TYPE", "pubsub").Err()
		}
	})
	writers.Wait()
	time.Sleep(time.Second)
	cancel()
	wg.Wait()
	t.Logf("%d events, %d with a gap, %d say too little, %d too much", events.Load(), gaps.Load(), bad.Load(), over.Load())
	assert.Zero(t, bad.Load())
	assert.Zero(t, over.Load())
}

// Keys come and go, each of another name.
func TestAbusePassersBy(t *testing.T) {
	srv := redistest.Start(t)
	s, writer := openOn(t, srv.Options(), state.Options{WatchInterval: time.Hour}), openOn(t, srv.Options(), state.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	kinds := map[string]int{}
	var events atomic.Int64
	found := map[string]bool{}
	var wg sync.WaitGroup
	wg.Go(func() {
		for e, err := range state.WatchAll(ctx, s, followed) {
			if err != nil {
				return
			}
			events.Add(1)
			kinds[e.Kind.String()]++
			name, _ := e.Key.Name(s)
			if e.Found {
				found[name] = true
			} else {
				delete(found, name)
			}
		}
	})
	time.Sleep(100 * time.Millisecond)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var before uint64
	for round := range 60 {
		var values []state.KeyValue[session]
		for i := range 1000 {
			values = append(values, state.KeyValue[session]{Key: followed.Key(fmt.Sprint(round, "-", i)), Value: session{User: "x"}})
		}
		_, err := state.SetMany(ctx, writer, values, state.TTL(time.Duration(1+rand.IntN(50))*time.Millisecond))
		require.NoError(t, err)
		if round == 10 {
			time.Sleep(200 * time.Millisecond)
			before = heap()
		}
	}
	time.Sleep(1500 * time.Millisecond)
	after := heap()
	cancel()
	wg.Wait()
	t.Logf("%d events, %v, %d KiB more", events.Load(), kinds, (int64(after)-int64(before))>>10)
	assert.Empty(t, found)
	assert.Less(t, int64(after)-int64(before), int64(2<<20))
}

// A key is set and removed in turn by this library alone, for ever, so no event may
// say that it is not known why a value is gone.
func TestAbuseToggling(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	s, writer := openOn(t, srv.Options(), state.Options{WatchInterval: time.Hour}), openOn(t, srv.Options(), state.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	blink := state.Define("blink:<id>", state.FamilyOptions[session]{Persist: "a test", Watch: true})
	k := blink.Key("1")
	var wg sync.WaitGroup
	var mu sync.Mutex
	kinds := map[string]int{}
	total := 0
	first := make(chan struct{})
	wg.Go(func() {
		n := 0
		for e, err := range state.Watch(ctx, s, k) {
			if err != nil {
				return
			}
			if n++; n == 1 {
				close(first)
				continue
			}
			mu.Lock()
			total += 1 + e.Skipped
			kinds["long "+e.Kind.String()]++
			mu.Unlock()
		}
	})
	<-first
	time.Sleep(100 * time.Millisecond)
	stop := time.Now().Add(6 * time.Second)
	for range 8 { // who come and go
		wg.Go(func() {
			for time.Now().Before(stop) {
				n := 0
				for e, err := range state.Watch(ctx, s, k) {
					if err != nil {
						return
					}
					mu.Lock()
					kinds["short "+e.Kind.String()]++
					mu.Unlock()
					if n++; n == 4 {
						break
					}
				}
			}
		})
	}
	written := 0
	for time.Now().Before(stop) {
		require.NoError(t, k.Set(ctx, writer, session{User: fmt.Sprint(written % 2)}))
		require.NoError(t, remove(ctx, writer, k))
		written += 2
		if rand.IntN(10) == 0 {
			time.Sleep(time.Duration(rand.IntN(3000)) * time.Microsecond)
		}
	}
	time.Sleep(time.Second)
	cancel()
	wg.Wait()
	t.Log(written, "written,", total, "shown or skipped,", kinds)
	assert.Zero(t, kinds["short gone"]+kinds["long gone"]+kinds["short expired"]+kinds["long expired"])
	assert.Equal(t, written, total)
}

// A Cluster in which nothing happens makes no gaps.
func TestAbuseQuietCluster(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3, 1)
	s := openClient(t, cluster.Client(t), state.Options{WatchInterval: time.Hour})
	all := follow(t, func(ctx context.Context) iter.Seq2[state.KeyEvent[session], error] {
		return state.WatchAll(ctx, s, followed)
	})
	one := follow(t, watching(s, followed.Key("1")))
	one.next()
	for i := range 14 {
		time.Sleep(time.Second)
		require.NoError(t, followed.Key("1").Set(t.Context(), s, session{User: fmt.Sprint(i)}))
		assert.False(t, one.next().Gap)
		e := all.next()
		assert.False(t, e.Gap)
		assert.Equal(t, fmt.Sprint(i), e.Value.User)
	}
}

// A network that swallows what is published, and then no longer does.
func TestAbuseDarkSubscription(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	writer := openOn(t, srv.Options(), state.Options{})
	d := delayed(t, srv.Addr())
	o := srv.Options()
	o.Addr = d.addr
	s := openOn(t, o, state.Options{WatchInterval: time.Hour})
	k := followed.Key("1")
	f := follow(t, watching(s, k))
	f.next()
	time.Sleep(50 * time.Millisecond)
	d.subDown.Store(int64(time.Hour))
	require.NoError(t, k.Set(t.Context(), writer, session{User: "a"}))
	time.Sleep(4 * time.Second)
	require.NoError(t, k.Set(t.Context(), writer, session{User: "b"}))
	d.subDown.Store(0)
	begin := time.Now()
	e := f.next()
	t.Logf("%v %s gap=%v skipped=%d after %v", e.Value, e.Kind, e.Gap, e.Skipped, time.Since(begin))
	assert.True(t, e.Gap)
	assert.Equal(t, "b", e.Value.User)
}

// The server is frozen for a while.
func TestAbuseFrozen(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	s, writer := openOn(t, srv.Options(), state.Options{WatchInterval: time.Hour}), openOn(t, srv.Options(), state.Options{})
	k := followed.Key("1")
	f := follow(t, watching(s, k))
	f.next()
	srv.Pause(t)
	time.Sleep(4 * time.Second)
	srv.Resume(t)
	require.NoError(t, k.Set(t.Context(), writer, session{User: "b"}))
	begin := time.Now()
	for {
		e := f.next()
		t.Logf("%v %s gap=%v skipped=%d after %v", e.Value, e.Kind, e.Gap, e.Skipped, time.Since(begin))
		if e.Found {
			break
		}
	}
}
