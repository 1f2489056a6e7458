package state_test

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state"
)

var (
	followed = state.Define("followed:<id>", state.FamilyOptions[session]{TTL: time.Hour, Watch: true})
	boards   = state.Define("board:<team>:<n:int64>", state.FamilyOptions[session]{TTL: time.Hour, Watch: true})
)

// follower takes what an iterator yields, one by one.
type follower[E any] struct {
	t      *testing.T
	events chan yielded[E]
	ask    chan struct{} // one for each event that is wanted, or nil for all
}

type yielded[E any] struct {
	event E
	err   error
}

// follow takes all that events yields until the test ends.
func follow[E any](t *testing.T, watch func(context.Context) iter.Seq2[E, error]) *follower[E] {
	t.Helper()
	f := &follower[E]{t: t, events: make(chan yielded[E], 1000)}
	f.start(watch)
	return f
}

// followSlowly takes an event each time that next is called.
func followSlowly[E any](t *testing.T, watch func(context.Context) iter.Seq2[E, error]) *follower[E] {
	t.Helper()
	f := &follower[E]{t: t, events: make(chan yielded[E]), ask: make(chan struct{})}
	f.start(watch)
	return f
}

func (f *follower[E]) start(watch func(context.Context) iter.Seq2[E, error]) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(f.events)
		for e, err := range watch(ctx) {
			if f.ask != nil {
				select {
				case <-f.ask:
				case <-ctx.Done():
				}
			}
			select {
			case f.events <- yielded[E]{e, err}:
			case <-ctx.Done():
			}
		}
	}()
	f.t.Cleanup(func() {
		cancel()
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			f.t.Error("the watch does not end with its context")
		}
	})
}

const eventSoon = 10 * time.Second

// next returns the next event.
func (f *follower[E]) next() E {
	f.t.Helper()
	e, err := f.either()
	require.NoError(f.t, err)
	return e
}

// either returns the next event or error.
func (f *follower[E]) either() (E, error) {
	f.t.Helper()
	if f.ask != nil {
		select {
		case f.ask <- struct{}{}:
		case <-time.After(eventSoon):
			require.Fail(f.t, "no event")
		}
	}
	select {
	case y, ok := <-f.events:
		require.True(f.t, ok, "the watch has ended")
		return y.event, y.err
	case <-time.After(eventSoon):
		require.Fail(f.t, "no event")
		panic("not reached")
	}
}

// none fails if there is an event within a while.
func (f *follower[E]) none() {
	f.t.Helper()
	select {
	case y, ok := <-f.events:
		assert.False(f.t, ok, "an event that nobody expects: %+v", y)
	case <-time.After(100 * time.Millisecond):
	}
}

// watching returns what watches a key.
func watching[T any](r state.Reader, k state.Key[T]) func(context.Context) iter.Seq2[state.Event[T], error] {
	return func(ctx context.Context) iter.Seq2[state.Event[T], error] { return state.Watch(ctx, r, k) }
}

var _ = conform("a watch shows what happens to a key", func(t *testing.T, b bench) {
	ctx, s := t.Context(), b.all(t)
	k := followed.Key("1")
	f := follow(t, watching(s, k))
	e := f.next()
	assert.Equal(t, state.Event[session]{EventInfo: state.EventInfo{Kind: state.EventCurrent, Token: state.Absent()}}, e)

	require.NoError(t, k.Set(ctx, s, session{User: "ann"}))
	e = f.next()
	assert.Equal(t, state.EventSet, e.Kind)
	assert.True(t, e.Found)
	assert.Equal(t, "ann", e.Value.User)
	assert.InDelta(t, time.Hour, e.TTL, float64(10*time.Second))
	entry, err := state.GetEntry(ctx, s, k)
	require.NoError(t, err)
	assert.Equal(t, entry.Token, e.Token)

	_, err = state.Update(ctx, s, k, func(v *session) error { v.User = "bea"; return nil })
	require.NoError(t, err)
	e = f.next()
	assert.Equal(t, state.EventSet, e.Kind)
	assert.Equal(t, "bea", e.Value.User)
	token := e.Token

	require.NoError(t, state.Touch(ctx, s, k, state.TTL(time.Minute)))
	e = f.next()
	assert.Equal(t, state.EventSet, e.Kind)
	assert.Equal(t, token, e.Token)
	assert.InDelta(t, time.Minute, e.TTL, float64(10*time.Second))

	require.NoError(t, remove(ctx, s, k))
	e = f.next()
	assert.Equal(t, state.Event[session]{EventInfo: state.EventInfo{Kind: state.EventRemoved, Token: state.Absent()}}, e)

	require.NoError(t, k.Set(ctx, s, session{User: "cyd"}, state.TTL(300*time.Millisecond)))
	assert.Equal(t, state.EventSet, f.next().Kind)
	assert.Equal(t, state.EventExpired, f.next().Kind)

	require.NoError(t, s.Atomically(ctx, func(ctx context.Context, tx *state.Tx) error {
		return k.Set(ctx, tx, session{User: "dee"})
	}))
	assert.Equal(t, "dee", f.next().Value.User)
	_, err = state.Take(ctx, s, k)
	require.NoError(t, err)
	assert.Equal(t, state.EventRemoved, f.next().Kind)
	f.none()
})

