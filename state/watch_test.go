package state_test

import (
	"context"
	"iter"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
	"github.com/typedstate/typedstate/state/embedded"
)

// openOn returns a store on a client of its own with those options.
func openOn(t *testing.T, o *redis.Options, options state.Options) *state.Store {
	t.Helper()
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	return openClient(t, client, options)
}

func openClient(t *testing.T, client redis.UniversalClient, options state.Options) *state.Store {
	t.Helper()
	options.EnableSet, options.EnableRemove, options.EnableScan = true, true, true
	s, err := state.New(client, options)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

// around calls what it holds before and after each EVALSHA_RO, which is how a watch
// reads.
type around struct{ before, after func() }

func (around) DialHook(next redis.DialHook) redis.DialHook { return next }

func (a around) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		reads := strings.HasPrefix(cmd.Name(), "eval")
		if reads && a.before != nil {
			a.before()
		}
		err := next(ctx, cmd)
		if reads && err == nil && a.after != nil { // and not where the server did not know the script
			a.after()
		}
		return err
	}
}

func (a around) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// A write is put where a watch that subscribed too late, or read too early, would
// never hear of it.
func TestNoWriteIsLostWhileAWatchBegins(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	writer := openOn(t, srv.Options(), state.Options{})
	for name, hook := range map[string]func(write func()) around{
		"before the first read": func(write func()) around { return around{before: write} },
		"after the first read":  func(write func()) around { return around{after: write} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := followed.Key(name)
			require.NoError(t, k.Set(t.Context(), writer, session{User: "old"}))
			o := srv.Options()
			o.MaxRetries = -1
			client := redis.NewClient(o)
			t.Cleanup(func() { _ = client.Close() })
			var once sync.Once
			client.AddHook(hook(func() {
				once.Do(func() { assert.NoError(t, k.Set(t.Context(), writer, session{User: "new"})) })
			}))
			f := follow(t, watching(openClient(t, client, state.Options{}), k))
			e := f.next()
			assert.Equal(t, state.EventCurrent, e.Kind)
			if name == "after the first read" {
				assert.Equal(t, "old", e.Value.User)
				e = f.next()
				assert.Equal(t, state.EventSet, e.Kind)
				assert.Zero(t, e.Skipped)
			}
			assert.Equal(t, "new", e.Value.User)
			f.none()
			require.NoError(t, k.Set(t.Context(), writer, session{User: "newer"}))
			e = f.next()
			assert.Equal(t, "newer", e.Value.User)
			assert.Zero(t, e.Skipped, "what was announced while the watch began is not skipped")
		})
	}
}

// killSubscribers breaks all subscriptions, after which changes happen that nobody
// hears of.
func killSubscribers(t *testing.T, admin *redis.Client, meanwhile func()) {
	t.Helper()
	// Nobody can come back before both are done.
	_, err := admin.TxPipelined(t.Context(), func(p redis.Pipeliner) error {
		p.Do(t.Context(), "CLIENT", "KILL", "TYPE", "pubsub")
		return nil
	})
	require.NoError(t, err)
	meanwhile()
}

func TestAWatchReadsAgainAfterABreakAndSaysSo(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	admin := srv.Client(t)
	proxy := redistest.StartProxy(t, srv.Addr())
	o := srv.Options()
	o.Addr = proxy.Addr()
	s, writer := openOn(t, o, state.Options{WatchInterval: time.Hour}), openOn(t, srv.Options(), state.Options{})
	ctx := t.Context()
	set, gone, same := followed.Key("set"), followed.Key("gone"), followed.Key("same")
	for _, k := range []state.Key[session]{set, gone, same} {
		require.NoError(t, k.Set(ctx, writer, session{User: "old"}))
	}
	watchers := map[string]*follower[state.Event[session]]{}
	for name, k := range map[string]state.Key[session]{"set": set, "gone": gone, "same": same, "absent": followed.Key("absent")} {
		watchers[name] = follow(t, watching(s, k))
		watchers[name].next()
	}
	all := follow(t, func(ctx context.Context) iter.Seq2[state.KeyEvent[session], error] {
		return state.WatchAll(ctx, s, followed)
	})
	for range 3 {
		all.next()
	}
	proxy.Refuse(true)
	killSubscribers(t, admin, func() {
		require.NoError(t, set.Set(ctx, writer, session{User: "new"}))
		require.NoError(t, remove(ctx, writer, gone))
	})
	proxy.Refuse(false)
	for name, want := range map[string]state.EventKind{
		"set": state.EventSet, "gone": state.EventGone, "same": state.EventCurrent, "absent": state.EventCurrent,
	} {
		e := watchers[name].next()
		assert.Equal(t, want.String(), e.Kind.String(), name)
		assert.True(t, e.Gap, name)
		watchers[name].none()
	}
	kinds := map[state.Key[session]]state.EventKind{}
	for range 2 {
		e := all.next()
		kinds[e.Key] = e.Kind
		assert.True(t, e.Gap)
	}
	assert.Equal(t, map[state.Key[session]]state.EventKind{set: state.EventSet, gone: state.EventGone}, kinds)
	all.none()
	require.NoError(t, same.Set(ctx, writer, session{User: "new"}))
	assert.False(t, watchers["same"].next().Gap)
	assert.False(t, all.next().Gap)
}

