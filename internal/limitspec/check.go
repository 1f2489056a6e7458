package limitspec

import (
	"errors"
	"fmt"
	"time"
)

// Check returns the index of the first limit that breaks a rule, alone or beside those
// before it, and what is wrong with it. One that can never decide beside another is wrong too.
func Check(limits []Limit) (at int, err error) {
	if at, err := CheckEach(limits); err != nil {
		return at, err
	}
	for i, l := range limits {
		for _, other := range limits[:i] {
			if err := idle(other, l); err != nil {
				return i, err
			}
		}
	}
	return 0, nil
}

// CheckEach is [Check] without that last rule, for limits that are made of numbers which are
// not known before.
func CheckEach(limits []Limit) (at int, err error) {
	if len(limits) == 0 {
		return 0, errors.New("there is no limit; give a window or a bucket")
	}
	if len(limits) > MaxLimits {
		return MaxLimits, fmt.Errorf("there are %d limits; give %d at most", len(limits), MaxLimits)
	}
	for i, l := range limits {
		if err := l.check(); err != nil {
			return i, err
		}
		for _, other := range limits[:i] {
			if other.Name == l.Name {
				return i, fmt.Errorf("two limits have the name %s; give one of them another", l.Name)
			}
		}
	}
	return 0, nil
}

// check returns what is wrong with l alone.
func (l Limit) check() error {
	if l.Kind != Window && l.Kind != Bucket {
		return errors.New("the limit is a zero value; make one with Window or Bucket")
	}
	if err := checkName(l.Name); err != nil {
		return err
	}
	switch {
	case l.N < 1:
		return fmt.Errorf("%s grants %d tokens and so nothing; give at least 1", l.Name, l.N)
	case l.Per < MinPer || l.Per > MaxPer:
		return fmt.Errorf("%s has the time %v; give %v to %v", l.Name, l.Per, MinPer, MaxPer)
	case l.Per%time.Microsecond != 0:
		return fmt.Errorf("%s has the time %v; give whole microseconds", l.Name, l.Per)
	case l.Kind == Window && l.Burst != 0:
		return fmt.Errorf("%s is a window, which has no burst; give a bucket, or leave it out", l.Name)
	case l.Kind == Bucket && l.Slots != 0:
		return fmt.Errorf("%s is a bucket, which has no slots; leave them out", l.Name)
	case l.Burst < 0:
		return fmt.Errorf("%s has a burst of %d tokens; give at least 1", l.Name, l.Burst)
	case l.Slots < 0 || l.Slots > MaxSlots:
		return fmt.Errorf("%s has %d slots; give 1 to %d", l.Name, l.Slots, MaxSlots)
	}
	if l.Capacity() > MaxUnits {
		return fmt.Errorf("%s has %d tokens; give %d at most", l.Name, l.Capacity(), int64(MaxUnits))
	}
	if _, per := l.Units(); l.Kind == Bucket && l.Capacity() > MaxUnits/per {
		return fmt.Errorf("%s cannot be counted exactly: %d tokens times %d units; give a rounder number of tokens, or fewer", l.Name, l.Capacity(), per)
	}
	return nil
}

func checkName(name string) error {
	if name == "" || len(name) > MaxNameBytes {
		return fmt.Errorf("a limit has a name of %d bytes; give 1 to %d", len(name), MaxNameBytes)
	}
	for _, c := range []byte(name) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-' {
			return fmt.Errorf(`the limit's name %q holds other characters than a-z, 0-9, "_" and "-"`, name)
		}
	}
	return nil
}

// idle returns which of two limits of one subject can never decide, if one of them cannot. A
// shadow decides nothing, and may be stricter or laxer.
func idle(a, b Limit) error {
	switch {
	case a.Shadow || b.Shadow:
		return nil
	case stricter(a, b):
		a, b = b, a
	case !stricter(b, a):
		return nil
	}
	return fmt.Errorf("%s can never decide, as %s is always as strict; leave one of them out", a.Name, b.Name)
}

// stricter reports whether whatever a grants b would grant too.
func stricter(a, b Limit) bool {
	aPer, bPer := a.Per.Microseconds(), b.Per.Microseconds()
	switch {
	case b.Kind == Window && a.Kind == Window:
		// An interval of b's length is covered by so many of a's.
		return times(a.N, (bPer+aPer-1)/aPer) <= b.N
	case b.Kind == Window:
		// The burst, and what comes in the rest of a half-open interval of b's length.
		n, per := a.Units()
		return sum(a.Capacity(), floor(n, bPer-1, per)) <= b.N
	default:
		// Both grant at most their burst at once, and then at their rate.
		return a.Capacity() <= b.Capacity() && rateAtMost(a, b)
	}
}
