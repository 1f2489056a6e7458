package codectest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"strconv"
	"time"
)

func itoa(n int) string { return strconv.Itoa(n) }

func atoi(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil
}

// Marshalers has fields whose types encode themselves.
//
//state:key codectest-marshalers:<id> ttl=1m
//state:key codectest-marshalers-pack:<id> ttl=1m codec=msgpack name=MarshalersPack
type Marshalers struct {
	Level   Level           `json:"level"`
	Levels  []Level         `json:"levels"`
	Code    Code            `json:"code"`
	CodePtr *Code           `json:"codePtr"`
	Codes   map[string]Code `json:"codes"`
	Addr    netip.Addr      `json:"addr"`
	Omitted Level           `json:"omitted,omitempty"`
	Held    Held            `json:"held"`
	Helds   []Held          `json:"helds"`
	HeldMap map[string]Held `json:"heldMap"`
}

// Held holds a type that encodes itself.
type Held struct {
	Level Level     `json:"level"`
	Name  string    `json:"name"`
	At    time.Time `json:"at"`
}

// MarshalersJSON has those that only JSON takes.
//
//state:key codectest-marshalers-json:<id> ttl=1m
type MarshalersJSON struct {
	Own     Own              `json:"own"`
	OwnPtr  *Own             `json:"ownPtr"`
	Owns    []Own            `json:"owns"`
	OwnMap  map[string]Own   `json:"ownMap"`
	Old     Old              `json:"old"`
	Olds    map[string]Old   `json:"olds"`
	Number  json.Number      `json:"number"`
	Numbers []json.Number    `json:"numbers"`
	Digits  Digits           `json:"digits"`
	Big     *big.Int         `json:"big"`
	Bigs    []big.Int        `json:"bigs"`
	Zero    Own              `json:"zero,omitzero"`
	Raw     *json.RawMessage `json:"raw"`
}

// MarshalersPack2 has those that only msgpack takes.
//
//state:key codectest-marshalers-pack2:<id> ttl=1m codec=msgpack
type MarshalersPack2 struct {
	Binary   Binary          `json:"binary"`
	Pack     Pack            `json:"pack"`
	Packs    []Pack          `json:"packs"`
	Raw      json.RawMessage `json:"raw"`
	Number   json.Number     `json:"number"`
	Embedded PackField       `json:"embedded"`
}

// RootMarshaler encodes itself.
//
//state:key codectest-root-marshaler:<id> ttl=1m
type RootMarshaler struct{ N int }

// MarshalJSON writes the number.
func (r RootMarshaler) MarshalJSON() ([]byte, error) { return []byte(itoa(r.N)), nil }

// UnmarshalJSON reads it.
func (r *RootMarshaler) UnmarshalJSON(data []byte) error { return json.Unmarshal(data, &r.N) }

// Level is a number that is written as text.
type Level int

// MarshalText writes the number after an L.
func (l Level) MarshalText() ([]byte, error) {
	if l < 0 {
		return nil, errors.New("negative level")
	}
	return []byte("L" + itoa(int(l))), nil
}

// UnmarshalText reads that.
func (l *Level) UnmarshalText(text []byte) error {
	n, ok := atoi(string(text[min(1, len(text)):]))
	if !ok || text[0] != 'L' || n < 0 {
		return fmt.Errorf("%q is no level", text)
	}
	*l = Level(n)
	return nil
}

// Code is a string that is written in other letters.
type Code string

// MarshalText puts a c before it.
func (c Code) MarshalText() ([]byte, error) { return []byte("c" + c), nil }

// UnmarshalText takes it off.
func (c *Code) UnmarshalText(text []byte) error {
	if len(text) == 0 || text[0] != 'c' {
		return errors.New("no code")
	}
	*c = Code(text[1:])
	return nil
}

// Own encodes itself in JSON.
type Own struct{ A, B int }

// MarshalJSON writes a pair.
func (o Own) MarshalJSON() ([]byte, error) { return json.Marshal([2]int{o.A, o.B}) }

// UnmarshalJSON reads it.
func (o *Own) UnmarshalJSON(data []byte) error {
	var pair [2]int
	if err := json.Unmarshal(data, &pair); err != nil {
		return err
	}
	o.A, o.B = pair[0], pair[1]
	return nil
}

// Old reads what an older version wrote.
type Old struct {
	N int `json:"n"`
}

// UnmarshalJSON reads the number alone, or in the struct.
func (o *Old) UnmarshalJSON(data []byte) error {
	if n, ok := atoi(string(data)); ok {
		o.N = n
		return nil
	}
	type plain Old
	return json.Unmarshal(data, (*plain)(o))
}

// Digits is a named json.Number, which is a string to encoding/json.
type Digits json.Number

// Binary encodes itself as binary data.
type Binary struct{ text string }

// MarshalBinary returns the text.
func (b Binary) MarshalBinary() ([]byte, error) { return []byte(b.text), nil }

// UnmarshalBinary keeps it.
func (b *Binary) UnmarshalBinary(data []byte) error { b.text = string(data); return nil }

// Pack encodes itself in msgpack.
type Pack struct{ n byte }

// MarshalMsgpack writes a small number.
func (p Pack) MarshalMsgpack() ([]byte, error) { return []byte{p.n % 128}, nil }

// UnmarshalMsgpack reads it.
func (p *Pack) UnmarshalMsgpack(data []byte) error {
	if len(data) != 1 || data[0] > 127 {
		return errors.New("no pack")
	}
	p.n = data[0]
	return nil
}

// PackField embeds what encodes itself, so that it does too.
type PackField struct{ Pack }
