package state

import (
	"context"
	"iter"
)

// Watch returns an iterator over the states of the value at the key: first the one
// that is there, or its absence, and then those that follow.
//
//	for e, err := range state.Watch(ctx, store, key) { … }
//
// What it hears are hints, and what it shows it has read. Once writes stop, the last
// event is what is stored: within a second after a write of this library, if the
// connection stands or from when it stands again; and within Options.WatchInterval and
// a second after one of another program, or at once where the server tells of it
// (notify-keyspace-events). The end of a value's time it knows by itself.
//
// Nothing is missed in silence. Where the connection was lost, or another server has
// come to own the key, the watcher reads again, and the event says so ([EventInfo].Gap).
// A consumer that takes its time gets the newest state and at least the number of those
// that it does not get (Skipped), at the cost of a note in memory and of nobody's time.
// That a read has extended the life of a sliding family's value is not announced.
//
// It ends with the loop, or with an error, whose event is a zero one: that of the
// context, [ErrClosed] once the store is closed, [ErrPermission], or what keeps it from
// beginning: [ErrNotWatched] if the family was not declared to be watched, [ErrInTx],
// [ErrInvalidKey], [ErrGetDisabled], [ErrNoStore], [ErrOutsideTx]. An event that is not
// zero comes with an error if what is stored cannot be read, as it is a [*DecodeError],
// [ErrTooLarge] or [ErrWrongType], and the watch goes on. Where the context has no
// deadline, a watch that cannot begin within ten seconds fails; one that has begun
// outlasts whatever the servers do.
//
// All watchers of a store share one connection to each server that they must hear. It
// sends SUBSCRIBE and at times PING there, and for each event a script that reads, by
// EVALSHA_RO. O(n) in the length of the value.
func Watch[T any](ctx context.Context, r Reader, k Key[T]) iter.Seq2[Event[T], error] {
	return func(yield func(Event[T], error) bool) {
		// This function is made anew for every family that is watched, so what it does lies
		// elsewhere.
		var e Event[T]
		watch(ctx, r, k.ref, &e.EventInfo, &e.Value, func(err error) bool { return yield(e, err) })
	}
}

// WatchAll is [Watch] for all keys of f, or for those that have the fixed parts, as for
// [Keys]. It begins with an event for each value that is there, in no order; a key that
// holds none has no event until it is set, which may be before the last of those. An
// error of one key comes with the key.
//
// After a gap the values that have changed have an event that says so, and so has the
// first event that follows in any case. What is kept in memory is a note for each key that
// holds a value, of about 400 bytes and its name, and of some kilobytes for a while for one
// that changes faster than the consumer takes it.
//
// It needs Options.EnableScan, as [Keys] does. It sends PSUBSCRIBE to every master, and
// SCAN when it begins, after a gap, and each Options.WatchInterval; so give that more
// where the database is large. An ACL compares patterns of channels as they stand: a
// user needs the very pattern, which is that of the keys and ":__watch", or all channels.
func WatchAll[T any](ctx context.Context, r Reader, f *Family[T], fixed ...any) iter.Seq2[KeyEvent[T], error] {
	return func(yield func(KeyEvent[T], error) bool) {
		w := newWatcher(ctx, readerOf(r), "WatchAll", f.family, nil)
		w.fix(fixed)
		err := w.each(func(n *notice) bool {
			e, err := eventOf[T](w, n)
			return yield(KeyEvent[T]{Key[T]{ref{f.family, n.name}}, e}, err)
		})
		if err != nil {
			yield(KeyEvent[T]{}, err)
		}
	}
}

// WatchEach is [WatchAll] for generated code: parts are encoded, "" for any, and parse
// makes the parameters of the decoded parts. A key whose parts do not parse is none of
// the family's, and its events come with [ErrInvalidKey].
func WatchEach[P, T any](ctx context.Context, r Reader, f *Family[T], parts []string, parse func([]string) (P, error)) iter.Seq2[FoundEvent[P, T], error] {
	return func(yield func(FoundEvent[P, T], error) bool) {
		w := newWatcher(ctx, readerOf(r), "WatchAll", f.family, nil)
		w.parts = parts
		err := w.each(func(n *notice) bool {
			e, err := eventOf[T](w, n)
			parts, _ := w.parse(n.key)
			params, invalid := parsed(&hit{parts: parts, one: w.one(n)}, parse)
			if invalid != nil {
				err = invalid
			}
			return yield(FoundEvent[P, T]{params, e}, err)
		})
		if err != nil {
			yield(FoundEvent[P, T]{}, err)
		}
	}
}

// eventOf returns the event that a notice tells of.
func eventOf[T any](w *watcher, n *notice) (e Event[T], err error) {
	e.EventInfo, err = n.info(), w.decodeNotice(n, &e.Value)
	return e, err
}

// watch has yield called for each event of a key, which is in what info and v point to
// then, and at last with the error that ends the watch.
func watch(ctx context.Context, r Reader, k ref, info *EventInfo, v any, yield func(error) bool) {
	w := newWatcher(ctx, readerOf(r), "Watch", k.family, &k)
	err := w.each(func(n *notice) bool {
		*info = n.info()
		zero(v) // as the value before is the consumer's, down to what it points to
		return yield(w.decodeNotice(n, v))
	})
	if err != nil {
		*info = EventInfo{}
		zero(v)
		yield(err)
	}
}

// each calls show with each event, and returns the error that ends the watch, unless
// show has.
func (w *watcher) each(show func(*notice) bool) error {
	ended := false
	defer func() {
		if !ended { // since the consumer has panicked
			_ = w.end()
		}
	}()
	w.run(show)
	if ended = true; w.sated {
		w.err = nil
	}
	return w.end()
}

// one returns the operation of one key of the watch.
func (w *watcher) one(n *notice) *operation {
	return &operation{target: w.target, ctx: w.ctx, name: w.name, family: w.family, key: redisKey{rest: n.key}}
}

// decodeNotice reads the value of a notice, if it has one, into what v points to.
func (w *watcher) decodeNotice(n *notice, v any) error {
	one := w.one(n)
	if one.err = n.err; n.present && n.err == nil {
		one.decode(n.data, v)
		w.bytes += one.bytes
	}
	return one.end()
}
