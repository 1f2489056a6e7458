package state_test

import (
	"context"
	"fmt"
	"iter"
	"net"
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

var lasting = state.Define("lasting:<id>", state.FamilyOptions[session]{Persist: "a test", Watch: true})

func watchingAll[T any](r state.Reader, f *state.Family[T]) func(context.Context) iter.Seq2[state.KeyEvent[T], error] {
	return func(ctx context.Context) iter.Seq2[state.KeyEvent[T], error] { return state.WatchAll(ctx, r, f) }
}

func through(t *testing.T, srv *redistest.Server, options state.Options) (*delays, *state.Store) {
	t.Helper()
	d := delayed(t, srv.Addr())
	o := srv.Options()
	o.Addr = d.addr
	return d, openOn(t, o, options)
}

// A
func TestReviewKeysThatCameInAGapSaySo(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	admin := srv.Client(t)
	proxy := redistest.StartProxy(t, srv.Addr())
	o := srv.Options()
	o.Addr = proxy.Addr()
	s, writer := openOn(t, o, state.Options{WatchInterval: time.Hour}), openOn(t, srv.Options(), state.Options{})
	require.NoError(t, lasting.Key("0").Set(t.Context(), writer, session{User: "x"}))
	all := follow(t, watchingAll(s, lasting))
	all.next()
	proxy.Refuse(true)
	killSubscribers(t, admin, func() {
		for i := range 3 {
			for _, k := range []string{"1", "2", "3"} {
				require.NoError(t, lasting.Key(k).Set(t.Context(), writer, session{User: strconv.Itoa(i)}))
			}
		}
	})
	proxy.Refuse(false)
	for range 3 {
		e := all.next()
		t.Logf("%v %s gap=%v skipped=%d", e.Value, e.Kind, e.Gap, e.Skipped)
		assert.True(t, e.Gap || e.Skipped >= 2, "two states are jumped over, and the event does not say so")
	}
}

// B
func TestReviewAnotherDatabaseIsNotHeard(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	o := srv.Options()
	o.DB = 1
	s, other := openOn(t, srv.Options(), state.Options{WatchInterval: time.Hour}), openOn(t, o, state.Options{})
	k := lasting.Key("1")
	require.NoError(t, k.Set(t.Context(), s, session{User: "here"}))
	f := follow(t, watching(s, k))
	f.next()
	all := follow(t, watchingAll(s, lasting))
	all.next()
	time.Sleep(50 * time.Millisecond)
	require.NoError(t, k.Set(t.Context(), other, session{User: "there"}))
	require.NoError(t, lasting.Key("2").Set(t.Context(), other, session{User: "there"}))
	f.none()
	all.none()
}

// C
func TestReviewAWatchThatReadsAgainAllTheTimeShowsForeignWrites(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	admin := srv.Client(t)
	d, s := through(t, srv, state.Options{WatchInterval: 5 * time.Millisecond})
	k := lasting.Key("1")
	f := follow(t, watching(s, k))
	f.next()
	d.readDown.Store(int64(8 * time.Millisecond))
	time.Sleep(100 * time.Millisecond)
	require.NoError(t, admin.Set(t.Context(), "lasting:1", `{"user":"foreign"}`, 0).Err())
	select {
	case y := <-f.events:
		require.NoError(t, y.err)
		assert.Equal(t, "foreign", y.event.Value.User)
	case <-time.After(3 * time.Second):
		t.Error("no event of a foreign write within 3 s, with WatchInterval 5ms")
	}
}

// C2
func TestReviewAWalkLongerThanWatchInterval(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	admin := srv.Client(t)
	d, s := through(t, srv, state.Options{WatchInterval: 20 * time.Millisecond})
	require.NoError(t, lasting.Key("0").Set(t.Context(), s, session{User: "x"}))
	f := follow(t, watchingAll(s, lasting))
	f.next()
	d.readDown.Store(int64(25 * time.Millisecond))
	time.Sleep(100 * time.Millisecond)
	require.NoError(t, admin.Set(t.Context(), "lasting:0", `{"user":"foreign"}`, 0).Err())
	select {
	case y := <-f.events:
		require.NoError(t, y.err)
		assert.Equal(t, "foreign", y.event.Value.User)
	case <-time.After(5 * time.Second):
		t.Error("no event of a foreign write within 5 s, with WatchInterval 20ms")
	}
}

// D
func TestReviewASlowConsumerOfManyKeysGetsTheNewest(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	s, writer := openOn(t, srv.Options(), state.Options{WatchInterval: time.Hour}), openOn(t, srv.Options(), state.Options{})
	for i := range 10 {
		require.NoError(t, lasting.Key(fmt.Sprint(i)).Set(t.Context(), writer, session{User: "old"}))
	}
	first, stale := true, 0
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	for e, err := range state.WatchAll(ctx, s, lasting) {
		if err != nil {
			break
		}
		if first {
			first = false
			for i := range 10 {
				require.NoError(t, lasting.Key(fmt.Sprint(i)).Set(ctx, writer, session{User: "new"}))
			}
			time.Sleep(300 * time.Millisecond)
			continue
		}
		if e.Value.User == "old" {
			stale++
		}
	}
	assert.Zero(t, stale, "events show what was overwritten and announced 300 ms before they were asked for")
}

// E1
func TestReviewAnOlderFenceDoesNotJudge(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	writer := openOn(t, srv.Options(), state.Options{})
	d := delayed(t, srv.Addr())
	o := srv.Options()
	o.Addr = d.addr
	client := redis.NewClient(o)
	t.Cleanup(func() { _ = client.Close() })
	s := openClient(t, client, state.Options{WatchInterval: time.Hour})
	follow(t, watching(s, lasting.Key("other"))).next()
	time.Sleep(100 * time.Millisecond)
	d.subDown.Store(int64(100 * time.Millisecond))
	wrong := 0
	for i := range 10 {
		k := lasting.Key(fmt.Sprint(i))
		require.NoError(t, k.Set(t.Context(), writer, session{User: "a"}))
		var once sync.Once
		client.AddHook(around{before: func() {
			once.Do(func() { assert.NoError(t, k.Set(t.Context(), writer, session{User: "b"})) })
		}})
		f := follow(t, watching(s, k))
		e := f.next()
		assert.Equal(t, "b", e.Value.User)
		time.Sleep(10 * time.Millisecond)
		require.NoError(t, k.Set(t.Context(), writer, session{User: "c"}))
		require.NoError(t, k.Set(t.Context(), writer, session{User: "d"}))
		require.NoError(t, remove(t.Context(), writer, k))
		e = f.next()
		if e.Kind != state.EventRemoved || e.Skipped != 2 {
			wrong++
			t.Logf("%s skipped=%d gap=%v", e.Kind, e.Skipped, e.Gap)
		}
	}
	assert.Zero(t, wrong)
}

// E2
func TestReviewAFlipRightAfterTheBeginningIsCounted(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	writer := openOn(t, srv.Options(), state.Options{})
	d, s := through(t, srv, state.Options{WatchInterval: time.Hour})
	follow(t, watching(s, lasting.Key("other"))).next()
	k := lasting.Key("1")
	require.NoError(t, k.Set(t.Context(), writer, session{User: "a"}))
	time.Sleep(100 * time.Millisecond)
	d.subUp.Store(int64(50 * time.Millisecond))
	f := follow(t, watching(s, k))
	e := f.next()
	assert.Equal(t, "a", e.Value.User)
	require.NoError(t, k.Set(t.Context(), writer, session{User: "b"}))
	require.NoError(t, k.Set(t.Context(), writer, session{User: "a"}))
	time.Sleep(500 * time.Millisecond)
	require.NoError(t, k.Set(t.Context(), writer, session{User: "c"}))
	skipped := 0
	for e = f.next(); ; e = f.next() {
		t.Logf("%v %s skipped=%d gap=%v", e.Value, e.Kind, e.Skipped, e.Gap)
		skipped += e.Skipped
		if e.Value.User == "c" {
			break
		}
		skipped++
	}
	assert.Equal(t, 2, skipped, "shown or skipped between a and c: b and a")
}

// E3
func TestReviewAShortLifeExpires(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	writer := openOn(t, srv.Options(), state.Options{})
	d, s := through(t, srv, state.Options{WatchInterval: time.Hour})
	k := lasting.Key("1")
	f := follow(t, watching(s, k))
	f.next()
	time.Sleep(100 * time.Millisecond)
	d.subDown.Store(int64(30 * time.Millisecond))
	require.NoError(t, k.Set(t.Context(), writer, session{User: "b"}, state.TTL(20*time.Millisecond)))
	e := f.next()
	t.Logf("%v %s skipped=%d gap=%v", e.Value, e.Kind, e.Skipped, e.Gap)
	assert.Equal(t, "expired", e.Kind.String())
}

// F
func TestReviewASlowReadAndAFastWriter(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	writer := openOn(t, srv.Options(), state.Options{})
	d, s := through(t, srv, state.Options{WatchInterval: time.Hour})
	k := lasting.Key("1")
	f := follow(t, watching(s, k))
	f.next()
	time.Sleep(100 * time.Millisecond)
	d.readDown.Store(int64(40 * time.Millisecond))
	d.readUp.Store(int64(40 * time.Millisecond))
	const n = 1000
	for i := 1; i <= n; i++ {
		require.NoError(t, k.Set(t.Context(), writer, session{User: strconv.Itoa(i)}))
	}
	bad, over, at := 0, 0, 0
	for at < n {
		e := f.next()
		v, err := strconv.Atoi(e.Value.User)
		require.NoError(t, err)
		if jumped := v - at - 1; e.Skipped < jumped {
			bad++
			t.Logf("from %d to %d: jumped %d, Skipped %d gap=%v", at, v, jumped, e.Skipped, e.Gap)
		} else if e.Skipped > jumped {
			over++
			t.Logf("from %d to %d: jumped %d, Skipped %d gap=%v (over)", at, v, jumped, e.Skipped, e.Gap)
		}
		at = v
	}
	assert.Zero(t, bad, "events that jump over more than they say")
	assert.Zero(t, over, "events that jump over less than they say")
}

// G
func TestReviewADeadlineIsTold(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	var conns atomic.Int64
	go func() {
		for {
			if _, err := l.Accept(); err != nil {
				return
			}
			conns.Add(1)
		}
	}()
	s := openOn(t, &redis.Options{Addr: l.Addr().String(), ContextTimeoutEnabled: true}, state.Options{})
	bad := 0
	for range 20 {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
		for _, err := range state.Watch(ctx, s, lasting.Key("1")) {
			if !assert.ErrorIs(t, err, context.DeadlineExceeded) {
				bad++
				t.Log(err)
			}
		}
		cancel()
	}
	t.Log(bad, "of 20")
}

// H
func TestReviewAnEmptyValue(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	admin := srv.Client(t)
	s := openOn(t, srv.Options(), state.Options{WatchInterval: time.Hour})
	require.NoError(t, admin.Set(t.Context(), "lasting:1", "", 0).Err())
	f := follow(t, watching(s, lasting.Key("1")))
	time.Sleep(time.Second)
	info, err := admin.Info(t.Context(), "commandstats").Result()
	require.NoError(t, err)
	for _, line := range strings.Split(info, "\n") {
		if strings.Contains(line, "evalsha_ro") {
			t.Log(line)
		}
	}
	select {
	case y := <-f.events:
		var decoding *state.DecodeError
		require.ErrorAs(t, y.err, &decoding)
	default:
		t.Error("no event of an empty value within a second")
	}
}

// I
func TestReviewAFamilyCountsWhatCameAndWentAfterARemoval(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	s, writer := openOn(t, srv.Options(), state.Options{WatchInterval: time.Hour}), openOn(t, srv.Options(), state.Options{})
	k := lasting.Key("1")
	ctx := t.Context()
	require.NoError(t, k.Set(ctx, writer, session{User: "a"}))
	f := followSlowly(t, watchingAll(s, lasting))
	f.next()
	time.Sleep(50 * time.Millisecond)
	require.NoError(t, lasting.Key("2").Set(ctx, writer, session{User: "x"})) // the consumer is held by this
	time.Sleep(50 * time.Millisecond)
	require.NoError(t, remove(ctx, writer, k))
	require.NoError(t, k.Set(ctx, writer, session{User: "b"}, state.TTL(5*time.Millisecond)))
	time.Sleep(50 * time.Millisecond)
	f.next()
	e := f.next()
	t.Logf("%v %s skipped=%d gap=%v", e.Value, e.Kind, e.Skipped, e.Gap)
	skipped := e.Skipped
	require.NoError(t, k.Set(ctx, writer, session{User: "c"}))
	e = f.next()
	t.Logf("%v %s skipped=%d gap=%v", e.Value, e.Kind, e.Skipped, e.Gap)
	skipped += e.Skipped
	assert.GreaterOrEqual(t, skipped, 1, "b came and went")
}

// J
func TestReviewAWriteIsSeenWhileAllIsReadAgain(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	writer := openOn(t, srv.Options(), state.Options{})
	d, s := through(t, srv, state.Options{WatchInterval: 4 * time.Second})
	var values []state.KeyValue[session]
	const n = 20000
	for i := range n {
		values = append(values, state.KeyValue[session]{Key: lasting.Key(fmt.Sprint(i)), Value: session{User: "x"}})
	}
	_, err := state.SetMany(t.Context(), writer, values)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := make(chan string, 100000)
	var began atomic.Int64
	go func() {
		for e, err := range state.WatchAll(ctx, s, lasting) {
			if err != nil {
				return
			}
			if began.Add(1) > n {
				seen <- e.Value.User
			}
		}
	}()
	for began.Load() < n {
		time.Sleep(10 * time.Millisecond)
	}
	d.readDown.Store(int64(2 * time.Millisecond))
	var worst time.Duration
	for i := range 60 {
		begin := time.Now()
		require.NoError(t, lasting.Key(fmt.Sprint(n-1-i)).Set(ctx, writer, session{User: fmt.Sprint("w", i)}))
		for <-seen != fmt.Sprint("w", i) {
		}
		if took := time.Since(begin); took > worst {
			worst = took
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Log("worst", worst)
	assert.Less(t, worst, time.Second)
}

// B2: what a watcher of a family shows of a key that was never there.
func TestReviewAKeyOfAnotherDatabaseIsNeverGone(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	o := srv.Options()
	o.DB = 1
	s, other := openOn(t, srv.Options(), state.Options{WatchInterval: time.Hour}), openOn(t, o, state.Options{})
	all := follow(t, watchingAll(s, lasting))
	time.Sleep(100 * time.Millisecond)
	require.NoError(t, lasting.Key("2").Set(t.Context(), other, session{User: "there"}))
	select {
	case y := <-all.events:
		t.Errorf("%s skipped=%d of a key that never held anything", y.event.Kind, y.event.Skipped)
	case <-time.After(time.Second):
	}
}

// E4
func TestReviewASlowSubscriptionStillTellsOfForeignWrites(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	admin := srv.Client(t)
	d, s := through(t, srv, state.Options{WatchInterval: 100 * time.Millisecond})
	f := follow(t, watching(s, lasting.Key("1")))
	f.next()
	time.Sleep(100 * time.Millisecond)
	d.subDown.Store(int64(1100 * time.Millisecond))
	time.Sleep(3 * time.Second)
	require.NoError(t, admin.Set(t.Context(), "lasting:1", `{"user":"foreign"}`, 0).Err())
	begin := time.Now()
	for {
		select {
		case y := <-f.events:
			t.Logf("%v %s gap=%v after %v", y.event.Value, y.event.Kind, y.event.Gap, time.Since(begin))
			if y.event.Found {
				return
			}
			continue
		case <-time.After(8 * time.Second):
			t.Error("no event within 8 s")
		}
		return
	}
}

// W: an empty value in a family, which a codec may store.
func TestReviewAnEmptyValueInAFamily(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	s := openOn(t, srv.Options(), state.Options{WatchInterval: time.Hour})
	require.NoError(t, blanks.Key("1").Set(t.Context(), s, ""))
	v, err := blanks.Key("1").Get(t.Context(), s)
	require.NoError(t, err)
	require.Empty(t, v)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	n := 0
	for _, err := range state.WatchAll(ctx, s, blanks) {
		if err == nil {
			n++
		}
	}
	assert.Equal(t, 1, n)
}

var blanks = state.Define("blank:<id>", state.FamilyOptions[string]{Persist: "a test", Watch: true, Codec: plainText{}})

type plainText struct{}

func (plainText) Append(dst []byte, v any) ([]byte, error) { return append(dst, *v.(*string)...), nil }
func (plainText) Decode(data []byte, v any) error          { *v.(*string) = string(data); return nil }

// J2: the same on a fast network with more keys.
func TestReviewAWriteIsSeenWhileManyAreReadAgain(t *testing.T) {
	srv := redistest.Start(t)
	s, writer := openOn(t, srv.Options(), state.Options{WatchInterval: 3 * time.Second}), openOn(t, srv.Options(), state.Options{})
	var values []state.KeyValue[session]
	const n = 100000
	for i := range n {
		values = append(values, state.KeyValue[session]{Key: lasting.Key(fmt.Sprint(i)), Value: session{User: "x"}})
	}
	_, err := state.SetMany(t.Context(), writer, values)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := make(chan string, 1000)
	var began atomic.Int64
	go func() {
		for e, err := range state.WatchAll(ctx, s, lasting) {
			if err != nil {
				return
			}
			if began.Add(1) > n {
				seen <- e.Value.User
			}
		}
	}()
	begin := time.Now()
	for began.Load() < n {
		time.Sleep(10 * time.Millisecond)
	}
	t.Log("begun after", time.Since(begin))
	var worst time.Duration
	for i := range 60 {
		begin := time.Now()
		require.NoError(t, lasting.Key(fmt.Sprint(i*1000)).Set(ctx, writer, session{User: fmt.Sprint("w", i)}))
		for <-seen != fmt.Sprint("w", i) {
		}
		worst = max(worst, time.Since(begin))
		time.Sleep(100 * time.Millisecond)
	}
	t.Log("worst", worst)
	assert.Less(t, worst, time.Second)
}
