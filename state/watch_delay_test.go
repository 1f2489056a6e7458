package state_test

import (
	"bytes"
	"net"
	"strconv"
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

// delays is a proxy that holds what passes for a while, on connections that
// subscribe and on all others apart, and keeps its order.
type delays struct {
	addr             string
	target           string
	subUp, subDown   atomic.Int64 // nanoseconds
	readUp, readDown atomic.Int64
	done             chan struct{}
}

// delayed returns delays in front of a server, which are none at first.
func delayed(t *testing.T, target string) *delays {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	d := &delays{addr: l.Addr().String(), target: target, done: make(chan struct{})}
	var mu sync.Mutex
	var all []net.Conn
	t.Cleanup(func() {
		_ = l.Close()
		close(d.done)
		mu.Lock()
		defer mu.Unlock()
		for _, c := range all {
			_ = c.Close()
		}
	})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s, err := net.Dial("tcp", target)
			if err != nil {
				_ = c.Close()
				continue
			}
			mu.Lock()
			all = append(all, c, s)
			mu.Unlock()
			sub := new(atomic.Bool)
			go d.pipe(c, s, sub, true)
			go d.pipe(s, c, sub, false)
		}
	}()
	return d
}

// held is what passes at a later time.
type held struct {
	data []byte
	at   time.Time
}

// pipe copies from one connection to the other. A client that subscribes never goes back.
func (d *delays) pipe(from, to net.Conn, sub *atomic.Bool, up bool) {
	line := make(chan held, 100000)
	go func() {
		for h := range line {
			select {
			case <-time.After(time.Until(h.at)):
			case <-d.done:
			}
			if _, err := to.Write(h.data); err != nil {
				break
			}
		}
		_ = to.Close()
		for range line {
		}
	}()
	buf := make([]byte, 64<<10)
	var last time.Time
	for {
		n, err := from.Read(buf)
		if n > 0 {
			data := bytes.Clone(buf[:n])
			if up && !sub.Load() && bytes.Contains(data, []byte("subscribe")) {
				sub.Store(true)
			}
			wait := &d.readDown
			switch {
			case sub.Load() && up:
				wait = &d.subUp
			case sub.Load():
				wait = &d.subDown
			case up:
				wait = &d.readUp
			}
			at := time.Now().Add(time.Duration(wait.Load()))
			if at.Before(last) {
				at = last
			}
			last = at
			line <- held{data, at}
		}
		if err != nil {
			close(line)
			return
		}
	}
}

// openDelayed returns a store whose network is in the hands of the delays.
func openDelayed(t *testing.T, srv *redistest.Server, options state.Options) (*delays, *state.Store) {
	t.Helper()
	d := delayed(t, srv.Addr())
	o := srv.Options()
	o.Addr = d.addr
	return d, openOn(t, o, options)
}

// The answer to an older question comes between what a watcher reads and what tells
// of it.
func TestAnAnswerThatIsOldDoesNotJudge(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	writer := openOn(t, srv.Options(), state.Options{})
	d := delayed(t, srv.Addr())
	o := srv.Options()
	o.Addr = d.addr
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	s := openClient(t, client, state.Options{WatchInterval: time.Hour})
	ctx := t.Context()
	follow(t, watching(s, lasting.Key("other"))).next()
	d.subDown.Store(int64(100 * time.Millisecond))
	for i := range 5 {
		k := lasting.Key(strconv.Itoa(i))
		require.NoError(t, k.Set(ctx, writer, session{User: "a"}))
		var once sync.Once
		client.AddHook(around{before: func() {
			once.Do(func() { assert.NoError(t, k.Set(ctx, writer, session{User: "b"})) })
		}})
		f := follow(t, watching(s, k))
		assert.Equal(t, "b", f.next().Value.User)
		time.Sleep(10 * time.Millisecond)
		require.NoError(t, k.Set(ctx, writer, session{User: "c"}))
		require.NoError(t, k.Set(ctx, writer, session{User: "d"}))
		require.NoError(t, remove(ctx, writer, k))
		e := f.next()
		counted := 1 + e.Skipped
		for e.Found { // the writer was slow
			e = f.next()
			counted += 1 + e.Skipped
		}
		assert.Equal(t, state.EventRemoved.String(), e.Kind.String())
		assert.Equal(t, 3, counted)
	}
}

