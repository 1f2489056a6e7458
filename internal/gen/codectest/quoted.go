package codectest

import "time"

// Quoted has fields of every kind with the option string.
//
//state:key codectest-quoted:<id> ttl=1m
//state:key codectest-quoted-pack:<id> ttl=1m codec=msgpack name=QuotedPack
type Quoted struct {
	String   string        `json:"string,string"`
	Text     Text          `json:"text,string"`
	Bool     bool          `json:"bool,string"`
	Flag     Flag          `json:"flag,string"`
	Int      int           `json:"int,string"`
	Int8     int8          `json:"int8,string"`
	Int16    int16         `json:"int16,string"`
	Int32    int32         `json:"int32,string"`
	Int64    int64         `json:"int64,string"`
	Wide     Wide          `json:"wide,string"`
	Uint     uint          `json:"uint,string"`
	Uint8    uint8         `json:"uint8,string"`
	Uint16   uint16        `json:"uint16,string"`
	Uint32   uint32        `json:"uint32,string"`
	Uint64   uint64        `json:"uint64,string"`
	Vast     Vast          `json:"vast,string"`
	Float32  float32       `json:"float32,string"`
	Float64  float64       `json:"float64,string"`
	Duration time.Duration `json:"duration,string"`

	Pointer    *int64  `json:"pointer,string"`
	PtrText    *Text   `json:"ptrText,string"`
	PtrString  *string `json:"ptrString,string"`
	PtrBool    *bool   `json:"ptrBool,string"`
	PtrFloat   *Narrow `json:"ptrFloat,string"`
	PtrPtr     **int   `json:"ptrPtr,string"`
	Omitted    int64   `json:"omitted,string,omitempty"`
	OmittedPtr *int64  `json:"omittedPtr,omitempty,string"`
	Zero       int64   `json:"zero,string,omitzero"`

	// The option means nothing here.
	Slice  []int          `json:"slice,string"`
	Map    map[string]int `json:"map,string"`
	Struct Item           `json:"struct,string"`
	Time   time.Time      `json:"time,string"`
}

// QuotedOwn cannot be generated: what the option means for a type that encodes
// itself, only the library can say.
//
//state:key codectest-quoted-own:<id> ttl=1m
type QuotedOwn struct {
	Level Level `json:"level,string"`
}

// HoldsQuotedOwn leaves that to the library at the field.
//
//state:key codectest-holds-quoted-own:<id> ttl=1m
type HoldsQuotedOwn struct {
	Own  QuotedOwn   `json:"own"`
	Many []QuotedOwn `json:"many"`
}
