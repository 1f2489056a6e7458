package bridge

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/typedstate/typedstate/internal/keyspec"
)

// Keys are all keys of one template, by the values of its parameters: K is the type of the one
// that it has, or a struct with a field for each, or struct{}.
type Keys[K any] struct {
	family *Family
	name   func(K) string
}

// NewKeys returns the keys of a template. Without a function that makes the name of a key,
// the parts are taken out of a K at run time.
func NewKeys[K any](t *keyspec.Template, name func(K) string) (Keys[K], error) {
	k := Keys[K]{family: NewFamily(t), name: name}
	if name == nil {
		parts, err := partsOf(reflect.TypeFor[K](), t)
		if err != nil {
			return Keys[K]{}, err
		}
		k.name = func(v K) string { return k.family.Name(parts(v)...) }
		if none := *new(K); strings.Contains(k.name(none), keyspec.MarkMismatch) {
			return Keys[K]{}, fmt.Errorf("a %T is no part of the template's types", none)
		}
	}
	return k, nil
}

// Family returns the family of the keys, and nil of zero Keys.
func (k *Keys[K]) Family() *Family { return k.family }

// Name returns the name of a key without the prefix of a store, and "" of zero Keys.
func (k *Keys[K]) Name(v K) string {
	if k.name == nil {
		return ""
	}
	return k.name(v)
}

// partsOf returns what takes the values of a template's parameters out of a value of that
// type.
func partsOf(of reflect.Type, t *keyspec.Template) (func(any) []any, error) {
	switch params := t.Params(); {
	case len(params) == 1:
		return func(k any) []any { return []any{k} }, nil
	case len(params) == 0 && of == reflect.TypeFor[struct{}]():
		return func(any) []any { return nil }, nil
	case len(params) == 0:
		return nil, errors.New("the template has no parameter, and so the type of its keys is struct{}")
	case of.Kind() != reflect.Struct || of.NumField() != len(params):
		return nil, fmt.Errorf("the template has %d parameters, and so the type of its keys is a struct with a field for each", len(params))
	}
	for i := range of.NumField() {
		name := of.Field(i).Name
		if !of.Field(i).IsExported() {
			return nil, fmt.Errorf("the field %s of the struct is not exported", name)
		}
		for j, other := range t.Params() {
			if i != j && strings.EqualFold(name, other.Name) && !strings.EqualFold(name, t.Params()[i].Name) {
				return nil, fmt.Errorf("the field %s of the struct stands where the template has <%s>; give the fields in its order", name, t.Params()[i].Name)
			}
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
