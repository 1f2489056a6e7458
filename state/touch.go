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
	var ms int64
	if o.err == nil {
		var given touchOptions
		for _, opt := range opts {
			if opt != nil {
				opt.applyTouch(&given)
			}
		}
		ms, o.err = o.family.lifetime(given)
	}
	if o.err == nil && ms == 0 {
		o.err = fmt.Errorf("%w: the family's values never expire; give state.TTL(d) to have this one expire", ErrInvalidTTL)
	}
	if o.err == nil {
		set, err := o.exec().Write(o.ctx, "PEXPIRE", o.key, ms).Int64()
		if o.err = writeCause(o.ctx, err); o.err == nil && set == 0 {
			o.err = ErrNotFound
		}
	}
	return o.end()
}
