package codectest

import (
	"image"
	"net/url"

	"github.com/typedstate/typedstate/internal/gen/codectest/other"
)

// Packages holds structs of other packages, and of other modules, for which there
// are no guards.
//
//state:key codectest-packages:<id> ttl=1m
//state:key codectest-packages-pack:<id> ttl=1m codec=msgpack name=PackagesPack
type Packages struct {
	Plain  other.Plain      `json:"plain"`
	Plains []other.Plain    `json:"plains"`
	Kind   other.Kind       `json:"kind"`
	Holder other.Holder     `json:"holder"`
	Point  image.Point      `json:"point"`
	Points []image.Point    `json:"points"`
	Rect   *image.Rectangle `json:"rect"`
	Query  url.Values       `json:"query"`
}

// Unreachable holds what cannot be named here.
//
//state:key codectest-unreachable:<id> ttl=1m
type Unreachable struct {
	Exported other.Exported `json:"exported"`
	Hiding   other.Hiding   `json:"hiding"`
}

// Generic holds instances of generic types.
//
//state:key codectest-generic:<id> ttl=1m
//state:key codectest-generic-pack:<id> ttl=1m codec=msgpack name=GenericPack
type Generic struct {
	Ints    Box[int]                              `json:"ints"`
	Strings Box[string]                           `json:"strings"`
	Again   []Box[int]                            `json:"again"`
	Pair    other.Pair[string, []Box[Text]]       `json:"pair"`
	Pairs   map[string]*other.Pair[int8, float32] `json:"pairs"`
	List    ListOf[Item]                          `json:"list"`
}

// Box is generic.
type Box[T any] struct {
	Value T  `json:"value"`
	Ptr   *T `json:"ptr,omitempty"`
}

// ListOf is a generic slice.
type ListOf[T any] []T

// Instance is an instance of a generic type.
//
//state:key codectest-instance:<id> ttl=1m
//state:key codectest-instance-pack:<id> ttl=1m codec=msgpack name=InstancePack
type Instance Box[map[string]Item]
