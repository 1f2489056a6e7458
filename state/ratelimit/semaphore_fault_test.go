package ratelimit_test

import (
	"context"
	"net"
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

// loser loses replies of a server on purpose.
type loser struct {
	proxy *redistest.Proxy
	lost  atomic.Int64 // how many replies are still to be lost
	keeps atomic.Bool  // no request to give back a permit gets through
	store *state.Store
}

// loseReplies returns a store on srv that knows the scripts already, and loses nothing yet.
func loseReplies(t *testing.T, srv *redistest.Server) *loser {
	t.Helper()
	l := &loser{proxy: redistest.StartProxy(t, srv.Addr())}
	o := srv.Options()
	o.Addr = l.proxy.Addr()
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	l.store = storeOn(t, client)
	p, err := semaphoreOf(t, l.store, desks).TryAcquire(t.Context(), "first")
	require.NoError(t, err)
	mustRelease(t, p)
	l.proxy.SetFault(func(request []string) redistest.Fault {
		switch {
		case !strings.HasPrefix(request[0], "EVAL"):
		case l.keeps.Load() && len(request) == 7 && request[5] == "":
			return redistest.RefuseRequest
		case l.lost.Add(-1) >= 0:
			return redistest.DropReply
		}
		return redistest.Pass
	})
	return l
}

func TestALostReplyCostsNoPermit(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	l := loseReplies(t, srv)
	s := semaphoreOf(t, l.store, desks)
	observer := semaphoreOf(t, storeOn(t, srv.Client(t)), desks)
	executed := l.proxy.Executed("EVALSHA")

	other := mustTake(t, observer)
	mustTake(t, observer)
	l.lost.Store(2)
	p := mustTake(t, s)
	assert.Equal(t, executed+3, l.proxy.Executed("EVALSHA"))
	assert.Equal(t, 3, inUse(t, observer))
	assert.Greater(t, p.Fence(), other.Fence())

	l.lost.Store(2)
	mustRelease(t, p)
	assert.Equal(t, 2, inUse(t, observer))
	assert.Equal(t, executed+6, l.proxy.Executed("EVALSHA"))
	mustRelease(t, p)
	assert.Greater(t, mustTake(t, observer).Fence(), p.Fence())
}

// Nobody waits for the leases of permits that nobody got.
func TestAPermitIsGivenBackIfItsReplyNeverComes(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	l := loseReplies(t, srv)
	s := semaphoreOf(t, l.store, desks)
	observer := semaphoreOf(t, storeOn(t, srv.Client(t)), desks)

	l.lost.Store(1 << 30)
	l.keeps.Store(true)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	_, err := s.TryAcquire(ctx, "a")
	require.Error(t, err)
	require.NotErrorIs(t, err, state.ErrUnknownOutcome)
	assert.Equal(t, 1, inUse(t, observer))
	l.lost.Store(0)
	l.keeps.Store(false)
	assert.Eventually(t, func() bool { return inUse(t, observer) == 0 }, 4*time.Second, 5*time.Millisecond)
}

// releasing holds up operations that give back permits until its end.
type releasing struct {
	held atomic.Int64
	end  chan struct{}
}

func (r *releasing) Begin(ctx context.Context, o state.Operation) (context.Context, func(state.Outcome)) {
	if o.Name == "Release" {
		r.held.Add(1)
		<-r.end
	}
	return ctx, func(state.Outcome) {
		if o.Name == "Release" {
			r.held.Add(-1)
		}
	}
}

// However many calls fail while a server is gone, they do not pile up.
func TestFewPermitsAreGivenBackAtTheSameTime(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{
		Dialer: func(context.Context, string, string) (net.Conn, error) {
			here, there := net.Pipe()
			return here, there.Close()
		},
		DialerRetries:         1,
		ContextTimeoutEnabled: true,
	})
	t.Cleanup(func() { _ = client.Close() })
	r := &releasing{end: make(chan struct{})}
	store, err := state.New(client, state.Options{EnableSet: true, Observer: r})
	require.NoError(t, err)
	s := semaphoreOf(t, store, desks)
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			_, err := s.TryAcquire(ctx, "a")
			assert.Error(t, err)
		})
	}
	all.Wait()
	assert.Eventually(t, func() bool { return r.held.Load() >= 64 }, time.Second, time.Millisecond)
	assert.Never(t, func() bool { return r.held.Load() > 64 }, 20*time.Millisecond, time.Millisecond)
	require.NoError(t, store.Close()) // so that they end at once
	close(r.end)
	assert.Eventually(t, func() bool { return r.held.Load() == 0 }, time.Second, time.Millisecond)
}

// What a server refuses to a user leaves nothing behind that would stay for ever.
func TestAUserWhoMayNotDoItAll(t *testing.T) {
	t.Parallel()
	commands := []string{"time", "zcount", "zscore", "zrangebyscore", "zadd", "pexpire", "zremrangebyscore", "pttl", "zrem"}
	rules := []string{"~*", "+evalsha", "+eval", "+ping"}
	var users []redistest.Option
	allowed := map[string][]string{"all": rules}
	for _, command := range commands {
		allowed["all"] = append(allowed["all"], "+"+command)
		allowed[command] = append([]string{}, rules...)
		for _, other := range commands {
			if other != command {
				allowed[command] = append(allowed[command], "+"+other)
			}
		}
		users = append(users, redistest.WithUser(command, "s3cret", allowed[command]...))
	}
	srv := redistest.Start(t, append(users, redistest.WithUser("all", "s3cret", allowed["all"]...))...)
	admin := srv.Client(t)

	all := semaphoreOf(t, storeOn(t, srv.ClientAs(t, "all")), desks)
	permit := mustTake(t, all)
	assert.Equal(t, 1, inUse(t, all))
	for range 2 {
		mustTake(t, all)
	}
	mustBeFull(t, all)
	mustRelease(t, permit)
	for _, command := range []string{"time", "zcount", "zscore", "zadd", "pexpire", "zremrangebyscore"} {
		_, err := semaphoreOf(t, storeOn(t, srv.ClientAs(t, command)), desks).TryAcquire(t.Context(), command)
		require.ErrorIs(t, err, state.ErrPermission, command)
		exists, err := admin.Exists(t.Context(), "t:desks:"+command).Result()
		require.NoError(t, err)
		assert.Zero(t, exists, command)
	}
	p := mustTake(t, semaphoreOf(t, storeOn(t, srv.ClientAs(t, "zrem")), desks))
	_, err := p.Release(t.Context())
	require.ErrorIs(t, err, state.ErrPermission)
}
