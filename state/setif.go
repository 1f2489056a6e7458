package state

import "context"

// SetIf is [Key.Set], but only if what is stored is still what token names, as
// [GetEntry] returned it, and fails with [ErrConflict] if it is not. It returns
// the token of v. The token of absence stores a first value; the token of a value
// never does. It sends a script. O(n) in the length of the stored value.
func SetIf[T any](ctx context.Context, w Writer, k Key[T], token Token, v T, opts ...SetOption) (Token, error) {
	return setIf(ctx, w, k.ref, token, &v, opts)
}

func setIf(ctx context.Context, w Writer, k ref, token Token, v any, opts []SetOption) (stored Token, err error) {
	o := beginKey(ctx, writerOf(w), "SetIf", k, maySet)
	c := o.prepare(v, token.expectation(), opts)
	if o.err == nil {
		var e effect
		if e, o.err = o.make(&c); e.refused {
			o.err = &ConflictError{Attempts: 1}
		}
	}
	if o.err == nil {
		stored = tokenOf(c.data)
	}
	return stored, o.end()
}

// RemoveIf removes the value at the key if it is still what token names, and
// fails with [ErrConflict] if it is not. It sends a script. O(n) in the length of
// the stored value.
func RemoveIf(ctx context.Context, r Remover, k AnyKey, token Token, opts ...RemoveOption) error {
	o := beginKey(ctx, removerOf(r), "RemoveIf", refOf(k), mayRemove)
	given := collect(opts, RemoveOption.applyRemove)
	o.replicate(&given)
	c := change{key: o.key, expect: token.expectation(), action: actionUnlink}
	if o.err == nil {
		c.receipt, o.err = o.receiptOf(&given)
	}
	if o.err == nil {
		var e effect
		if e, o.err = o.make(&c); e.refused {
			o.err = &ConflictError{Attempts: 1}
		}
	}
	return o.end()
}
