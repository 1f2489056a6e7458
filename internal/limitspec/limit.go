// Package limitspec is what a rate limit says, apart from how it is enforced: [Limit]
// with the rules that it must keep ([Check]), and the text form of the generator's
// directives ([Parse]). Package ratelimit and the generator share it.
package limitspec

import (
	"cmp"
	"fmt"
	"strings"
	"time"
)

// Kind is how a limit counts.
type Kind uint8

// The kinds of limits, by their names in a directive.
const (
	Window Kind = iota + 1
	Bucket
)

// String returns the name of k in a directive.
func (k Kind) String() string {
	switch k {
	case Window:
		return "window"
	case Bucket:
		return "bucket"
	}
	return "unknown"
}

// Limit is one limit on a subject.
type Limit struct {
	Kind Kind
	// Name is the limit's name among those of its subject.
	Name string
	// N is how many tokens there are in each Per.
	N   int64
	Per time.Duration
	// Burst is how many tokens a bucket holds; 0 is N.
	Burst int64
	// Slots is into how many parts a window divides its time; 0 is [DefaultSlots].
	Slots int
	// Shadow has the limit deny nothing.
	Shadow bool
}

// The bounds of limits.
const (
	DefaultSlots = 32
	MaxSlots     = 256
	// MaxLimits is how many limits a subject may have.
	MaxLimits = 8
	// MaxNameBytes is how long a limit's name may be.
	MaxNameBytes = 32
	// MaxUnits bounds what a server's script counts, which is exact up to twice as much.
	MaxUnits = 1 << 52
	// MinPer and MaxPer bound the time of a limit.
	MinPer = time.Millisecond
	MaxPer = 366 * 24 * time.Hour
)

// Capacity returns the most tokens that there can be at once.
func (l Limit) Capacity() int64 { return cmp.Or(l.Burst, l.N) }

// Units returns the rate of l in lowest terms: a bucket refills by n units in each
// microsecond, and a token is per of them.
func (l Limit) Units() (n, per int64) {
	n, per = l.N, l.Per.Microseconds()
	divisor := n
	for rest := per; rest != 0; {
		divisor, rest = rest, divisor%rest
	}
	return n / divisor, per / divisor
}

// String returns the limit as a directive has it.
func (l Limit) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%v=%d/%s", l.Kind, l.N, Duration(l.Per))
	if l.Burst != 0 {
		fmt.Fprintf(&b, ",burst=%d", l.Burst)
	}
	if l.Slots != 0 {
		fmt.Fprintf(&b, ",slots=%d", l.Slots)
	}
	if l.Shadow {
		b.WriteString(",shadow")
	}
	if l.Name != defaultName(l) {
		b.WriteString(",name=" + l.Name)
	}
	return b.String()
}

// defaultName is the name of a limit whose directive gives none.
func defaultName(l Limit) string { return l.Kind.String() + "-" + Duration(l.Per) }

// Duration returns d in its shortest form of letters and digits, such as "1m", "1h30m" or
// "1s500ms", which [time.ParseDuration] reads.
func Duration(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	var b strings.Builder
	rest := uint64(d)
	if d < 0 {
		b.WriteByte('-')
		rest = -rest
	}
	for _, unit := range [...]struct {
		size time.Duration
		name string
	}{{time.Hour, "h"}, {time.Minute, "m"}, {time.Second, "s"}, {time.Millisecond, "ms"}, {time.Microsecond, "us"}, {1, "ns"}} {
		if n := rest / uint64(unit.size); n > 0 {
			fmt.Fprintf(&b, "%d%s", n, unit.name)
			rest -= n * uint64(unit.size)
		}
	}
	return b.String()
}
