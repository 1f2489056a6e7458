package state

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/typedstate/typedstate/internal/keyspec"
)

// FamilyOptions say how the values of a family are stored. One of TTL and
// Persist must be given, as state that nobody limits fills a Redis.
type FamilyOptions[T any] struct {
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
	// Watch declares that the family is to be watched. Nothing depends on it
	// yet.
	Watch bool
	// Codec turns values into bytes; nil is JSON.
	Codec Codec[T]
}

// Family is all keys made from one template, and the type of their values.
// [Define] makes one; so does generated code.
type Family[T any] struct {
	family
}

// family is all of a Family that does not depend on its type.
type family struct {
	template *keyspec.Template
	codec    erased
	ttl, max time.Duration // 0: for ever, no maximum
	jitter   float64
	sliding  bool
}

// Define returns the family of the keys that template makes, such as
// "session:<userID>" or "cart:{<tenant>}:<item:int64>". A parameter is a string
// unless it names another type: a bool, an integer, [16]byte for a UUID, or any
// other name for a type that [Family.Key] takes as it comes.
//
// Define is meant for package variables and panics, with what to mend, if the
// template or the options are wrong. Templates that can make the same key are
// not found here but by stategen.
func Define[T any](template string, o FamilyOptions[T]) *Family[T] {
	f, err := define(template, erase(o.Codec), limits{o.TTL, o.Max, o.Persist, o.Jitter, o.Sliding})
	if err != nil {
		panic(fmt.Sprintf("state.Define(%q): %v", template, err))
	}
	return &Family[T]{f}
}

// limits are the options of a family that do not depend on its type.
type limits struct {
	ttl, max time.Duration
	persist  string
	jitter   float64
	sliding  bool
}

func define(template string, codec erased, l limits) (family, error) {
	t, err := keyspec.Parse(template)
	if err != nil {
		return family{}, err
	}
	if err := l.check(); err != nil {
		return family{}, err
	}
	return family{template: t, codec: codec, ttl: l.ttl, max: l.max, jitter: l.jitter, sliding: l.sliding}, nil
}

func (l limits) check() error {
	switch {
	case l.ttl != 0 && l.persist != "":
		return errors.New("has both TTL and Persist; give one")
	case l.ttl == 0 && l.persist == "":
		return errors.New("has neither TTL nor Persist; give a TTL, or say in Persist why values live for ever")
	case l.ttl < 0 || l.ttl%time.Millisecond != 0:
		return fmt.Errorf("TTL %v is not a positive number of whole milliseconds", l.ttl)
	case l.max < 0 || l.max > 0 && l.max < max(l.ttl, time.Millisecond):
		return fmt.Errorf("Max %v is below the TTL of %v", l.max, l.ttl)
	case math.IsNaN(l.jitter) || l.jitter < 0 || l.jitter >= 1:
		return fmt.Errorf("Jitter %v is not from 0 up to 1", l.jitter)
	case l.ttl == 0 && (l.jitter > 0 || l.sliding):
		return errors.New("Jitter and Sliding need a TTL")
	}
	return nil
}

// Template returns the family's template.
func (f *family) Template() string { return f.template.String() }

// Key returns the family's key with those parts, one for each parameter and of
// the parameter's type; for an integer parameter any integer that fits it will
// do. A wrong number of parts, a part of another type and an empty part make a
// key whose operations fail with [ErrInvalidKey].
func (f *Family[T]) Key(parts ...any) Key[T] { return Key[T]{key{&f.family, f.name(parts)}} }

// ParseKey returns the key that has that name without the store's prefix, and
// false if it is none of this family.
func (f *Family[T]) ParseKey(name string) (Key[T], bool) {
	if _, ok := f.template.ParseKey(name); !ok {
		return Key[T]{}, false
	}
	return Key[T]{key{&f.family, name}}, true
}

// Make returns the key with that name, which generated code has built.
func (f *Family[T]) Make(name string) Key[T] { return Key[T]{key{&f.family, name}} }
