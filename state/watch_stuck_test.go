package state_test

import (
	"context"
	"iter"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

// comes fails the test unless there is an event, or an error, within a while.
func comes[E any](t *testing.T, f *follower[E], within time.Duration) (E, error) {
	t.Helper()
	select {
	case y := <-f.events:
		return y.event, y.err
	case <-time.After(within):
		require.FailNow(t, "neither an event nor an error")
		panic("not reached")
	}
}

// No bytes at all are a value too, though none that JSON reads.
func TestAWatchShowsAnEmptyValue(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	admin := srv.Client(t)
	s := openOn(t, srv.Options(), state.Options{})
	k := followed.Key("1")
	name, err := k.Name(s)
	require.NoError(t, err)
	require.NoError(t, admin.Set(t.Context(), name, "", 0).Err())
	e, err := comes(t, follow(t, watching(s, k)), time.Second)
	require.ErrorAs(t, err, new(*state.DecodeError))
	assert.True(t, e.Found)
}

func TestAWatchThatCannotBeginFailsWithItsDeadline(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	proxy := redistest.StartProxy(t, srv.Addr())
	proxy.SetFault(func(request []string) redistest.Fault {
		if request[0] == "SUBSCRIBE" {
			return redistest.StallReply
		}
		return redistest.Pass
	})
	o := srv.Options()
	o.Addr = proxy.Addr()
	s := openOn(t, o, state.Options{})
	for range 100 {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		for _, err := range state.Watch(ctx, s, followed.Key("1")) {
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		cancel()
	}
}

// The answer to each question takes longer than the watcher waits before it asks again.
func TestASlowSubscriptionShowsForeignWrites(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	proxy := redistest.StartProxy(t, srv.Addr())
	o := srv.Options()
	o.Addr = proxy.Addr()
	s := openOn(t, o, state.Options{WatchInterval: 200 * time.Millisecond})
	k := followed.Key("1")
	name, err := k.Name(s)
	require.NoError(t, err)
	f := follow(t, watching(s, k))
	f.next()
	proxy.SetFault(func(request []string) redistest.Fault {
		if request[0] == "PING" {
			return redistest.Pass.Delayed(1100 * time.Millisecond)
		}
		return redistest.Pass
	})
	require.NoError(t, srv.Client(t).Set(t.Context(), name, `{"user":"ann"}`, 0).Err())
	e, err := comes(t, f, 8*time.Second)
	require.NoError(t, err)
	assert.Equal(t, "ann", e.Value.User)
}

// A user who may do everything that watching takes, but PING.
func TestAWatchWithoutPingIsNotStuck(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t, redistest.WithUser("watcher", "secret", "allkeys", "allchannels", "+hello", "+get", "+pttl",
		"+pexpiretime", "+eval_ro", "+evalsha_ro", "+subscribe", "+unsubscribe"))
	s := openOn(t, srv.OptionsFor("watcher"), state.Options{WatchInterval: 200 * time.Millisecond})
	k := followed.Key("1")
	name, err := k.Name(s)
	require.NoError(t, err)
	f := follow(t, watching(s, k))
	if _, err := comes(t, f, 2*time.Second); err != nil {
		require.ErrorIs(t, err, state.ErrPermission)
		return
	}
	require.NoError(t, srv.Client(t).Set(t.Context(), name, `{"user":"ann"}`, 0).Err())
	if e, err := comes(t, f, 2*time.Second); err == nil {
		assert.Equal(t, "ann", e.Value.User)
	} else {
		require.ErrorIs(t, err, state.ErrPermission)
	}
}

// The sentinels put another master in the place of one that they cannot demote, as
// behind a partition, and that the client can still reach.
func TestAWatchFollowsTheMasterThatTheSentinelsName(t *testing.T) {
	t.Parallel()
	d := redistest.StartSentinel(t, 2, 3)
	ctx := t.Context()
	s := openClient(t, d.Client(t), state.Options{WatchInterval: 8 * time.Second})
	writer := openClient(t, d.Client(t), state.Options{})
	k := followed.Key("1")
	f := follow(t, watching(s, k))
	f.next()
	old, err := d.Master(ctx)
	require.NoError(t, err)
	require.NoError(t, old.Client(t).Do(ctx, "ACL", "SETUSER", "default", "-slaveof", "-replicaof", "-client|kill", "-multi").Err())
	require.NoError(t, d.Failover(ctx))
	for i := range 5 {
		require.NoError(t, k.Set(ctx, writer, session{User: strconv.Itoa(i)}))
	}
	begins := time.Now()
	missed := 5
	for e := f.next(); ; e = f.next() {
		missed -= 1 + e.Skipped
		if e.Value.User == "4" {
			assert.Less(t, time.Since(begins), 3*time.Second)
			assert.True(t, e.Gap || missed <= 0, "changes were missed in silence")
			return
		}
	}
}

// go-redis names any node as the owner of a slot that nobody has, another each time.
func TestASlotThatNobodyOwnsHasNobodyReadAgain(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 3, 0, redistest.WithConfig("cluster-require-full-coverage no"))
	s := openClient(t, cluster.Client(t), state.Options{WatchInterval: time.Hour})
	ctx := t.Context()
	k := followed.Key("1")
	name, err := k.Name(s)
	require.NoError(t, err)
	require.NoError(t, k.Set(ctx, s, session{}))
	follow(t, func(ctx context.Context) iter.Seq2[state.KeyEvent[session], error] {
		return state.WatchAll(ctx, s, followed)
	}).next()
	slot := (redistest.Slot(name) + 1) % (1 << 14)
	for range 2 { // as those that forget it first are told again
		for _, n := range cluster.Nodes() {
			_ = n.Client(t).ClusterDelSlots(ctx, slot).Err()
		}
	}
	reads := func() (all int64) {
		for _, n := range cluster.Nodes() {
			stats, err := n.Client(t).Info(ctx, "commandstats").Result()
			require.NoError(t, err)
			if _, rest, ok := strings.Cut(stats, "cmdstat_evalsha_ro:calls="); ok {
				calls, _, _ := strings.Cut(rest, ",")
				n, err := strconv.ParseInt(calls, 10, 64)
				require.NoError(t, err)
				all += n
			}
		}
		return all
	}
	time.Sleep(7 * time.Second) // the client has looked at the Cluster again
	before := reads()
	time.Sleep(5 * time.Second)
	assert.LessOrEqual(t, reads()-before, int64(1))
}
