package ratelimit

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/internal/keyspec"
)

// subjects are all keys of one template.
type subjects[K any] struct {
	family *bridge.Family
	name   func(K) string
}

// newSubjects returns the subjects of a template. Without a function that makes the name of
// a key, the parts are taken out of a K at run time.
func newSubjects[K any](template string, name func(K) string) (subjects[K], error) {
	t, err := keyspec.Parse(template)
	if err != nil {
		return subjects[K]{}, err
	}
	f := bridge.NewFamily(t)
	if name == nil {
		parts, err := partsOf(reflect.TypeFor[K](), t)
		if err != nil {
			return subjects[K]{}, err
		}
		name = func(k K) string { return f.Name(parts(k)...) }
		if none := *new(K); strings.Contains(name(none), keyspec.MarkMismatch) {
			return subjects[K]{}, fmt.Errorf("a subject of type %T is no part of the template's types", none)
		}
	}
	return subjects[K]{f, name}, nil
}

// key returns the name of a subject's key. There is none in a zero Limiter.
func (s *subjects[K]) key(subject K) string {
	if s.name == nil {
		return ""
	}
	return s.name(subject)
}

// partsOf returns what takes the values of a template's parameters out of a subject of that
// type.
func partsOf(subject reflect.Type, t *keyspec.Template) (func(any) []any, error) {
	switch params := t.Params(); {
	case len(params) == 1:
		return func(k any) []any { return []any{k} }, nil
	case len(params) == 0 && subject == reflect.TypeFor[Global]():
		return func(any) []any { return nil }, nil
	case len(params) == 0:
		return nil, errors.New("the template has no parameter, and so the subject is ratelimit.Global")
	case subject.Kind() != reflect.Struct || subject.NumField() != len(params):
		return nil, fmt.Errorf("the template has %d parameters, and so the subject is a struct with a field for each", len(params))
	}
	for field := range subject.Fields() {
		if !field.IsExported() {
			return nil, fmt.Errorf("the field %s of the subject is not exported", field.Name)
		}
	}
	return func(k any) []any {
		v := reflect.ValueOf(k)
		parts := make([]any, v.NumField())
		for i := range parts {
			parts[i] = v.Field(i).Interface()
		}
		return parts
	}, nil
}
