package state

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// NoTTL is what [TimeToLive] returns for a value that never expires, and what
// [Store.SetState] takes to store one.
const NoTTL time.Duration = -1

// TTLOption is an option that [TTL] returns.
type TTLOption interface {
	SetOption
	UpdateOption
	TouchOption
}

// TTL has a call use d in place of the family's TTL. It is rounded up to whole
// milliseconds. The call fails with [ErrInvalidTTL] if d is below one
// millisecond or above the family's maximum.
func TTL(d time.Duration) TTLOption { return ttlOption(d) }

// KeepTTL has a write keep what is left of the stored value's TTL. Where there
// is nothing left to keep, since no value is stored or it never expires, the new
// value gets the family's TTL. SetIfAbsent refuses it with [ErrInvalidTTL].
func KeepTTL() SetOption { return keepTTL{} }

// RefreshTTL has an update give the value the family's TTL anew, where it would
// keep what is left.
func RefreshTTL() UpdateOption { return refreshTTL{} }

type ttlOption time.Duration

func (o ttlOption) apply(c *callOptions)       { c.ttl, c.given = time.Duration(o), true }
func (o ttlOption) applySet(c *callOptions)    { o.apply(c) }
func (o ttlOption) applyUpdate(c *callOptions) { o.apply(c) }
func (o ttlOption) applyTouch(c *callOptions)  { o.apply(c) }

type keepTTL struct{}

func (keepTTL) applySet(c *callOptions) { c.keep = true }

type refreshTTL struct{}

func (refreshTTL) applyUpdate(c *callOptions) { c.refresh = true }

// lifetime returns how long a value lives that is written now, in milliseconds;
// 0 is for ever.
func (f *family) lifetime(o *callOptions) (int64, error) {
	if !o.given {
		return milliseconds(f.jittered()), nil
	}
	if err := checkTTL(o.ttl); err != nil {
		return 0, err
	}
	if f.max > 0 && o.ttl > f.max {
		return 0, fmt.Errorf("%w: %v is above the family's maximum of %v", ErrInvalidTTL, o.ttl, f.max)
	}
	return milliseconds(o.ttl), nil
}

func checkTTL(d time.Duration) error {
	if d < time.Millisecond {
		return fmt.Errorf("%w: %v is below one millisecond", ErrInvalidTTL, d)
	}
	return nil
}

// jittered returns the family's TTL less a random share of its jitter, so that
// values written together do not expire together. It is never longer.
func (f *family) jittered() time.Duration {
	if f.jitter == 0 {
		return f.ttl
	}
	share := rand.Float64() * f.jitter //nolint:gosec // nobody gains by guessing it
	return max(f.ttl-time.Duration(share*float64(f.ttl)), time.Millisecond)
}

// milliseconds rounds up, so that a value never expires before its time.
func milliseconds(d time.Duration) int64 {
	ms := d.Milliseconds()
	if d > time.Duration(ms)*time.Millisecond {
		ms++
	}
	return ms
}
