package codectest

import "time"

// Hidden has structs without a name behind the names of other types, where its
// guard does not show their fields.
//
//state:key codectest-hidden:<id> ttl=1m
//state:key codectest-hidden-pack:<id> ttl=1m codec=msgpack name=HiddenPack
type Hidden struct {
	List  Nameless            `json:"list"`
	Lists map[string]Nameless `json:"lists"`
	Alias NamelessAlias       `json:"alias"`
	Seen  []struct{ N int }   `json:"seen"`
	Loop  *Loop               `json:"loop"`
}

// Nameless is a slice of structs without a name.
type Nameless []struct {
	A int
	B *Item
}

// NamelessAlias is a struct without a name.
type NamelessAlias = struct{ C string }

// Loop leads back to itself by way of a named map.
type Loop map[string]*Loop

// AsArray has an option for all its fields, which is the library's to know.
//
//state:key codectest-as-array:<id> ttl=1m codec=msgpack
type AsArray struct {
	_msgpack struct{} `state:"-" msgpack:",as_array"`
	A        int
	B        string
}

// HoldsAsArray leaves it to the library.
//
//state:key codectest-holds-as-array:<id> ttl=1m codec=msgpack
type HoldsAsArray struct {
	Array  AsArray            `json:"array"`
	Arrays map[string]AsArray `json:"arrays"`
	N      int                `json:"n"`
}

// Drops has a field of which package strict refuses what omitempty would drop.
//
//state:key codectest-drops:<id> ttl=1m codec=msgpack
type Drops struct {
	At *time.Time `json:"at,omitempty"`
}

// HoldsDrops leaves it to the library.
//
//state:key codectest-holds-drops:<id> ttl=1m codec=msgpack
type HoldsDrops struct {
	Drops Drops   `json:"drops"`
	Many  []Drops `json:"many"`
}
