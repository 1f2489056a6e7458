package state

import (
	"context"
	"math"
	"time"
)

// Exists reports whether there is a value at the key, without reading it. It
// fails with [ErrGetDisabled]. It sends EXISTS. O(1).
func Exists(ctx context.Context, r Reader, k AnyKey) (bool, error) {
	o := beginKey(ctx, readerOf(r), "Exists", refOf(k), mayGet)
	var n int64
	if o.err == nil {
		var err error
		n, err = o.exec().Read(o.ctx, "EXISTS", o.key).Int64()
		o.err = cause(o.ctx, err)
	}
	return n > 0, o.end()
}

// TimeToLive returns how long the value at the key has left to live, to the
// millisecond, or [NoTTL] if it never expires. It fails with [ErrNotFound] if
// there is none, or with [ErrGetDisabled]. It sends PTTL. O(1).
func TimeToLive(ctx context.Context, r Reader, k AnyKey) (time.Duration, error) {
	o := beginKey(ctx, readerOf(r), "TimeToLive", refOf(k), mayGet)
	var left time.Duration
	if o.err == nil {
		ms, err := o.exec().Read(o.ctx, "PTTL", o.key).Int64()
		switch o.err = cause(o.ctx, err); {
		case o.err != nil:
		case ms == -2:
			o.err = ErrNotFound
		case ms == -1:
			left = NoTTL
		default:
			left = time.Duration(min(ms, math.MaxInt64/int64(time.Millisecond))) * time.Millisecond
		}
	}
	return left, o.end()
}
