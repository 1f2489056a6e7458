package codectest

import "encoding/json"

// Bytes has every kind of bytes.
//
//state:key codectest-bytes:<id> ttl=1m
//state:key codectest-bytes-pack:<id> ttl=1m codec=msgpack name=BytesPack
type Bytes struct {
	Plain    []byte          `json:"plain"`
	Uint8    []uint8         `json:"uint8"`
	Blob     Blob            `json:"blob"`
	Octets   []Octet         `json:"octets"`
	Named    Octets          `json:"named"`
	Array    [4]byte         `json:"array"`
	Digest   Digest          `json:"digest"`
	ArrayOf  [3]Octet        `json:"arrayOf"`
	Raw      json.RawMessage `json:"raw"`
	Blobs    []Blob          `json:"blobs"`
	Raws     map[string]json.RawMessage
	Digests  []Digest  `json:"digests"`
	Pointer  *Blob     `json:"pointer"`
	Omitted  Blob      `json:"omitted,omitempty"`
	OfOctets [][]Octet `json:"ofOctets"`
}

// Blob is named bytes.
type Blob []byte

// Octet is a named byte.
type Octet byte

// Octets are named bytes with a named element.
type Octets []Octet

// Digest is an array of bytes.
type Digest [8]byte

// OwnBytes has bytes that encode themselves, one by one.
//
//state:key codectest-own-bytes:<id> ttl=1m
type OwnBytes struct {
	Bits  []Bit  `json:"bits"`
	Fixed [2]Bit `json:"fixed"`
	Bit   Bit    `json:"bit"`
	Ptrs  []*Bit `json:"ptrs"`
	Map   map[Bit]int
}

// Bit is a byte that is written as text.
type Bit byte

// MarshalText writes on or off.
func (b Bit) MarshalText() ([]byte, error) {
	if b%2 == 0 {
		return []byte("off"), nil
	}
	return []byte("on"), nil
}

// UnmarshalText reads that.
func (b *Bit) UnmarshalText(text []byte) error {
	*b = 0
	if string(text) == "on" {
		*b = 1
	}
	return nil
}