var _ = conform("a watch begins with what is there", func(t *testing.T, b bench) {
	ctx, s := t.Context(), b.all(t)
	k := followed.Key("1")
	require.NoError(t, k.Set(ctx, s, session{User: "ann"}))
	for range 3 {
		e := follow(t, watching(s.ReadOnly(), k)).next()
		assert.Equal(t, state.EventCurrent, e.Kind)
		assert.True(t, e.Found)
		assert.Equal(t, "ann", e.Value.User)
		assert.False(t, e.Gap)
		assert.Zero(t, e.Skipped)
	}
})

var _ = conform("a slow consumer gets the newest state and a count", func(t *testing.T, b bench) {
	ctx, s := t.Context(), b.all(t)
	k := followed.Key("1")
	f := followSlowly(t, watching(s, k))
	assert.Equal(t, state.EventCurrent, f.next().Kind)
	fast := follow(t, watching(s, k))
	fast.next()
	for i := range 50 {
		require.NoError(t, k.Set(ctx, s, session{User: string(rune('A' + i))}))
		assert.Equal(t, string(rune('A'+i)), fast.next().Value.User)
	}
	shown := 0
	for last := ""; last != string(rune('A'+49)); {
		e := f.next()
		assert.False(t, e.Gap)
		shown, last = shown+1+e.Skipped, e.Value.User
	}
	assert.Equal(t, 50, shown)
})

var _ = conform("a watch that may not be", func(t *testing.T, b bench) {
	ctx, s := t.Context(), b.all(t)
	for name, c := range map[string]struct {
		watch func(context.Context) iter.Seq2[state.Event[session], error]
		want  error
	}{
		"of a family that is not watched": {watching(s, sessions.Key("1")), state.ErrNotWatched},
		"of a zero key":                   {watching(s, state.Key[session]{}), state.ErrInvalidKey},
		"of an invalid key":               {watching(s, followed.Key("")), state.ErrInvalidKey},
		"of no store":                     {watching(nil, followed.Key("1")), state.ErrNoStore},
		"without permission":              {watching(b.open(t, state.Options{DisableGet: true}), followed.Key("1")), state.ErrGetDisabled},
	} {
		events := 0
		for _, err := range c.watch(ctx) {
			events++
			require.ErrorIs(t, err, c.want, name)
		}
		assert.Equal(t, 1, events, name)
	}
	require.NoError(t, s.Atomically(ctx, func(ctx context.Context, tx *state.Tx) error {
		for _, err := range state.Watch(ctx, tx, followed.Key("1")) {
			require.ErrorIs(t, err, state.ErrInTx)
		}
		return nil
	}))
	for _, err := range state.WatchAll(ctx, s, followed) {
		require.ErrorIs(t, err, state.ErrScanDisabled)
	}
	_, err := state.GetOrWait(ctx, s, sessions.Key("1"))
	require.ErrorIs(t, err, state.ErrNotWatched)
	_, err = state.Changed(ctx, s, sessions.Key("1"), state.Token{})
	require.ErrorIs(t, err, state.ErrNotWatched)
})

