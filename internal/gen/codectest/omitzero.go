package codectest

import "time"

// Omitzero has fields of every kind with the option omitzero, which msgpack does
// not know.
//
//state:key codectest-omitzero:<id> ttl=1m
//state:key codectest-omitzero-pack:<id> ttl=1m codec=msgpack name=OmitzeroPack
type Omitzero struct {
	String     string         `json:"string,omitzero"`
	Bool       Flag           `json:"bool,omitzero"`
	Int        int            `json:"int,omitzero"`
	Float      float64        `json:"float,omitzero"`
	Slice      []int          `json:"slice,omitzero"`
	Map        map[string]int `json:"map,omitzero"`
	Pointer    *Item          `json:"pointer,omitzero"`
	Array      [2]int         `json:"array,omitzero"`
	Struct     Item           `json:"struct,omitzero"`
	Slices     Slices         `json:"slices,omitzero"`
	SliceArray [2][]int       `json:"sliceArray,omitzero"`
	Anonymous  struct {
		A int
		B string
	} `json:"anonymous,omitzero"`
	Dollars struct {
		A int `json:"$id"`
		B int `json:"$T$reflect"`
	} `json:"$dollars,omitzero"`
	Time     time.Time  `json:"time,omitzero"`
	TimePtr  *time.Time `json:"timePtr,omitzero"`
	Both     string     `json:"both,omitempty,omitzero"`
	BothTime []Evenness `json:"bothTime,omitzero,omitempty"`

	ByValue    Evenness   `json:"byValue,omitzero"`
	ByPointer  Oddness    `json:"byPointer,omitzero"`
	PtrValue   *Oddness   `json:"ptrValue,omitzero"`
	PtrPtr     **Evenness `json:"ptrPtr,omitzero"`
	NamedSlice Full       `json:"namedSlice,omitzero"`
	Other      Unzero     `json:"other,omitzero"`
}

// Slices cannot be compared.
type Slices struct {
	A []int
	B float64
}

// Evenness is zero when it is even.
type Evenness int

// IsZero reports whether e is even.
func (e Evenness) IsZero() bool { return e%2 == 0 }

// Oddness is zero when it is odd.
type Oddness int

// IsZero reports whether o is odd.
func (o *Oddness) IsZero() bool { return *o%2 != 0 }

// Full is zero when it is short.
type Full []int

// IsZero reports whether f is short.
func (f Full) IsZero() bool { return len(f) < 2 }

// Unzero has a method of another type.
type Unzero struct{ N int }

// IsZero is not what omitzero looks for.
func (u Unzero) IsZero() int { return u.N }

// ZeroPack has fields that are empty to msgpack by their method.
//
//state:key codectest-zero-pack:<id> ttl=1m codec=msgpack
type ZeroPack struct {
	ByValue   Evenness  `json:"byValue,omitempty"`
	ByPointer Oddness   `json:"byPointer,omitempty"`
	Slice     Full      `json:"slice,omitempty"`
	Time      time.Time `json:"time,omitempty"`
	Unzero    Unzero    `json:"unzero,omitempty"`
	Struct    struct {
		Time time.Time `json:"time,omitempty"`
		Full Full      `json:"full,omitempty"`
	} `json:"struct,omitempty"`
}
