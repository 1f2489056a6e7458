package jobs

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/internal/keyspec"
	"github.com/typedstate/typedstate/state"
)

// family is all of a Family that does not depend on its types.
type family struct {
	bridge   *bridge.Family
	template *keyspec.Template
	shape    string // the template with "__" for each parameter
	FamilyOptions
}

const (
	defaultLease         = 30 * time.Second
	defaultIdle          = 30 * 24 * time.Hour
	defaultAttempts      = 3
	defaultRetryDelay    = time.Second
	defaultMaxRetryDelay = 10 * time.Minute

	minLease = 100 * time.Millisecond
	maxLease = 24 * time.Hour
	// longest is what all other times are bounded by.
	longest     = 366 * 24 * time.Hour
	maxAttempts = 1000
)

// minKeep is some times as long as who waits for the end of a job may take to see it.
var minKeep = 10 * time.Second

func define[K, P, R any](template string, name func(K) string, parse func([]string) (K, error), o FamilyOptions) (*Family[K, P, R], error) {
	t, err := keyspec.Parse(template)
	if err != nil {
		return nil, err
	}
	if slices.ContainsFunc(t.Segments(), func(s keyspec.Segment) bool { return s.Open || s.Close }) {
		return nil, errTag
	}
	if o, err = o.withDefaults(); err != nil {
		return nil, err
	}
	keys, err := bridge.NewKeys(t, name)
	if err != nil {
		return nil, err
	}
	if parse == nil {
		parse = bridge.ParseParts[K]
	}
	return &Family[K, P, R]{keys, parse, &family{keys.Family(), t, strings.Join(t.Literals(), "__"), o}}, nil
}

var errTag = errors.New("the template has a hash tag, and the keys of a job have their own; leave the braces out")

func (o FamilyOptions) withDefaults() (FamilyOptions, error) {
	o.Lease = cmp.Or(o.Lease, defaultLease)
	o.KeepFailed = cmp.Or(o.KeepFailed, o.Keep)
	o.KeepCancelled = cmp.Or(o.KeepCancelled, o.Keep)
	o.Idle = cmp.Or(o.Idle, max(defaultIdle, o.Lease))
	o.Attempts = cmp.Or(o.Attempts, defaultAttempts)
	o.RetryDelay = cmp.Or(o.RetryDelay, defaultRetryDelay)
	o.MaxRetryDelay = cmp.Or(o.MaxRetryDelay, max(defaultMaxRetryDelay, o.RetryDelay))
	if o.Progress == nil {
		o.Progress = state.JSON()
	}
	if o.Result == nil {
		o.Result = state.JSON()
	}
	if o.Keep == 0 {
		return o, errors.New("has no Keep; say how long a job is kept that has ended")
	}
	for _, of := range []struct {
		name        string
		d, min, max time.Duration
	}{
		{"Lease", o.Lease, minLease, maxLease},
		{"Keep", o.Keep, minKeep, longest},
		{"KeepFailed", o.KeepFailed, minKeep, longest},
		{"KeepCancelled", o.KeepCancelled, minKeep, longest},
		{"Idle", o.Idle, o.Lease, longest},
		{"RetryDelay", o.RetryDelay, time.Millisecond, longest},
		{"MaxRetryDelay", o.MaxRetryDelay, o.RetryDelay, longest},
	} {
		if of.d < of.min || of.d > of.max {
			return o, fmt.Errorf("has the %s %v; give %v to %v", of.name, of.d, of.min, of.max)
		}
	}
	if o.Attempts < 1 || o.Attempts > maxAttempts {
		return o, fmt.Errorf("has %d Attempts; give 1 to %d", o.Attempts, maxAttempts)
	}
	return o, nil
}
