package state

import (
	"errors"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/typedstate/typedstate/internal/keyspec"
)

// FamilyOptions say how the values of a family are stored. One of TTL and
// Persist must be given, as state that nobody limits fills a Redis.
type FamilyOptions[T any] struct {
	_ [0]func() // no ==, which the compiler would make for every family

	// TTL is how long a value lives after it was written, in whole
	// milliseconds.
	TTL time.Duration
	// Persist has values live until they are removed, and says why.
	Persist string
	// Max is the longest TTL that a call may ask for. 0 is no maximum.
	Max time.Duration
	// Jitter is the share of TTL, from 0 up to but not including 1, by which a
	// write shortens it at random, so that values written together do not
	// expire together. 0.1 gives 90 to 100 percent of TTL.
	Jitter float64
	// Sliding has each read of a value extend its life to TTL from then on, if
	// the store enables writing. A read never shortens it.
	Sliding bool
	// Watch has each write announce itself in the same atomic step, so that the
	// family can be watched ([Watch], [WatchAll]). A write is then a script that
	// also sends PUBLISH.
	Watch bool
	// Codec turns values into bytes; nil is JSON.
	Codec Codec
}

// Family is all keys made from one template, and the type of their values.
// [Define] makes one; so does generated code.
type Family[T any] struct{ family *family }

// family is all of a Family that does not depend on its type.
type family struct {
	template *keyspec.Template
	codec    Codec
	ttl, max time.Duration // 0: for ever, no maximum
	jitter   float64
	sliding  bool
	watched  bool
	recent   atomic.Int64 // about how many bytes its values have
	spares   sync.Pool    // of pointers to zero values
}

// spare returns a pointer to a zero value of the family, or nil. A value is read
// through a pointer that the codec is given, so that a variable of the caller's
// would be allocated for each call.
func (f *family) spare() any {
	if f == nil {
		return nil
	}
	return f.spares.Get()
}

// keep takes back what spare returned, zero again.
func (f *family) keep(p any) {
	if f != nil {
		f.spares.Put(p)
	}
}

// usualBytes returns about how many bytes the family's values have lately had when
// they were read, or 0 if they are small.
func (f *family) usualBytes() int {
	if f == nil {
		return 0
	}
	return int(f.recent.Load())
}

// fewBytes is up to where the size of a value does not matter.
const fewBytes = 4 << 10

// noteBytes notes the size of a value that was read. Larger ones count at once, and
// smaller ones little by little, as they may lie between larger ones.
func (f *family) noteBytes(n int) {
	if f == nil {
		return
	}
	switch old := f.recent.Load(); {
	case n > fewBytes && int64(n) > old:
		f.recent.Store(int64(n))
	case old > 0:
		if old -= (old - int64(n)) / 8; old <= fewBytes {
			old = 0
		}
		f.recent.Store(old)
	}
}

// Define returns the family of the keys that template makes, such as
// "session:<userID>" or "cart:{<tenant>}:<item:int64>". A parameter is a string
// unless it names another type: a bool, an integer, [16]byte for a UUID, or any
// other name for a type that [Family.Key] takes as it comes.
//
// Define is meant for package variables and panics, with what to mend, if the
// template or the options are wrong. Templates that can make the same key are
// not found here but by stategen.
//
//go:noinline
func Define[T any](template string, o FamilyOptions[T]) *Family[T] {
	return &Family[T]{define(template, definition(o))}
}

// definition is a FamilyOptions without its type.
type definition FamilyOptions[struct{}]

func define(template string, d definition) *family {
	t, err := keyspec.Parse(template)
	if err == nil {
		err = d.check()
	}
	if err != nil {
		panic(fmt.Sprintf("state.Define(%q): %v", template, err))
	}
	if d.Codec == nil {
		d.Codec = JSON()
	}
	return &family{template: t, codec: d.Codec, ttl: d.TTL, max: d.Max, jitter: d.Jitter, sliding: d.Sliding, watched: d.Watch}
}

func (d *definition) check() error {
	switch {
	case d.TTL != 0 && d.Persist != "":
		return errors.New("has both TTL and Persist; give one")
	case d.TTL == 0 && d.Persist == "":
		return errors.New("has neither TTL nor Persist; give a TTL, or say in Persist why values live for ever")
	case d.TTL < 0 || d.TTL%time.Millisecond != 0:
		return fmt.Errorf("has the TTL %v, which is not a positive number of whole milliseconds", d.TTL)
	case d.Max < 0 || d.Max > 0 && d.Max < max(d.TTL, time.Millisecond):
		return fmt.Errorf("has the Max %v, which is below the TTL of %v", d.Max, d.TTL)
	case math.IsNaN(d.Jitter) || d.Jitter < 0 || d.Jitter >= 1:
		return fmt.Errorf("has the Jitter %v, which is not from 0 up to 1", d.Jitter)
	case d.TTL == 0 && (d.Jitter > 0 || d.Sliding):
		return errors.New("gives Jitter or Sliding without a TTL, which they need")
	}
	return nil
}

// Key returns the family's key with those parts, one for each parameter and of
// the parameter's type; for an integer parameter any integer that fits it will
// do. A wrong number of parts, a part of another type and an empty part make a
// key whose operations fail with [ErrInvalidKey].
func (f *Family[T]) Key(parts ...any) Key[T] { return Key[T]{ref{f.family, f.family.name(parts)}} }

// Make returns the key with that name, which generated code has built.
func (f *Family[T]) Make(name string) Key[T] { return Key[T]{ref{f.family, name}} }

// ParseKey returns the key of f that has that name without the store's prefix,
// and false if it is none of f.
func ParseKey[T any](f *Family[T], name string) (Key[T], bool) {
	if _, ok := f.family.template.ParseKey(name); !ok {
		return Key[T]{}, false
	}
	return f.Make(name), true
}
