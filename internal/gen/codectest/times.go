package codectest

import "time"

// Times has times everywhere.
//
//state:key codectest-times:<id> ttl=1m
//state:key codectest-times-pack:<id> ttl=1m codec=msgpack name=TimesPack
type Times struct {
	At       time.Time             `json:"at"`
	Pointer  *time.Time            `json:"pointer"`
	Slice    []time.Time           `json:"slice"`
	Ptrs     []*time.Time          `json:"ptrs"`
	Array    [2]time.Time          `json:"array"`
	Map      map[string]time.Time  `json:"map"`
	PtrMap   map[string]*time.Time `json:"ptrMap"`
	Alias    Moment                `json:"alias"`
	Stamp    Stamp                 `json:"stamp"`
	Duration time.Duration         `json:"duration"`
	Spans    map[string]time.Duration
	Months   []time.Month
}

// Moment is an alias of a time.
type Moment = time.Time

// Stamp encodes itself as its time does.
type Stamp struct{ time.Time }