func TestForeignWritesAreNoticedAtOnceWhereTheServerTells(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t, redistest.WithConfig("notify-keyspace-events KEA"))
	admin := srv.Client(t)
	s := openOn(t, srv.Options(), state.Options{WatchInterval: time.Hour, Prefix: "shop:"})
	k := followed.Key("1")
	name, err := k.Name(s)
	require.NoError(t, err)
	ctx := t.Context()
	f := follow(t, watching(s, k))
	f.next()
	require.NoError(t, followed.Key("0").Set(ctx, s, session{}))
	all := follow(t, func(ctx context.Context) iter.Seq2[state.KeyEvent[session], error] {
		return state.WatchAll(ctx, s, followed)
	})
	all.next()
	for i, step := range []struct {
		act  func() error
		want state.EventKind
	}{
		{func() error { return admin.Set(ctx, name, `{"user":"ann"}`, time.Minute).Err() }, state.EventSet},
		{func() error { return admin.PExpire(ctx, name, time.Hour).Err() }, state.EventSet},
		{func() error { return admin.Del(ctx, name).Err() }, state.EventRemoved},
		{func() error { return admin.Set(ctx, name, `{"user":"bea"}`, 0).Err() }, state.EventSet},
		{func() error { return admin.PExpire(ctx, name, 20*time.Millisecond).Err() }, state.EventSet},
		{func() error { return nil }, state.EventExpired},
		{func() error { return k.Set(ctx, s, session{User: "ann"}) }, state.EventSet},
		{func() error { return remove(ctx, s, k) }, state.EventRemoved},
	} {
		require.NoError(t, step.act())
		e, a := f.next(), all.next()
		t.Logf("step %d: %s %v gap %v skipped %d", i, e.Kind, e.TTL, e.Gap, e.Skipped)
		assert.Equal(t, step.want.String(), e.Kind.String(), "step %d", i)
		assert.Equal(t, step.want.String(), a.Kind.String())
		assert.Zero(t, e.Skipped, "step %d", i)
	}
	f.none()
	all.none()
}

func TestWatchersShareAConnection(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	s := openOn(t, srv.Options(), state.Options{Prefix: "a:"})
	for i := range 50 {
		follow(t, watching(s, followed.Key(strconv.Itoa(i%20)))).next()
	}
	follow(t, func(ctx context.Context) iter.Seq2[state.KeyEvent[session], error] {
		return state.WatchAll(ctx, s.Tenant("x"), followed)
	})
	list, err := srv.Client(t).Do(t.Context(), "CLIENT", "LIST", "TYPE", "pubsub").Text()
	require.NoError(t, err)
	assert.Equal(t, 1, strings.Count(list, "\n"), list)
}

func TestAWatchThatCannotBeginFails(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	s := openOn(t, srv.Options(), state.Options{})
	srv.Kill(t)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	for _, err := range state.Watch(ctx, s, followed.Key("1")) {
		require.ErrorIs(t, err, context.DeadlineExceeded)
	}
	if testing.Short() {
		return
	}
	begins := time.Now()
	for _, err := range state.Watch(t.Context(), s, followed.Key("1")) {
		require.Error(t, err)
		assert.NotContains(t, err.Error(), "followed:1")
		assert.WithinDuration(t, begins.Add(10*time.Second), time.Now(), 3*time.Second)
	}
}

func TestAWatchOutlastsARestart(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	s := openOn(t, srv.Options(), state.Options{WatchInterval: 50 * time.Millisecond})
	f := follow(t, watching(s, followed.Key("1")))
	f.next()
	srv.Kill(t)
	time.Sleep(200 * time.Millisecond)
	srv.Restart(t)
	require.NoError(t, followed.Key("1").Set(t.Context(), s, session{User: "ann"}))
	for {
		if e := f.next(); e.Found {
			assert.Equal(t, "ann", e.Value.User)
			return
		}
	}
}

