package codectest

import (
	"image"

	"github.com/typedstate/typedstate/internal/gen/codectest/other"
)

// Embedded has the fields of other structs among its own.
//
//state:key codectest-embedded:<id> ttl=1m
type Embedded struct {
	Before string `json:"before"`
	Base
	hidden
	Alias
	other.Plain
	Tagged `json:"tagged"`
	List
	After int `json:"after"`
}

// EmbeddedPack is what of that msgpack takes.
//
//state:key codectest-embedded-pack:<id> ttl=1m codec=msgpack
type EmbeddedPack struct {
	Before string `json:"before"`
	Base
	Alias
	other.Plain
	Tagged `msgpack:"tagged,noinline"`
	List
	Noinline `msgpack:",noinline"`
	After    int `json:"after" msgpack:"later,alias:after"`
}

// Base is embedded, and embeds another.
type Base struct {
	ID string `json:"id"`
	Deeper
	Name string // the one of Deeper has another name in documents
}

// Deeper is two levels down.
type Deeper struct {
	Name  string `json:"deeperName"`
	Count int    `json:"deeperCount,omitempty"`
}

type hidden struct {
	Shown string `json:"shown"`
	inner
}

type inner struct{ Innermost int }

// Alias is embedded under another name than it is declared with.
type Alias = Aliased

// Aliased is what Alias stands for.
type Aliased struct{ FromAlias bool }

// Tagged is embedded but is stored as one field.
type Tagged struct{ InTagged string }

// List is embedded and no struct.
type List []string

// Noinline is stored as one field in msgpack.
type Noinline struct{ InNoinline string }

// Shadowed has names in Go that hide each other, while those in documents do not.
//
//state:key codectest-shadowed:<id> ttl=1m
type Shadowed struct {
	ID string `json:"ownID"`
	Left
	Right
}

// Left and Right have fields of one name.
type Left struct {
	ID   string `json:"leftID"`
	Size int    `json:"leftSize"`
}

// Right is beside Left.
type Right struct {
	ID   string `json:"rightID"`
	Size int    `json:"rightSize"`
	Left int    `json:"leftInRight"`
}

// EmbeddedUnguarded embeds what has no guard, so that it has no codec.
//
//state:key codectest-embedded-unguarded:<id> ttl=1m
//state:key codectest-embedded-unguarded-pack:<id> ttl=1m codec=msgpack name=EmbeddedUnguardedPack
type EmbeddedUnguarded struct {
	image.Point
	N int `json:"n"`
}

// EmbeddedHidden is what its own package has of an embedded type that others
// cannot name.
//
//state:key codectest-embedded-hidden:<id> ttl=1m
type EmbeddedHidden struct {
	other.Exported
	N int `json:"n"`
}
