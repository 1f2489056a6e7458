package listen_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/listen"
	"github.com/typedstate/typedstate/internal/redistest"
)

// linger is how long a connection stays that nobody needs.
const linger = 5 * time.Second

// connections returns how many connections of the server are subscribed.
func connections(t *testing.T, client *redis.Client) int {
	t.Helper()
	list, err := client.Do(within(t, soon), "CLIENT", "LIST", "TYPE", "pubsub").Text()
	require.NoError(t, err)
	return strings.Count(list, "\n")
}

func kill(t *testing.T, client *redis.Client) {
	t.Helper()
	require.NoError(t, client.Do(within(t, soon), "CLIENT", "KILL", "TYPE", "pubsub").Err())
}

func TestHearsAnnouncementsAndEvents(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	for _, protocol := range []int{2, 3} {
		t.Run(fmt.Sprint("RESP", protocol), func(t *testing.T) {
			o := srv.Options()
			o.DB, o.Protocol = protocol, protocol
			client := redis.NewClient(o)
			t.Cleanup(func() { _ = client.Close() })
			ctx := within(t, soon)
			require.NoError(t, client.ConfigSet(ctx, "notify-keyspace-events", "KA").Err())
			h := newHub(t, client)
			one, _ := record(h, key("a:1"))
			all, _ := record(h, pattern("a:*"))
			one.ready(t, 1)
			all.ready(t, 1)
			publish(t, client, "b:1", "not wanted")
			publish(t, client, "a:2", "second")
			require.NoError(t, client.Set(ctx, "a:2", "v", 0).Err())
			publish(t, client, "a:1", "first")
			require.NoError(t, client.Set(ctx, "a:1", "v", 0).Err())
			require.NoError(t, client.Del(ctx, "a:1").Err())
			last := listen.Message{Key: "a:1", Text: "del", Native: true}
			one.hears(t, last)
			all.hears(t, last)
			mine := []listen.Message{{Key: "a:1", Text: "first"}, {Key: "a:1", Text: "set", Native: true}, last}
			_, got := one.snapshot()
			assert.Equal(t, mine, got)
			calls, got := all.snapshot()
			assert.Equal(t, append([]listen.Message{{Key: "a:2", Text: "second"}, {Key: "a:2", Text: "set", Native: true}}, mine...), got)
			assert.Equal(t, []string{"ready"}, calls)
		})
	}
}

func TestPermissionForAnnouncementsAloneIsEnough(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t, redistest.WithUser("app", "pw", "resetchannels", "&app:*", "&app:*:__watch", "+@all", "~*"),
		redistest.WithUser("bare", "pw", "resetchannels", "&app:*", "&app:*:__watch", "-@all", "+subscribe", "+psubscribe", "+unsubscribe", "+punsubscribe"))
	for _, user := range []string{"app", "bare"} {
		t.Run(user, func(t *testing.T) {
			h := newHub(t, srv.ClientAs(t, user))
			var all []*recorder
			for i := range 1200 {
				r, _ := record(h, key(fmt.Sprint("app:", i)))
				all = append(all, r)
			}
			wide, _ := record(h, pattern("app:*"))
			// Those that may not be heard go in the same commands as those that may.
			var foreign []*recorder
			for i := range 20 {
				r, _ := record(h, key(fmt.Sprint("other:", i)))
				foreign = append(foreign, r)
			}
			for _, r := range append(all, wide) {
				r.ready(t, 1)
			}
			for _, r := range foreign {
				require.ErrorContains(t, r.failed(t), "NOPERM")
			}
			admin := srv.Client(t)
			publish(t, admin, "app:7", "x")
			all[7].hears(t, listen.Message{Key: "app:7", Text: "x"})
			wide.hears(t, listen.Message{Key: "app:7", Text: "x"})
			calls, _ := all[7].snapshot()
			assert.Equal(t, []string{"ready"}, calls)

			late, _ := record(h, key("app:late"))
			late.ready(t, 1)
			// Long enough for a PING, which one of them may not send.
			time.Sleep(time.Second)
			assert.Equal(t, []string{"ready"}, late.history())
		})
	}
}

