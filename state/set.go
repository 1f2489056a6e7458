package state

import (
	"context"
	"fmt"
)

// SetIfAbsent is [Key.Set], but fails with [ErrExists] if there is a value
// already. It sends SET with PX and NX. O(1).
func SetIfAbsent[T any](ctx context.Context, w Writer, k Key[T], v T, opts ...SetOption) error {
	return setWhen(ctx, w, "SetIfAbsent", k.ref, &v, expectAbsent, opts)
}

// Replace is [Key.Set], but fails with [ErrNotFound] if there is no value to
// replace. It sends SET with PX and XX. O(1).
func Replace[T any](ctx context.Context, w Writer, k Key[T], v T, opts ...SetOption) error {
	return setWhen(ctx, w, "Replace", k.ref, &v, expectPresent, opts)
}

// setWhen stores the value that v points to and fails if what is stored is not as
// expected.
func setWhen(ctx context.Context, w Writer, name string, k ref, v any, expect expectation, opts []SetOption) error {
	o := beginKey(ctx, writerOf(w), name, k, maySet)
	if o.err == nil && o.tx == nil { // which would keep the bytes
		o.buffer = takeBuffer()
	}
	c := o.prepare(v, expect, opts)
	if o.err == nil {
		var e effect
		if e, o.err = o.make(&c); e.refused {
			o.err = refusalOf(expect)
		}
		if e.settled {
			o.buffer.release()
		}
	}
	return o.end()
}

// refusalOf returns what it means that a value is there, or is not, which was not
// expected.
func refusalOf(expect expectation) error {
	if expect == expectAbsent {
		return ErrExists
	}
	return ErrNotFound
}

// prepare returns the change that stores the value that v points to.
func (o *operation) prepare(v any, expect expectation, opts []SetOption) (c change) {
	if o.err != nil {
		return change{}
	}
	given := collect(opts, SetOption.applySet)
	if given.keep && (given.given || expect == expectAbsent) {
		o.err = fmt.Errorf("%w: KeepTTL goes neither with TTL nor with SetIfAbsent", ErrInvalidTTL)
		return change{}
	}
	c = change{key: o.key, expect: expect, action: actionSet}
	if given.keep {
		c.action = actionKeep
	}
	if o.replicate(&given); o.err == nil {
		c.receipt, o.err = o.receiptOf(&given)
	}
	if o.err == nil {
		c.ms, o.err = o.family.lifetime(&given)
	}
	if o.err == nil {
		c.data, o.err = o.encode(v)
	}
	return c
}

// encode returns the bytes to store for the value that v points to.
func (o *operation) encode(v any) ([]byte, error) {
	data, err := encode(o.family.codec, o.buffer.room(), v, o.store.options.MaxValueBytes)
	o.buffer.outgrown(data)
	o.bytes += len(data)
	return data, err
}