func TestWhatChangesBackRightAfterTheBeginningIsCounted(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	writer := openOn(t, srv.Options(), state.Options{})
	d, s := openDelayed(t, srv, state.Options{WatchInterval: time.Hour})
	ctx := t.Context()
	follow(t, watching(s, lasting.Key("other"))).next()
	k := lasting.Key("1")
	require.NoError(t, k.Set(ctx, writer, session{User: "a"}))
	d.subUp.Store(int64(50 * time.Millisecond)) // so it is long unknown what was announced before
	f := follow(t, watching(s, k))
	assert.Equal(t, "a", f.next().Value.User)
	require.NoError(t, k.Set(ctx, writer, session{User: "b"}))
	require.NoError(t, k.Set(ctx, writer, session{User: "a"}))
	time.Sleep(500 * time.Millisecond)
	require.NoError(t, k.Set(ctx, writer, session{User: "c"}))
	counted := 0
	for user := ""; user != "c"; {
		e := f.next()
		counted += 1 + e.Skipped
		user = e.Value.User
	}
	assert.Equal(t, 3, counted, "b, a and c")
}

func TestALifeThatIsOverBeforeItIsHeardOfExpires(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	writer := openOn(t, srv.Options(), state.Options{})
	d, s := openDelayed(t, srv, state.Options{WatchInterval: time.Hour})
	k := lasting.Key("1")
	f := follow(t, watching(s, k))
	f.next()
	d.subDown.Store(int64(30 * time.Millisecond))
	require.NoError(t, k.Set(t.Context(), writer, session{User: "b"}, state.TTL(20*time.Millisecond)))
	assert.Equal(t, state.EventExpired.String(), f.next().Kind.String())
}

// A journal remembers less than is written while one read is under way, so Skipped may
// be too large, but never too small.
func TestASlowReadOfAFastWriterSkipsNothingInSilence(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	writer := openOn(t, srv.Options(), state.Options{})
	d, s := openDelayed(t, srv, state.Options{WatchInterval: time.Hour})
	k := lasting.Key("1")
	f := follow(t, watching(s, k))
	f.next()
	d.readDown.Store(int64(40 * time.Millisecond))
	d.readUp.Store(int64(40 * time.Millisecond))
	const n = 1000
	for i := 1; i <= n; i++ {
		require.NoError(t, k.Set(t.Context(), writer, session{User: strconv.Itoa(i)}))
	}
	for shown := 0; shown < n; {
		e := f.next()
		v, err := strconv.Atoi(e.Value.User)
		require.NoError(t, err)
		assert.GreaterOrEqual(t, e.Skipped, v-shown-1)
		shown = v
	}
}

func TestReadsLongerThanTheWatchIntervalShowForeignWrites(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	d, s := openDelayed(t, srv, state.Options{WatchInterval: 5 * time.Millisecond})
	k := lasting.Key("1")
	require.NoError(t, k.Set(t.Context(), s, session{User: "x"}))
	name, err := k.Name(s)
	require.NoError(t, err)
	one, all := follow(t, watching(s, k)), follow(t, watchingAll(s, lasting))
	one.next()
	all.next()
	d.readDown.Store(int64(10 * time.Millisecond))
	time.Sleep(100 * time.Millisecond)
	require.NoError(t, srv.Client(t).Set(t.Context(), name, `{"user":"ann"}`, 0).Err())
	assert.Equal(t, "ann", one.next().Value.User)
	assert.Equal(t, "ann", all.next().Value.User)
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
	assert.Equal(t, "ann", f.next().Value.User)
}

// The connection seems to be fine, and brings nothing.
func TestAWatchNoticesThatItHearsNothing(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	writer := openOn(t, srv.Options(), state.Options{})
	d, s := openDelayed(t, srv, state.Options{WatchInterval: time.Hour})
	k := followed.Key("1")
	f := follow(t, watching(s, k))
	f.next()
	d.subDown.Store(int64(time.Hour))
	require.NoError(t, k.Set(t.Context(), writer, session{User: "ann"}))
	e := f.next()
	assert.Equal(t, "ann", e.Value.User)
	assert.True(t, e.Gap)
}