func TestAFencePassesWithoutPermissionToPing(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t, redistest.WithUser("mute", "pw", "allchannels", "+@all", "-ping", "~*"))
	h := newHub(t, srv.ClientAs(t, "mute"))
	r, _ := record(h, key("a"))
	r.ready(t, 1)
	for i := range 3 {
		m := listen.Message{Key: "a", Text: strconv.Itoa(i)}
		publish(t, srv.Client(t), m.Key, m.Text)
		passed := make(chan int, 1)
		h.Fence(key("a"), func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			passed <- r.times(m)
		})
		select {
		case heard := <-passed:
			assert.Equal(t, 1, heard, "it comes after what was published before")
		case <-time.After(soon):
			require.FailNow(t, "the fence is lost")
		}
	}
	time.Sleep(2500 * time.Millisecond) // longer than a node may be silent
	assert.Equal(t, []string{"ready"}, r.history())
}

func TestOneConnectionForAllListeners(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	client := srv.Client(t)
	h := newHub(t, client)
	var stops []func()
	var all []*recorder
	for i := range 50 {
		r, stop := record(h, key(fmt.Sprint("k:", i%20)))
		all, stops = append(all, r), append(stops, stop)
	}
	for _, r := range all {
		r.ready(t, 1)
	}
	assert.Equal(t, 1, connections(t, client))
	publish(t, client, "k:3", "x")
	for i, r := range all {
		if i%20 == 3 {
			r.hears(t, listen.Message{Key: "k:3", Text: "x"})
		}
	}
	stops[3]()
	stops[3]()
	publish(t, client, "k:3", "y")
	all[23].hears(t, listen.Message{Key: "k:3", Text: "y"})
	_, got := all[3].snapshot()
	assert.Len(t, got, 1, "it has stopped")
	for _, stop := range stops {
		stop()
	}
	require.Eventually(t, func() bool {
		n, err := client.PubSubChannels(within(t, soon), "*").Result()
		return err == nil && len(n) == 0
	}, linger/2, 10*time.Millisecond)
}

func TestComesBackAfterAKill(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	client := srv.Client(t)
	h := newHub(t, client)
	one, _ := record(h, key("a"))
	all, _ := record(h, pattern("*"))
	for i := range 3 {
		one.ready(t, i+1)
		all.ready(t, i+1)
		publish(t, client, "a", strconv.Itoa(i))
		one.hears(t, listen.Message{Key: "a", Text: strconv.Itoa(i)})
		all.hears(t, listen.Message{Key: "a", Text: strconv.Itoa(i)})
		if i < 2 {
			kill(t, client)
		}
	}
	time.Sleep(100 * time.Millisecond)
	for _, r := range []*recorder{one, all} {
		calls, _ := r.snapshot()
		assert.Equal(t, []string{"ready", "lost", "ready", "lost", "ready"}, calls)
	}
	assert.Equal(t, 1, connections(t, client))
	assert.EqualValues(t, 3, client.PoolStats().PubSubStats.Created, "go-redis makes none of its own")
}

func TestWaitsForAServerThatIsDown(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	srv.Kill(t)
	h := newHub(t, srv.Client(t))
	r, _ := record(h, key("a"))
	r.await(t, "lost three times", func() bool { return r.count("lost") >= 3 })
	srv.Restart(t)
	r.ready(t, 1)
	publish(t, srv.Client(t), "a", "x")
	r.hears(t, listen.Message{Key: "a", Text: "x"})
}

func TestNoticesABlackHole(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	p := redistest.StartProxy(t, srv.Addr())
	o := srv.Options()
	o.Addr = p.Addr()
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	h := newHub(t, client)
	r, _ := record(h, key("a"))
	r.ready(t, 1)
	p.Blackhole(true)
	began := time.Now()
	r.lost(t)
	took := time.Since(began)
	t.Log("noticed after", took)
	assert.Less(t, took, 3*time.Second)
	p.Blackhole(false)
	r.ready(t, 2)
	publish(t, srv.Client(t), "a", "x")
	r.hears(t, listen.Message{Key: "a", Text: "x"})
}

