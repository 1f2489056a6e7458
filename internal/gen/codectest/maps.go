package codectest

import "time"

// Key is a string, and a key.
type Key string

// Maps has maps with every kind of keys and elements.
//
//state:key codectest-maps:<id> ttl=1m
//state:key codectest-maps-pack:<id> ttl=1m codec=msgpack name=MapsPack
type Maps struct {
	Strings  map[string]string            `json:"strings"`
	Bools    map[string]bool              `json:"bools"`
	Named    map[Key]Text                 `json:"named"`
	Ints     map[int]string               `json:"ints"`
	Int8     map[int8]int                 `json:"int8"`
	Int16    map[int16]int                `json:"int16"`
	Int32    map[int32]int                `json:"int32"`
	Int64    map[int64]int64              `json:"int64"`
	Uint     map[uint]int                 `json:"uint"`
	Uint8    map[uint8]int                `json:"uint8"`
	Uint16   map[uint16]int               `json:"uint16"`
	Uint32   map[uint32]int               `json:"uint32"`
	Uint64   map[uint64]uint64            `json:"uint64"`
	Months   map[time.Month]time.Duration `json:"months"`
	Items    map[string]Item              `json:"items"`
	Pointers map[string]*Item             `json:"pointers"`
	Slices   map[string][]int             `json:"slices"`
	Bytes    map[string][]byte            `json:"bytes"`
	Times    map[string]time.Time         `json:"times"`
	Nested   map[Key]map[int]map[Key]bool `json:"nested"`
	Index    Index                        `json:"index"`
	Floats   map[string]float32           `json:"floats"`
	Arrays   map[string][2]string         `json:"arrays"`
}

// Index is a named map.
type Index map[Key][]Count

// MethodKeys has maps whose keys encode themselves.
//
//state:key codectest-method-keys:<id> ttl=1m
//state:key codectest-method-keys-pack:<id> ttl=1m codec=msgpack name=MethodKeysPack
type MethodKeys struct {
	Levels map[Level]int   `json:"levels"`
	Codes  map[Code]string `json:"codes"`
}

// Addressable has values that encode themselves where they have an address, as
// they do not in a map.
//
//state:key codectest-addressable:<id> ttl=1m
type Addressable struct {
	Field  ByPointer            `json:"field"`
	Slice  []ByPointer          `json:"slice"`
	Map    map[string]ByPointer `json:"map"`
	Held   HoldsByPointer       `json:"held"`
	Helds  []HoldsByPointer     `json:"helds"`
	InMap  map[string]HoldsByPointer
	Deep   map[string][2]HoldsByPointer
	Ptr    map[string]*HoldsByPointer
	Slices map[string][]HoldsByPointer
}

// ByPointer encodes itself with a method of its pointer.
type ByPointer struct {
	N int `json:"n"`
}

// MarshalJSON writes the number, twice as large.
func (b *ByPointer) MarshalJSON() ([]byte, error) { return []byte(itoa(2 * b.N)), nil }

// UnmarshalJSON reads that, or the struct.
func (b *ByPointer) UnmarshalJSON(data []byte) error {
	if n, ok := atoi(string(data)); ok {
		b.N = n / 2
		return nil
	}
	return nil
}

// HoldsByPointer has a field of that type.
type HoldsByPointer struct {
	B ByPointer `json:"b"`
}
