package codectest

import "time"

// Pointers has pointers to every kind of values.
//
//state:key codectest-pointers:<id> ttl=1m
//state:key codectest-pointers-pack:<id> ttl=1m codec=msgpack name=PointersPack
type Pointers struct {
	String   *string             `json:"string"`
	Text     *Text               `json:"text"`
	Int      *int                `json:"int"`
	Small    *Small              `json:"small"`
	Bool     *bool               `json:"bool"`
	Float    *float64            `json:"float"`
	Item     *Item               `json:"item"`
	Time     *time.Time          `json:"time"`
	Slice    *[]int              `json:"slice"`
	Map      *map[string]int     `json:"map"`
	Array    *[2]int             `json:"array"`
	Bytes    *[]byte             `json:"bytes"`
	PtrPtr   **int               `json:"ptrPtr"`
	Three    ***Item             `json:"three"`
	Named    IntPointer          `json:"named"`
	Structs  *struct{ A int }    `json:"structs"`
	Level    *Level              `json:"level"`
	Omitted  *Item               `json:"omitted,omitempty"`
	Elements []**map[string]*int `json:"elements"`
}

// IntPointer is a named pointer.
type IntPointer *int
