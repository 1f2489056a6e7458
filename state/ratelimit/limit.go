package ratelimit

import (
	"time"

	"github.com/typedstate/typedstate/internal/limitspec"
)

// Limit is one limit on a subject. [Bucket] and [Window] make one; [Define] and
// [Limiter.With] check it. It is a small, comparable value.
type Limit struct{ spec limitspec.Limit }

// Window returns a limit that grants at most n tokens in any interval of the length
// per, wherever it begins, as long as the server's clock is not set forward.
//
// What was granted is counted in slots, which end up to per/slots late: under constant
// demand a window grants at least slots/(slots+1) of n in each per. See
// [Limit.WithSlots].
//
// It must have at least one token and a per of at least a millisecond. Its name, of up to 32
// characters out of a-z, 0-9, "_" and "-", tells it from the other limits of its subject, and
// is what Redis keeps its state under.
func Window(name string, n int64, per time.Duration) Limit {
	return Limit{limitspec.Limit{Kind: limitspec.Window, Name: name, N: n, Per: per}}
}

// Bucket returns a limit that refills by n tokens in each per, steadily, and holds as many
// as [Limit.WithBurst] says, or n. In an interval of the length t it grants at most burst +
// n*t/per tokens: so up to 2n in the first per. It is the generic cell rate algorithm
// (ITU-T I.371) in integers.
//
// The name is as for [Window]. The burst times per in microseconds, divided by what n
// and per have in common, must be at most 2^52.
func Bucket(name string, n int64, per time.Duration) Limit {
	return Limit{limitspec.Limit{Kind: limitspec.Bucket, Name: name, N: n, Per: per}}
}

// WithBurst returns the bucket with room for that many tokens; 0 is n. A window has no burst.
func (l Limit) WithBurst(tokens int64) Limit { l.spec.Burst = tokens; return l }

// WithSlots returns the window divided into that many slots, 1 to 256; 0 is 32.
// More slots grant a little more under constant demand, and take more memory: about 20
// bytes for each slot in which something was granted.
func (l Limit) WithSlots(slots int) Limit { l.spec.Slots = slots; return l }

// AsShadow returns the limit as one that denies nothing. Its [Usage] says what it would
// have done, and it counts what it would have granted. It is for trying a limit out.
func (l Limit) AsShadow() Limit { l.spec.Shadow = true; return l }

// Name returns the limit's name.
func (l Limit) Name() string { return l.spec.Name }

// N returns how many tokens there are in each [Limit.Per].
func (l Limit) N() int64 { return l.spec.N }

// Per returns the length of the window, or the time in which a bucket refills by
// [Limit.N].
func (l Limit) Per() time.Duration { return l.spec.Per }

// Capacity returns the most tokens that there can be at once: n of a window, and the
// burst of a bucket.
func (l Limit) Capacity() int64 { return l.spec.Capacity() }

// IsShadow reports whether the limit denies nothing.
func (l Limit) IsShadow() bool { return l.spec.Shadow }

// String returns the limit as a directive has it, such as "window=100/1m0s".
func (l Limit) String() string { return l.spec.String() }