func TestIdleConnectionStays(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	client := srv.Client(t)
	h := newHub(t, client)
	r, _ := record(h, key("a"))
	r.ready(t, 1)
	time.Sleep(2500 * time.Millisecond)
	calls, _ := r.snapshot()
	assert.Equal(t, []string{"ready"}, calls)
}

func TestManyListenersComeAndGo(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	client := srv.Client(t)
	h := newHub(t, client)
	const n = 2000
	began := time.Now()
	for round := range 3 {
		all := make([]*recorder, n)
		stops := make([]func(), n)
		for i := range all {
			all[i], stops[i] = record(h, key(fmt.Sprint("k:", i)))
		}
		for i := 0; i < n; i += 2 {
			stops[i]()
			all[i], stops[i] = record(h, key(fmt.Sprint("k:", i)))
		}
		for _, r := range all {
			r.ready(t, 1)
		}
		text := strconv.Itoa(round)
		for _, i := range []int{0, 1, n - 2, n - 1} {
			publish(t, client, fmt.Sprint("k:", i), text)
			all[i].hears(t, listen.Message{Key: fmt.Sprint("k:", i), Text: text})
		}
		for _, stop := range stops {
			stop()
		}
	}
	t.Log(3*n, "listeners took", time.Since(began))
	require.Eventually(t, func() bool {
		names, err := client.PubSubChannels(within(t, soon), "*").Result()
		return err == nil && len(names) == 0
	}, linger/2, 10*time.Millisecond, "nothing stays subscribed")
}

func TestCloseFailsListenersAndEndsEverything(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	client := srv.Client(t)
	h := newHub(t, client)
	a, _ := record(h, key("a"))
	b, stop := record(h, key("b"))
	a.ready(t, 1)
	b.ready(t, 1)
	stop()
	h.Close()
	calls, _ := a.snapshot()
	assert.Equal(t, []string{"ready", "failed"}, calls, "by when Close returns")
	require.ErrorIs(t, a.failed(t), listen.ErrClosed)
	calls, _ = b.snapshot()
	assert.Equal(t, []string{"ready"}, calls)
	h.Close()
	c, stop := record(h, key("c"))
	require.ErrorIs(t, c.failed(t), listen.ErrClosed)
	stop()
	calls, _ = a.snapshot()
	assert.Len(t, calls, 2, "it is told once")
	require.Eventually(t, func() bool { return connections(t, client) == 0 }, soon, 10*time.Millisecond)
}

func TestClosedClientFailsListeners(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	client := srv.Client(t)
	h := newHub(t, client)
	r, _ := record(h, key("a"))
	r.ready(t, 1)
	require.NoError(t, client.Close())
	require.ErrorIs(t, r.failed(t), redis.ErrClosed)
	r, _ = record(h, key("b"))
	require.ErrorIs(t, r.failed(t), redis.ErrClosed)
}

// go-redis's dialer for TLS does not look at its context.
func TestComesBackOverTLS(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t, redistest.WithTLS())
	client := srv.Client(t)
	h := newHub(t, client)
	r, _ := record(h, key("a"))
	for i := range 3 {
		r.ready(t, i+1)
		publish(t, client, "a", strconv.Itoa(i))
		r.hears(t, listen.Message{Key: "a", Text: strconv.Itoa(i)})
		if i < 2 {
			kill(t, client)
		}
	}
	time.Sleep(100 * time.Millisecond)
	calls, got := r.snapshot()
	assert.Equal(t, []string{"ready", "lost", "ready", "lost", "ready"}, calls)
	assert.Len(t, got, 3)
	assert.Equal(t, 1, connections(t, client))
}

func TestClientThatWrapsOneOfGoRedis(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	client := srv.Client(t)
	require.NoError(t, client.ConfigSet(within(t, soon), "notify-keyspace-events", "KA").Err())
	h := newHub(t, struct{ redis.UniversalClient }{client})
	r, _ := record(h, key("a"))
	r.ready(t, 1)
	require.NoError(t, client.Set(within(t, soon), "a", "v", 0).Err())
	publish(t, client, "a", "x")
	r.hears(t, listen.Message{Key: "a", Text: "x"})
	_, got := r.snapshot()
	assert.Len(t, got, 1, "the database is not known")
}

