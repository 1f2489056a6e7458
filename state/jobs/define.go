package jobs

import (
	"errors"
	"slices"
	"strings"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/internal/jobspec"
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
	if o.Progress == nil {
		o.Progress = state.JSON()
	}
	if o.Result == nil {
		o.Result = state.JSON()
	}
	if o.Keep == 0 {
		return o, errors.New("has no Keep; say how long a job is kept that has ended")
	}
	s := jobspec.Spec{
		Lease: o.Lease, Keep: o.Keep, KeepFailed: o.KeepFailed, KeepCancelled: o.KeepCancelled, Idle: o.Idle,
		Attempts: o.Attempts, RetryDelay: o.RetryDelay, MaxRetryDelay: o.MaxRetryDelay,
	}.WithDefaults()
	if wrong := s.Check(); len(wrong) > 0 {
		return o, wrong[0]
	}
	o.Lease, o.Keep, o.KeepFailed, o.KeepCancelled, o.Idle = s.Lease, s.Keep, s.KeepFailed, s.KeepCancelled, s.Idle
	o.Attempts, o.RetryDelay, o.MaxRetryDelay = s.Attempts, s.RetryDelay, s.MaxRetryDelay
	return o, nil
}
