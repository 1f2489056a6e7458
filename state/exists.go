package state

import (
	"context"
	"math"
	"time"

	"github.com/typedstate/typedstate/internal/exec"
)

// Exists reports whether there is a value at the key, without reading it. It
// fails with [ErrGetDisabled]. It sends EXISTS. O(1).
func Exists(ctx context.Context, r Reader, k AnyKey) (exists bool, err error) {
	o := beginKey(ctx, readerOf(r), "Exists", refOf(k), mayGet)
	switch {
	case o.err != nil:
	case o.tx != nil:
		var s snapshot
		s, o.err = o.tx.look(&o)
		exists = s.present
	default:
		n, err := o.do(exec.Read("exists", o.key.String())).Int()
		exists, o.err = n > 0, cause(o.ctx, err)
	}
	return exists, o.end()
}

// TimeToLive returns how long the value at the key has left to live, to the
// millisecond, or [NoTTL] if it never expires. It fails with [ErrNotFound] if
// there is none, or with [ErrGetDisabled]. It sends PTTL. O(1).
func TimeToLive(ctx context.Context, r Reader, k AnyKey) (left time.Duration, err error) {
	o := beginKey(ctx, readerOf(r), "TimeToLive", refOf(k), mayGet)
	switch {
	case o.err != nil:
	case o.tx != nil:
		var s snapshot
		if s, o.err = o.tx.look(&o); o.err == nil && !s.present {
			o.err = ErrNotFound
		}
		left = s.left
	default:
		ms, err := o.do(exec.Read("pttl", o.key.String())).Int()
		if o.err = cause(o.ctx, err); o.err == nil && ms == pttlMissing {
			o.err = ErrNotFound
		}
		left = lifeOf(ms)
	}
	if o.err != nil {
		left = 0
	}
	return left, o.end()
}

// What PTTL replies where there are no milliseconds.
const (
	pttlMissing = -2
	pttlForever = -1
)

// lifeOf returns a reply of PTTL as a duration.
func lifeOf(ms int64) time.Duration {
	if ms == pttlForever {
		return NoTTL
	}
	return time.Duration(min(max(ms, 0), math.MaxInt64/int64(time.Millisecond))) * time.Millisecond
}
