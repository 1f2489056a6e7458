package strict_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/typedstate/typedstate/internal/strict"
)

type (
	ring      struct{ Next *ring }
	endless   *endlessly
	endlessly *endless
	colon     struct {
		A int `json:"a:b"`
	}
	spaced struct {
		A int `json:" a"`
	}
	dash struct {
		A int `json:"-,"`
	}
	interned struct {
		A string `msgpack:",intern"`
	}
	pointerBase struct{ *base }
	namedBase   struct {
		Base `json:"base"`
	}
	Base     struct{ ID int }
	shadowed struct {
		Base
		ID int
	}
	noDecoder struct{ A int }
	noEncoder struct{ A int }
	twoValues struct{ A int }
	pairOfTwo struct{ A, B twoValues }
	halfRead  struct{ A int }
	stringly  struct{ S fmt.Stringer }
	zeroTime  struct {
		T *time.Time `json:"t,omitempty"`
	}
	zeroAny struct {
		T any `json:"t,omitempty"`
	}
	unexported int
	embedsInt  struct{ unexported }
	aliasTwice struct {
		A int `msgpack:"a,alias:b"`
		B int `msgpack:"b"`
	}
	noInline struct {
		Base `msgpack:"base,noinline"`
	}
	shareBase struct {
		Base
		Up *shareBase
	}
	valueDecoder map[string]int
)

func (noDecoder) MarshalText() ([]byte, error)            { return nil, nil }
func (*noEncoder) UnmarshalText([]byte) error             { return nil }
func (valueDecoder) UnmarshalText([]byte) error           { return nil }
func (valueDecoder) MarshalText() ([]byte, error)         { return nil, nil }
func (twoValues) EncodeMsgpack(e *msgpack.Encoder) error  { return e.EncodeMulti("A", 1) }
func (*twoValues) DecodeMsgpack(d *msgpack.Decoder) error { return d.Skip() }
func (halfRead) EncodeMsgpack(e *msgpack.Encoder) error   { return e.Encode([]int{1}) }
func (*halfRead) DecodeMsgpack(d *msgpack.Decoder) error {
	_, err := d.DecodeArrayLen()
	return err
}

func TestAppendMsgpackRefuses(t *testing.T) {
	t.Parallel()
	cycle := &ring{}
	cycle.Next = cycle
	var selfish any
	selfish = &selfish
	tests := []struct {
		name         string
		in           any
		path, reason string
	}{
		{"cycle", cycle, strings.Repeat("Next.", 127) + "Next", "128 levels"},
		{"interface cycle", selfish, "", "contains itself"},
		{"bad string", tree{Name: "CANARY\xff"}, "name", "UTF-8"},
		{"bad key", tree{Scores: map[string]int{"CANARY\xff": 1}}, "scores[key]", "UTF-8"},
		{"keys that meet", map[any]int{int8(1): 1, int64(1): 2}, "[key]", "duplicate"},
		{"number keys below any", tree{Any: map[int]int{1: 1}}, "any[key]", "map key of an interface value"},
		{"channel below any", tree{Any: m{"CANARY": make(chan int)}}, "any[key]", "Go type chan int has no msgpack form"},
		{"uintptr", struct{ A uintptr }{}, "A", "Go type uintptr has no msgpack form"},
		{"function", map[string][]func(){}, "[key][]", "Go type func() has no msgpack form"},
		{"endless pointer", endless(nil), "", "no msgpack form"},
		{"method interface", tree{Iface: netip.Addr{}}, "iface", "written but not read"},
		{"list as a map key", map[[2]int]int{}, "[key]", "as a map key"},
		{"colon in a tag", colon{}, "A", "another name"},
		{"space in a tag", spaced{}, "A", "another name"},
		{"dash in a tag", dash{}, "A", "another name"},
		{"interned", interned{}, "A", "interned"},
		{"embedded pointer", pointerBase{}, "base", "embedded pointer"},
		{"embedded with a name", namedBase{}, "base", "noinline"},
		{"shadowed", shadowed{}, "ID", "one name"},
		{"alias of another", aliasTwice{}, "b", "one name"},
		{"unexported embedded number", embedsInt{}, "unexported", "unexported embedded"},
		{"encoder only", []noDecoder{}, "[]", "MarshalText without a decoder"},
		{"decoder only", []noEncoder{}, "[]", "UnmarshalText without an encoder"},
		{"decoder on the value", valueDecoder{}, "", "value receiver"},
		{"two values for one", twoValues{}, "", "follow"},
		{"two values for one, twice", pairOfTwo{}, "", ""},
		{"omitempty on a zero time", zeroTime{&time.Time{}}, "t", "omitempty drops"},
		{"omitempty on a zero", zeroAny{0}, "t", "omitempty drops"},
		{"encoder that fails", tree{Text: "CANARY"}, "text", "MarshalText of strict_test.word failed"},
		{"encoder out of reach", map[string]pointerOnly{"CANARY": {}}, "[key]", "EncodeMsgpack of strict_test.pointerOnly needs a pointer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, err := strict.AppendMsgpack([]byte("dst"), pointerTo(tt.in))
			e := refusal(t, err)
			assert.Equal(t, "dst", string(out))
			assert.Contains(t, e.Reason, tt.reason)
			if tt.reason != "" {
				assert.Equal(t, tt.path, e.Path)
			}
		})
	}
}