var _ = conform("a watch ends with its context and its loop and its store", func(t *testing.T, b bench) {
	s := b.all(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	for _, err := range state.Watch(ctx, s, followed.Key("1")) {
		last = err
		cancel()
	}
	require.ErrorIs(t, last, context.Canceled)

	for range state.Watch(t.Context(), s, followed.Key("1")) {
		break
	}

	f := follow(t, watching(s, followed.Key("1")))
	f.next()
	require.NoError(t, s.Close())
	_, err := f.either()
	require.ErrorIs(t, err, state.ErrClosed)
	for _, err := range state.Watch(t.Context(), s, followed.Key("1")) {
		require.ErrorIs(t, err, state.ErrClosed)
	}
})

var _ = conform("what is stored there and is no value comes as an error", func(t *testing.T, b bench) {
	ctx, s := t.Context(), b.open(t, state.Options{EnableSet: true, WatchInterval: 50 * time.Millisecond})
	k := followed.Key("1")
	name, err := k.Name(s)
	require.NoError(t, err)
	f := follow(t, watching(s, k))
	f.next()
	require.NoError(t, b.admin.Set(ctx, name, "{", 0).Err())
	_, err = f.either()
	var decoding *state.DecodeError
	require.ErrorAs(t, err, &decoding)
	require.NoError(t, b.admin.Del(ctx, name).Err())
	assert.Equal(t, state.EventGone, f.next().Kind)
	require.NoError(t, b.admin.RPush(ctx, name, "x").Err())
	_, err = f.either()
	require.ErrorIs(t, err, state.ErrWrongType)
	f.none() // and not once more with each look
	require.NoError(t, k.Set(ctx, s, session{User: "ann"}))
	assert.Equal(t, "ann", f.next().Value.User)
})

var _ = conform("a watch notices what others write without a word", func(t *testing.T, b bench) {
	ctx, s := t.Context(), b.open(t, state.Options{EnableScan: true, WatchInterval: 100 * time.Millisecond})
	k := followed.Key("1")
	name, err := k.Name(s)
	require.NoError(t, err)
	f := follow(t, watching(s, k))
	f.next()
	all := follow(t, func(ctx context.Context) iter.Seq2[state.KeyEvent[session], error] {
		return state.WatchAll(ctx, s, followed)
	})
	require.NoError(t, b.admin.Set(ctx, name, `{"user":"ann"}`, 0).Err())
	assert.Equal(t, "ann", f.next().Value.User)
	assert.Equal(t, "ann", all.next().Value.User)
	require.NoError(t, b.admin.Del(ctx, name).Err())
	assert.Equal(t, state.EventGone, f.next().Kind)
	assert.Equal(t, state.EventGone, all.next().Kind)
	f.none()
	all.none()
})

var _ = conform("all of a family is watched with the parts of its keys", func(t *testing.T, b bench) {
	ctx, s := t.Context(), b.open(t, state.Options{EnableSet: true, EnableRemove: true, EnableScan: true})
	require.NoError(t, boards.Key("red", 1).Set(ctx, s, session{User: "ann"}))
	require.NoError(t, boards.Key("red", 2).Set(ctx, s, session{User: "bea"}))
	require.NoError(t, boards.Key("blue", 1).Set(ctx, s, session{User: "cyd"}))
	red := follow(t, func(ctx context.Context) iter.Seq2[state.KeyEvent[session], error] {
		return state.WatchAll(ctx, s, boards, "red")
	})
	found := map[state.Key[session]]string{}
	for range 2 {
		e := red.next()
		assert.Equal(t, state.EventCurrent, e.Kind)
		found[e.Key] = e.Value.User
	}
	assert.Equal(t, map[state.Key[session]]string{boards.Key("red", 1): "ann", boards.Key("red", 2): "bea"}, found)

	require.NoError(t, boards.Key("blue", 2).Set(ctx, s, session{User: "dee"}))
	require.NoError(t, boards.Key("red", 3).Set(ctx, s, session{User: "eve"}, state.TTL(300*time.Millisecond)))
	e := red.next()
	assert.Contains(t, []state.EventKind{state.EventSet, state.EventCurrent}, e.Kind, "the search for what is there may still go on")
	assert.Equal(t, boards.Key("red", 3), e.Key)
	assert.Equal(t, "eve", e.Value.User)
	e = red.next()
	assert.Equal(t, state.EventExpired, e.Kind)
	assert.Equal(t, boards.Key("red", 3), e.Key)
	require.NoError(t, remove(ctx, s, boards.Key("red", 1)))
	e = red.next()
	assert.Equal(t, state.EventRemoved, e.Kind)
	assert.Equal(t, boards.Key("red", 1), e.Key)
	require.NoError(t, boards.Key("red", 1).Set(ctx, s, session{User: "ann"}))
	assert.Equal(t, "ann", red.next().Value.User)
	red.none()
})

var _ = conform("get or wait", func(t *testing.T, b bench) {
	ctx, s := t.Context(), b.all(t)
	k := followed.Key("1")
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	_, err := state.GetOrWait(short, s, k)
	require.ErrorIs(t, err, context.DeadlineExceeded)

	got := make(chan session)
	go func() {
		v, err := state.GetOrWait(ctx, s, k)
		assert.NoError(t, err)
		got <- v
	}()
	time.Sleep(20 * time.Millisecond)
	require.NoError(t, k.Set(ctx, s, session{User: "ann"}))
	assert.Equal(t, "ann", (<-got).User)
	v, err := state.GetOrWait(ctx, s, k)
	require.NoError(t, err)
	assert.Equal(t, "ann", v.User)
})

var _ = conform("what has changed since a token", func(t *testing.T, b bench) {
	ctx, s := t.Context(), b.all(t)
	k := followed.Key("1")
	e, err := state.Changed(ctx, s, k, state.Token{})
	require.NoError(t, err)
	assert.False(t, e.Found)
	assert.Equal(t, state.Absent(), e.Token)

	changed := make(chan state.Event[session])
	poll := func(token state.Token) {
		e, err := state.Changed(ctx, s, k, token)
		assert.NoError(t, err)
		changed <- e
	}
	go poll(e.Token)
	time.Sleep(20 * time.Millisecond)
	require.NoError(t, k.Set(ctx, s, session{User: "ann"}))
	e = <-changed
	assert.True(t, e.Found)
	assert.Equal(t, "ann", e.Value.User)

	go poll(e.Token)
	time.Sleep(20 * time.Millisecond)
	require.NoError(t, state.Touch(ctx, s, k)) // the same state
	require.NoError(t, remove(ctx, s, k))
	e = <-changed
	assert.False(t, e.Found)
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	_, err = state.Changed(short, s, k, e.Token)
	require.ErrorIs(t, err, context.DeadlineExceeded)
})
