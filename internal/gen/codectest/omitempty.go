package codectest

import (
	"encoding/json"
	"time"
)

// Omitempty has fields of every kind with the option omitempty.
//
//state:key codectest-omitempty:<id> ttl=1m
//state:key codectest-omitempty-pack:<id> ttl=1m codec=msgpack name=OmitemptyPack
type Omitempty struct {
	String   string          `json:"string,omitempty"`
	Text     Text            `json:"text,omitempty"`
	Bool     bool            `json:"bool,omitempty"`
	Flag     Flag            `json:"flag,omitempty"`
	Int      int             `json:"int,omitempty"`
	Uint8    uint8           `json:"uint8,omitempty"`
	Float32  float32         `json:"float32,omitempty"`
	Float64  float64         `json:"float64,omitempty"`
	Slice    []int           `json:"slice,omitempty"`
	Bytes    []byte          `json:"bytes,omitempty"`
	Map      map[string]int  `json:"map,omitempty"`
	Array    [2]int          `json:"array,omitempty"`
	None     [0]int          `json:"none,omitempty"`
	Pointer  *int            `json:"pointer,omitempty"`
	Struct   Item            `json:"struct,omitempty"`
	Hollow   Hollow          `json:"hollow,omitempty"`
	Nothing  struct{}        `json:"nothing,omitempty"`
	Time     time.Time       `json:"time,omitempty"`
	Raw      json.RawMessage `json:"raw,omitempty"`
	Items    []Item          `json:"items,omitempty"`
	Duration time.Duration   `json:"duration,omitempty"`
	Last     string          `json:",omitempty"`
}

// Hollow is empty to msgpack if its fields are.
type Hollow struct {
	A string `json:"a,omitempty"`
	B []int  `json:"b,omitempty"`
	C struct {
		D map[string]bool `json:"d,omitempty"`
		E int             `json:"e,omitempty"`
	} `json:"c,omitempty"`
}

// Item is a struct in others.
type Item struct {
	SKU   string `json:"sku"`
	Count int    `json:"count"`
}

// OmitemptyOnly is an empty document if nothing is set.
//
//state:key codectest-omitempty-only:<id> ttl=1m
//state:key codectest-omitempty-only-pack:<id> ttl=1m codec=msgpack name=OmitemptyOnlyPack
type OmitemptyOnly struct {
	A string `json:"a,omitempty"`
	B *Item  `json:"b,omitempty"`
	C []Item `json:"c,omitempty"`
}