func TestAWatchFollowsTheOwnerOfItsKey(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3, 1)
	s := openClient(t, cluster.Client(t), state.Options{WatchInterval: time.Hour})
	writer := openClient(t, cluster.Client(t), state.Options{})
	ctx := t.Context()
	k := followed.Key("1")
	name, err := k.Name(s)
	require.NoError(t, err)
	f := follow(t, watching(s, k))
	f.next()
	all := follow(t, func(ctx context.Context) iter.Seq2[state.KeyEvent[session], error] {
		return state.WatchAll(ctx, s, followed)
	})
	written := 0
	arrives := func(within time.Duration) {
		t.Helper()
		written++
		user := strconv.Itoa(written)
		require.NoError(t, k.Set(ctx, writer, session{User: user}))
		late := time.Now().Add(within)
		for seen := ""; seen != user; {
			seen = f.next().Value.User
		}
		for seen := ""; seen != user; {
			seen = all.next().Value.User
		}
		assert.True(t, time.Now().Before(late), "the event of write %s is late", user)
	}
	arrives(time.Second)
	require.NoError(t, cluster.MoveSlot(ctx, redistest.Slot(name)))
	for range 20 {
		arrives(time.Second)
		time.Sleep(100 * time.Millisecond)
	}
	require.NoError(t, cluster.Failover(ctx, name))
	arrives(10 * time.Second)
	owner, err := cluster.Owner(name)
	require.NoError(t, err)
	owner.Kill(t)
	_, err = cluster.AwaitOwnerChange(ctx, name, owner)
	require.NoError(t, err)
	arrives(20 * time.Second)
	for range 3 {
		arrives(time.Second)
	}
}

func TestAWatchSurvivesAFailover(t *testing.T) {
	t.Parallel()
	d := redistest.StartSentinel(t, 2, 3)
	s, writer := openClient(t, d.Client(t), state.Options{WatchInterval: time.Hour}), openClient(t, d.Client(t), state.Options{})
	ctx := t.Context()
	k := followed.Key("1")
	f := follow(t, watching(s, k))
	f.next()
	require.NoError(t, d.Failover(ctx))
	require.NoError(t, k.Set(ctx, writer, session{User: "ann"}))
	gap := false
	for {
		e := f.next()
		gap = gap || e.Gap
		if e.Value.User == "ann" {
			break
		}
	}
	assert.True(t, gap || !f.next().Gap, "a failover breaks the connection, and an event says so")
}

// The consumer sleeps while far more is written than it may hold.
func TestASlowConsumerCostsNoMemory(t *testing.T) {
	srv := redistest.Start(t)
	s, writer := openOn(t, srv.Options(), state.Options{}), openOn(t, srv.Options(), state.Options{})
	k := followed.Key("1")
	f := followSlowly(t, watching(s, k))
	f.next()
	big := session{User: strings.Repeat("x", 64<<10)}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	write := func(n int) {
		for range n {
			require.NoError(t, k.Set(t.Context(), writer, big))
		}
	}
	write(100)
	before := heap()
	write(2000) // 125 MiB
	after := heap()
	assert.Less(t, int64(after)-int64(before), int64(4<<20))
	skipped := 0
	for e := f.next(); ; e = f.next() {
		if skipped += 1 + e.Skipped; skipped >= 2100 {
			assert.Equal(t, 2100, skipped)
			return
		}
	}
}

// In a bubble an hour passes at once.
func TestAWatchInABubble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		srv, err := embedded.Start()
		require.NoError(t, err)
		s, err := state.New(srv.Client(), state.Options{EnableSet: true, EnableRemove: true})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		k := followed.Key("1")
		var got []string
		var events atomic.Int64
		done := make(chan struct{})
		go func() {
			defer close(done)
			for e, err := range state.Watch(ctx, s, k) {
				if err != nil {
					assert.ErrorIs(t, err, context.Canceled)
					return
				}
				got = append(got, e.Kind.String())
				events.Add(1)
			}
		}()
		synctest.Wait()
		begins := time.Now()
		require.NoError(t, k.Set(ctx, s, session{}))
		for events.Load() < 3 {
			time.Sleep(time.Minute)
		}
		assert.WithinDuration(t, begins.Add(time.Hour), time.Now(), 2*time.Minute)
		cancel()
		<-done
		assert.Equal(t, []string{"current", "set", "expired"}, got)
		require.NoError(t, s.Close())
		require.NoError(t, srv.Close())
	})
}
