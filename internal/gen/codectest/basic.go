package codectest

import "time"

// Named types on the basic ones, and aliases of some.
type (
	// Text is a string.
	Text string
	// Flag is a bool.
	Flag bool
	// Small is an int8.
	Small int8
	// Count is a uint16.
	Count uint16
	// Wide is an int64.
	Wide int64
	// Vast is a uint64.
	Vast uint64
	// Narrow is a float32.
	Narrow float32
	// Number is another name of float64.
	Number = float64
	// Letter is another name of rune.
	Letter = rune
	// Word is another name of Text.
	Word = Text
)

// Basic has fields of every basic type.
//
//state:key codectest-basic:<id> ttl=1m
//state:key codectest-basic-pack:<id> ttl=1m codec=msgpack name=BasicPack
type Basic struct {
	String  string  `json:"string"`
	Bool    bool    `json:"bool"`
	Int     int     `json:"int"`
	Int8    int8    `json:"int8"`
	Int16   int16   `json:"int16"`
	Int32   int32   `json:"int32"`
	Uint    uint    `json:"uint"`
	Uint8   uint8   `json:"uint8"`
	Uint16  uint16  `json:"uint16"`
	Uint32  uint32  `json:"uint32"`
	Float32 float32 `json:"float32"`
	Float64 float64 `json:"float64"`
	Byte    byte    `json:"byte"`
	Rune    rune    `json:"rune"`

	Text     Text          `json:"text"`
	Flag     Flag          `json:"flag"`
	Small    Small         `json:"small"`
	Count    Count         `json:"count"`
	Narrow   Narrow        `json:"narrow"`
	Number   Number        `json:"number"`
	Letter   Letter        `json:"letter"`
	Word     Word          `json:"word"`
	Duration time.Duration `json:"duration"`
	Month    time.Month    `json:"month"`

	// Their own fields would each need the option string.
	Wides [1]int64
	Vasts [1]uint64
}

// Empty has nothing to store.
//
//state:key codectest-empty:<id> ttl=1m
//state:key codectest-empty-pack:<id> ttl=1m codec=msgpack name=EmptyPack
type Empty struct{}
