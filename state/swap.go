package state

import (
	"context"
	"errors"
)

// Swap is [Key.Set], but also returns the value that was there before, in the
// same atomic step, or found as false if there was none. If the old bytes are no
// T or too many, v is stored all the same and the error is a [*DecodeError]. With
// [ErrWrongType] nothing was stored. It sends SET with PX and GET. O(1).
func Swap[T any](ctx context.Context, rw ReadWriter, k Key[T], v T, opts ...SetOption) (old T, found bool, err error) {
	found, err = swap(ctx, rw, k.ref, &v, &old, opts)
	return old, found, err
}

// swap stores the value that v points to and reads the one before it into what
// old points to.
func swap(ctx context.Context, rw ReadWriter, k ref, v, old any, opts []SetOption) (found bool, err error) {
	o := beginKey(ctx, writerOf(rw), "Swap", k, mayGet|maySet)
	c := o.prepare(v, expectAnything, opts)
	if o.err == nil {
		c.old = true
		var e effect
		if e, o.err = o.make(&c); o.err == nil && e.had {
			found = true
			// Its own size limit would say ErrTooLarge, which means that v was not
			// stored.
			if o.decode(e.old, old); errors.Is(o.err, ErrTooLarge) {
				o.err = &DecodeError{Offset: -1, Reason: o.err.Error()}
			}
		}
	}
	return found && o.err == nil, o.end()
}
