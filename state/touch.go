package state

import (
	"context"
	"fmt"
)

// Touch sets the TTL of the value at the key anew, to the family's or that of
// [TTL]. It fails with [ErrNotFound] if there is no value, [ErrInvalidTTL] or
// [ErrSetDisabled]. It sends PEXPIRE. O(1).
func Touch(ctx context.Context, w Writer, k AnyKey, opts ...TouchOption) error {
	o := beginKey(ctx, writerOf(w), "Touch", refOf(k), maySet)
	given := collect(opts, TouchOption.applyTouch)
	o.replicate(&given)
	c := change{key: o.key, expect: expectPresent, action: actionExpire}
	if o.err == nil {
		c.ms, o.err = o.family.lifetime(&given)
	}
	if o.err == nil && c.ms == 0 {
		o.err = fmt.Errorf("%w: the family's values never expire; give state.TTL(d) to have this one expire", ErrInvalidTTL)
	}
	if o.err == nil {
		c.receipt, o.err = o.receiptOf(&given)
	}
	if o.err == nil {
		var e effect
		if e, o.err = o.make(&c); e.refused {
			o.err = ErrNotFound
		}
	}
	return o.end()
}
