package state

import (
	"context"
	"errors"
)

// Take returns the value at the key and removes it. Of several callers at the
// same time one gets it, so it suits tokens that are good for one use. It fails
// with [ErrNotFound] if there is none, [ErrConflict] if the value kept changing,
// and otherwise as [Key.Get] does; a value that it cannot decode stays where it
// is. With [ErrUnknownOutcome] it returns the value too, as that may be removed;
// with [OpID] a repeat returns it again. It sends a script that reads and, to
// remove what it has read and nothing else, one that removes. O(n) in the length
// of the value.
func Take[T any](ctx context.Context, r ReadRemover, k Key[T], opts ...RemoveOption) (v T, err error) {
	err = take(ctx, r, k.ref, &v, opts)
	return v, err
}

// take reads the value at a key into what v points to and removes it. GETDEL
// would take one round trip, but it would also remove a value that cannot be
// decoded or is too large, and so lose it.
func take(ctx context.Context, r ReadRemover, k ref, v any, opts []RemoveOption) error {
	o := beginKey(ctx, removerOf(r), "Take", k, mayGet|mayRemove)
	given := collect(opts, RemoveOption.applyRemove)
	o.replicate(&given)
	var receipt receipt
	if o.err == nil {
		receipt, o.err = o.receiptOf(&given)
	}
	for attempt := 1; o.err == nil; attempt++ {
		var taken bool
		taken, o.err = o.take(v, receipt)
		if taken || errors.Is(o.err, ErrUnknownOutcome) || errors.Is(o.err, ErrNotReplicated) {
			break
		}
		zero(v) // it was read, and not taken
		if o.err == nil {
			o.err = overtaken(o.ctx, attempt)
		}
	}
	return o.end()
}

func (o *operation) take(v any, r receipt) (taken bool, err error) {
	s, err := o.look(entryScript.ReadPrimary, r)
	if err != nil {
		return false, err
	}
	if s.receipt != nil {
		return o.takeAgain(&r, s.receipt, v)
	}
	if o.decodeSnapshot(&s, v); o.err != nil {
		return false, o.err
	}
	c := change{key: o.key, expect: s.token().expectation(), action: actionUnlink, receipt: r, old: r.key != ""}
	e, err := o.make(&c)
	if e.again {
		// Another call with the same id was faster.
		zero(v)
		if o.decode(e.old, v); o.err != nil {
			return false, o.err
		}
	}
	return err == nil && !e.refused, err
}

// takeAgain reads the value that was taken before into what v points to.
func (o *operation) takeAgain(r *receipt, found []byte, v any) (taken bool, err error) {
	old, _, err := r.answer(found, true)
	if err == nil {
		o.decode(old, v)
		err = o.err
	}
	if err == nil {
		err = o.confirm(r)
	}
	return err == nil, err
}
