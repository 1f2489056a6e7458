package state_test

import (
	"context"
	"iter"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state"
)

// lasting holds values without a time to live, which are the same if they are stored
// again.
var lasting = state.Define("lasting:<id>", state.FamilyOptions[session]{Persist: "a test", Watch: true})

// watchingAll returns what watches the keys of a family.
func watchingAll[T any](r state.Reader, f *state.Family[T]) func(context.Context) iter.Seq2[state.KeyEvent[T], error] {
	return func(ctx context.Context) iter.Seq2[state.KeyEvent[T], error] { return state.WatchAll(ctx, r, f) }
}

func TestKeysThatCameWhileNobodyHeardSaySo(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	proxy := redistest.StartProxy(t, srv.Addr())
	o := srv.Options()
	o.Addr = proxy.Addr()
	s, writer := openOn(t, o, state.Options{WatchInterval: time.Hour}), openOn(t, srv.Options(), state.Options{})
	require.NoError(t, lasting.Key("0").Set(t.Context(), writer, session{User: "x"}))
	all := follow(t, watchingAll(s, lasting))
	all.next()
	proxy.Refuse(true)
	killSubscribers(t, srv.Client(t), func() {
		for i := range 3 {
			for _, id := range []string{"1", "2", "3"} {
				require.NoError(t, lasting.Key(id).Set(t.Context(), writer, session{User: strconv.Itoa(i)}))
			}
		}
	})
	proxy.Refuse(false)
	for range 3 {
		e := all.next()
		assert.True(t, e.Gap || e.Skipped >= 2, "two states are jumped over in silence")
	}
}

// What is published does not say for which database unless the message does.
func TestAWatchDoesNotHearAnotherDatabase(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	o := srv.Options()
	o.DB = 1
	s, other := openOn(t, srv.Options(), state.Options{WatchInterval: time.Hour}), openOn(t, o, state.Options{})
	k := lasting.Key("1")
	require.NoError(t, k.Set(t.Context(), s, session{User: "here"}))
	one, all := follow(t, watching(s, k)), follow(t, watchingAll(s, lasting))
	one.next()
	all.next()
	require.NoError(t, k.Set(t.Context(), other, session{User: "there"}))
	require.NoError(t, lasting.Key("2").Set(t.Context(), other, session{User: "there"}))
	one.none()
	all.none()
}

func TestASlowConsumerOfManyKeysGetsTheNewest(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	s, writer := openOn(t, srv.Options(), state.Options{WatchInterval: time.Hour}), openOn(t, srv.Options(), state.Options{})
	ctx := t.Context()
	const n = 10
	write := func(user string) {
		for i := range n {
			require.NoError(t, lasting.Key(strconv.Itoa(i)).Set(ctx, writer, session{User: user}))
		}
	}
	write("old")
	fast := follow(t, watchingAll(s, lasting))
	for range n {
		fast.next()
	}
	seen := 0
	for e, err := range state.WatchAll(ctx, s, lasting) {
		require.NoError(t, err)
		if seen++; seen == 1 {
			write("new")
			for range n {
				assert.Equal(t, "new", fast.next().Value.User)
			}
			time.Sleep(100 * time.Millisecond) // this watcher has heard of all too
			continue
		}
		assert.Equal(t, "new", e.Value.User)
		if seen > n {
			break
		}
	}
}

func TestAFamilyCountsWhatCameAndWentAfterARemoval(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	s, writer := openOn(t, srv.Options(), state.Options{WatchInterval: time.Hour}), openOn(t, srv.Options(), state.Options{})
	ctx := t.Context()
	k := lasting.Key("1")
	require.NoError(t, k.Set(ctx, writer, session{User: "a"}))
	f := followSlowly(t, watchingAll(s, lasting))
	f.next()
	require.NoError(t, lasting.Key("2").Set(ctx, writer, session{}))
	time.Sleep(50 * time.Millisecond) // the consumer has this one in hand
	require.NoError(t, remove(ctx, writer, k))
	require.NoError(t, k.Set(ctx, writer, session{User: "b"}, state.TTL(5*time.Millisecond)))
	time.Sleep(50 * time.Millisecond)
	f.next()
	counted := 1 + f.next().Skipped
	require.NoError(t, k.Set(ctx, writer, session{User: "c"}))
	for user := ""; user != "c"; {
		e := f.next()
		counted += 1 + e.Skipped
		user = e.Value.User
	}
	assert.GreaterOrEqual(t, counted, 3, "it was removed, b and c")
}

// A look at all keys takes seconds here, and what is announced does not wait for its
// end.
func TestAWriteIsShownWhileAllIsReadAgain(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	writer := openOn(t, srv.Options(), state.Options{})
	d, s := openDelayed(t, srv, state.Options{WatchInterval: 500 * time.Millisecond})
	ctx := t.Context()
	const n = 5000
	var values []state.KeyValue[session]
	for i := range n {
		values = append(values, state.KeyValue[session]{Key: lasting.Key(strconv.Itoa(i)), Value: session{User: "x"}})
	}
	_, err := state.SetMany(ctx, writer, values)
	require.NoError(t, err)
	f := follow(t, watchingAll(s, lasting))
	for range n {
		f.next()
	}
	d.readDown.Store(int64(20 * time.Millisecond))
	time.Sleep(500 * time.Millisecond)
	for i := range 10 {
		user := strconv.Itoa(i)
		begins := time.Now()
		require.NoError(t, lasting.Key(strconv.Itoa(n-1-i)).Set(ctx, writer, session{User: user}))
		assert.Equal(t, user, f.next().Value.User)
		assert.Less(t, time.Since(begins), 2*time.Second)
		time.Sleep(50 * time.Millisecond)
	}
}

// Keys come and go, each of another name.
func TestAFamilyForgetsKeysThatAreGone(t *testing.T) {
	t.Parallel()
	srv := redistest.Start(t)
	s, writer := openOn(t, srv.Options(), state.Options{WatchInterval: time.Hour}), openOn(t, srv.Options(), state.Options{})
	ctx := t.Context()
	require.NoError(t, followed.Key("0").Set(ctx, writer, session{User: "first"}))
	f := follow(t, watchingAll(s, followed))
	f.next()
	for round := range 20 {
		var values []state.KeyValue[session]
		for i := range 200 {
			values = append(values, state.KeyValue[session]{Key: followed.Key(strconv.Itoa(round) + "-" + strconv.Itoa(i)), Value: session{User: "x"}})
		}
		_, err := state.SetMany(ctx, writer, values, state.TTL(time.Duration(1+rand.IntN(50))*time.Millisecond))
		require.NoError(t, err)
	}
	time.Sleep(200 * time.Millisecond)
	require.NoError(t, followed.Key("0").Set(ctx, writer, session{User: "last"}))
	there, last := map[state.Key[session]]bool{}, false
	for !last || len(there) > 0 {
		e := f.next()
		assert.False(t, e.Gap)
		switch {
		case e.Key == followed.Key("0"):
			last = e.Value.User == "last"
		case e.Found:
			there[e.Key] = true
		default:
			delete(there, e.Key)
		}
	}
}