func TestCloseDoesNotWaitForAServer(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	p := redistest.StartProxy(t, srv.Addr())
	p.Blackhole(true)
	o := srv.Options()
	o.Addr = p.Addr()
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	h := newHub(t, client)
	r, _ := record(h, key("a"))
	time.Sleep(50 * time.Millisecond)
	began := time.Now()
	h.Close()
	t.Log("closed after", time.Since(began))
	assert.Less(t, time.Since(began), 3*time.Second)
	require.ErrorIs(t, r.failed(t), listen.ErrClosed)
	assert.Equal(t, []string{"failed"}, r.history())
}

// reader knows the newest value as whoever watches does: it reads after each Ready
// and believes messages otherwise.
type reader struct {
	stored *atomic.Int64
	known  atomic.Int64
	breaks atomic.Int64
}

func (r *reader) learn(n int64) {
	for {
		old := r.known.Load()
		if n <= old || r.known.CompareAndSwap(old, n) {
			return
		}
	}
}

func (r *reader) Heard(m listen.Message) {
	n, _ := strconv.ParseInt(m.Text, 10, 64)
	r.learn(n)
}
func (r *reader) Ready()       { r.learn(r.stored.Load()) }
func (r *reader) Lost(error)   { r.breaks.Add(1) }
func (r *reader) Failed(error) {}

func TestNothingIsMissedAcrossBreaks(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	client := srv.Client(t)
	h := newHub(t, client)
	var stored atomic.Int64
	one, all := &reader{stored: &stored}, &reader{stored: &stored}
	h.Listen(key("a"), one)
	h.Listen(pattern("a*"), all)
	for round := range 20 {
		for i := range 10 {
			if i == round%10 {
				kill(t, client)
			}
			n := stored.Add(1)
			publish(t, client, "a", strconv.FormatInt(n, 10))
			time.Sleep(time.Duration(round%4) * time.Millisecond / 2)
		}
		require.Eventually(t, func() bool {
			return one.known.Load() == stored.Load() && all.known.Load() == stored.Load()
		}, soon, time.Millisecond)
	}
	assert.Positive(t, one.breaks.Load())
	t.Log(one.breaks.Load(), "breaks")
}

func TestPermissionThatIsTakenAwayFails(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t, redistest.WithUser("app", "pw", "resetchannels", "&app:*", "+@all", "~*"))
	h := newHub(t, srv.ClientAs(t, "app"))
	kept, _ := record(h, key("app:1"))
	gone, _ := record(h, key("app:2"))
	kept.ready(t, 1)
	gone.ready(t, 1)
	require.NoError(t, srv.Client(t).Do(within(t, soon), "ACL", "SETUSER", "app", "resetchannels", "&app:1*").Err())
	require.ErrorContains(t, gone.failed(t), "NOPERM")
	kept.ready(t, 2)
	assert.Equal(t, []string{"ready", "lost", "ready"}, kept.history())
	assert.Equal(t, []string{"ready", "lost", "failed"}, gone.history())
}

// Each of the two is refused by itself, so that one who may not have the other's
// needs no second attempt.
func TestEventsAreAskedForBySeparateCommands(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	p := redistest.StartProxy(t, srv.Addr())
	o := srv.Options()
	o.Addr = p.Addr()
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	var asked atomic.Int64
	p.SetFault(func(request []string) redistest.Fault {
		if request[0] == "SUBSCRIBE" {
			asked.Add(1)
			for _, name := range request[1:] {
				assert.Equal(t, strings.HasPrefix(request[1], "__keyspace"), strings.HasPrefix(name, "__keyspace"))
			}
		}
		return redistest.Pass
	})
	h := newHub(t, client)
	var all []*recorder
	for i := range 3000 {
		r, _ := record(h, key(fmt.Sprint("k:", i)))
		all = append(all, r)
	}
	for _, r := range all {
		r.ready(t, 1)
	}
	t.Log(asked.Load(), "commands")
	assert.Less(t, asked.Load(), int64(500), "many go together")
}
