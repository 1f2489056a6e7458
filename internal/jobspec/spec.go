// Package jobspec is how the jobs of a family live, apart from how that is enforced: [Spec]
// with its defaults and the bounds that it must keep ([Spec.Check]). Package jobs and the
// generator share it.
package jobspec

import (
	"cmp"
	"fmt"
	"time"
)

// Spec is what jobs.FamilyOptions say about times and attempts, under the same names.
type Spec struct {
	Lease, Keep, KeepFailed, KeepCancelled, Idle time.Duration
	Attempts                                     int
	RetryDelay, MaxRetryDelay                    time.Duration
}

// The defaults of fields that are 0.
const (
	DefaultLease         = 30 * time.Second
	DefaultIdle          = 30 * 24 * time.Hour
	DefaultAttempts      = 3
	DefaultRetryDelay    = time.Second
	DefaultMaxRetryDelay = 10 * time.Minute
)

// The bounds of fields.
const (
	MinLease = 100 * time.Millisecond
	MaxLease = 24 * time.Hour
	// MinKeep is some times as long as who waits for the end of a job may take to see it.
	MinKeep = 10 * time.Second
	// Longest is what all other times are bounded by.
	Longest     = 366 * 24 * time.Hour
	MaxAttempts = 1000
)

// WithDefaults returns s with the defaults of all fields that are 0 but Keep, which has none.
// Those that depend on another field never lie out of bounds because of it.
func (s Spec) WithDefaults() Spec {
	s.Lease = cmp.Or(s.Lease, DefaultLease)
	s.KeepFailed = cmp.Or(s.KeepFailed, s.Keep)
	s.KeepCancelled = cmp.Or(s.KeepCancelled, s.Keep)
	s.Idle = cmp.Or(s.Idle, max(DefaultIdle, s.Lease))
	s.Attempts = cmp.Or(s.Attempts, DefaultAttempts)
	s.RetryDelay = cmp.Or(s.RetryDelay, DefaultRetryDelay)
	s.MaxRetryDelay = cmp.Or(s.MaxRetryDelay, max(DefaultMaxRetryDelay, s.RetryDelay))
	return s
}

// BoundsError is a field that is out of its bounds.
type BoundsError struct {
	Field           string
	Value, Min, Max any
}

// Error returns what is wrong with the family, as the end of a sentence about it.
func (e *BoundsError) Error() string {
	if n, ok := e.Value.(int); ok {
		return fmt.Sprintf("has %d %s; give %v to %v", n, e.Field, e.Min, e.Max)
	}
	return fmt.Sprintf("has the %s %v; give %v to %v", e.Field, e.Value, e.Min, e.Max)
}

// Check returns the fields that are out of their bounds once the defaults are there.
func (s Spec) Check() []*BoundsError {
	var wrong []*BoundsError
	for _, of := range []struct {
		field       string
		d, min, max time.Duration
	}{
		{"Lease", s.Lease, MinLease, MaxLease},
		{"Keep", s.Keep, MinKeep, Longest},
		{"KeepFailed", s.KeepFailed, MinKeep, Longest},
		{"KeepCancelled", s.KeepCancelled, MinKeep, Longest},
		{"Idle", s.Idle, s.Lease, Longest},
		{"RetryDelay", s.RetryDelay, time.Millisecond, Longest},
		{"MaxRetryDelay", s.MaxRetryDelay, s.RetryDelay, Longest},
	} {
		if of.d < of.min || of.d > of.max {
			wrong = append(wrong, &BoundsError{of.field, of.d, of.min, of.max})
		}
	}
	if s.Attempts < 1 || s.Attempts > MaxAttempts {
		wrong = append(wrong, &BoundsError{"Attempts", s.Attempts, 1, MaxAttempts})
	}
	return wrong
}
