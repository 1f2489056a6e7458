package ratelimit

import (
	"fmt"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/internal/keyspec"
	"github.com/typedstate/typedstate/internal/limitspec"
)

// Global is the subject of a family whose template has no parameter.
type Global = struct{}

// Family is all subjects of one template, and their limits. [Define] makes one; so does
// generated code. K is the subject: the type of the template's parameter, or a struct if
// there are several.
type Family[K any] struct {
	subjects bridge.Keys[K]
	limits   limits
}

// Define returns the family of the subjects that template makes, such as
// "calls:<userID>", with those limits. For a template with one parameter K is the type
// of that: a string, unless the template says otherwise. For several, K is a struct whose
// exported fields are their values, in the order of the template; for none it is [Global].
//
// Define is meant for package variables and panics, with what to mend, if the template,
// K or a limit is wrong, or can never decide beside another. Templates that can make the same key are not found here but by
// stategen.
func Define[K any](template string, limits ...Limit) *Family[K] {
	f, err := define[K](template, nil, limits)
	if err != nil {
		panic(fmt.Sprintf("ratelimit.Define(%q): %v", template, err))
	}
	return f
}

// DefineKeyed is [Define] with a function that makes the name of a subject's key, as the template
// has it. Generated code calls it.
func DefineKeyed[K any](template string, name func(K) string, limits ...Limit) *Family[K] {
	f, err := define(template, name, limits)
	if err != nil {
		panic(fmt.Sprintf("ratelimit.DefineKeyed(%q): %v", template, err))
	}
	return f
}

func define[K any](template string, name func(K) string, given []Limit) (*Family[K], error) {
	s, err := subjects(template, name)
	if err != nil {
		return nil, err
	}
	l, err := newLimits(given, limitspec.Check)
	if err != nil {
		return nil, err
	}
	return &Family[K]{s, l}, nil
}

// subjects returns the keys of a template.
func subjects[K any](template string, name func(K) string) (bridge.Keys[K], error) {
	t, err := keyspec.Parse(template)
	if err != nil {
		return bridge.Keys[K]{}, err
	}
	return bridge.NewKeys(t, name)
}
