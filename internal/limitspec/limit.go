// Package limitspec is what a rate limit says, apart from how it is enforced: [Limit]
// with the rules that it must keep ([Check]), and the text form of the generator's
// directives ([Parse]). Package ratelimit and the generator share it.
package limitspec

import "time"

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
	// MaxUnits is the largest number that a server's script can count to exactly.
	MaxUnits = 1 << 53
)

// String returns the limit as a directive has it.
func (l Limit) String() string { panic("not yet") }

// Check returns the index of the first limit that breaks a rule, alone or beside those before
// it, and what is wrong with it.
func Check(limits []Limit) (at int, err error) { panic("not yet") }

// Units returns the rate of a bucket in lowest terms: it refills by n units in each
// microsecond, and a token is per of them.
func (l Limit) Units() (n, per int64) { panic("not yet") }

// Parse returns the limit that a directive's option of that kind gives, such as
// "1000/1h,burst=200". If it is wrong, at is the byte of text where.
func Parse(kind Kind, text string) (l Limit, at int, err error) { panic("not yet") }
