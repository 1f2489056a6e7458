package state

import (
	"context"
	"time"
)

// GetOrWait returns the value at the key, and waits until there is one if need be, for
// as long as ctx lasts. It fails as [Watch] does, or with a [*DecodeError] or
// [ErrWrongType] for what it finds. It sends a script that reads and, where it has to
// wait, what Watch sends. O(n) in the length of the value.
func GetOrWait[T any](ctx context.Context, r Reader, k Key[T]) (v T, err error) {
	e, err := await[T](ctx, r, "GetOrWait", k.ref, func(n *notice) bool { return n.present })
	return e.Value, err
}

// Changed returns the state of the key as soon as it is another than the one that
// token names, for as long as ctx lasts: at once if it is already, or if token is a
// zero Token. Absence is a state too, with the token [Absent] and Found as false. So a
// browser that polls is answered when there is news, and comes back with the token of
// that.
//
// It fails as [GetOrWait] does, and sends the same.
func Changed[T any](ctx context.Context, r Reader, k Key[T], token Token) (Event[T], error) {
	return await[T](ctx, r, "Changed", k.ref, func(n *notice) bool { return n.err != nil || n.token != token })
}

// await returns the first state that will do.
func await[T any](ctx context.Context, r Reader, name string, k ref, does func(*notice) bool) (e Event[T], err error) {
	w := newWatcher(ctx, readerOf(r), name, k.family, &k)
	if n := w.await(does); n != nil {
		if e, err = eventOf[T](w, n); err != nil {
			e = Event[T]{}
		}
		return e, w.endWith(err)
	}
	return e, w.end()
}

// await returns the first state that will do, or nil and an error. It looks before it
// listens, as what is waited for is often there.
func (w *watcher) await(does func(*notice) bool) (found *notice) {
	if w.err != nil {
		return nil
	}
	n := w.glance()
	if w.err != nil {
		return nil
	}
	if does(n) {
		return n
	}
	w.run(func(n *notice) bool {
		if does(n) {
			found = n
		}
		return found == nil
	})
	if found != nil {
		w.err = nil
	}
	return found
}

// glance reads the key once.
func (w *watcher) glance() *notice {
	reply := w.exec().Do(w.ctx, w.sight(w.single.key, Token{}))
	s, err := w.sighted(reply, Token{}, time.Now())
	w.err = err
	return &notice{sighting: s, key: w.single.key, kind: EventCurrent}
}
