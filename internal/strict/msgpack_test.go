package strict_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/typedstate/typedstate/internal/strict"
)

type numbers struct {
	I8  int8    `json:"i8"`
	I64 int64   `json:"i64"`
	U8  uint8   `json:"u8"`
	U64 uint64  `json:"u64"`
	F32 float32 `json:"f32"`
	F64 float64 `json:"f64"`
}

type tree struct {
	base
	numbers
	List   []item             `json:"list"`
	Labels map[string]numbers `json:"labels"`
	ByID   map[int]string     `json:"byID"`
	Scores map[string]int     `json:"scores"`
	Big    int64              `json:"big,string"`
	Name   string             `json:"name,omitempty"`
	Tag    string             `json:"wire" msgpack:"tag,alias:old"`
	Next   *tree              `json:"next,omitempty"`
	At     time.Time          `json:"at"`
	Wait   time.Duration      `json:"wait,omitzero"`
	Addr   netip.Addr         `json:"addr"`
	Blob   []byte             `json:"blob"`
	Hash   [4]byte            `json:"hash"`
	Pair   [2]int             `json:"pair"`
	Raw    msgpack.RawMessage `json:"raw"`
	Any    any                `json:"any"`
	Words  []string           `json:"words"`
	On     bool               `json:"on"`
	Text   word               `json:"text"`
	Err    error              `json:"err"`
	Iface  fmt.Stringer       `json:"iface"`
	Hidden string             `json:"-"`
	Row    row                `json:"row"`
}

type row struct {
	_msgpack struct{} `msgpack:",as_array"`
	A        int8
	B        string
}

// pack encodes with the plain library, so that a document can hold what no tree can.
func pack(t *testing.T, v any) []byte {
	t.Helper()
	b, err := msgpack.Marshal(v)
	require.NoError(t, err)
	return b
}

type m = map[string]any

func raw(b ...byte) msgpack.RawMessage { return b }

func TestDecodeMsgpackRefuses(t *testing.T) {
	t.Parallel()
	many := m{}
	for i := range 40 {
		many[fmt.Sprint("CANARY", i)] = 1
	}
	tests := []struct {
		name         string
		doc          any
		path, reason string
	}{
		{"empty", raw(), "", "empty"},
		{"JSON text", raw([]byte(`{"a":1}`)...), "", "follow"},
		{"reserved byte", m{"name": raw(0xc1)}, "name", "not valid msgpack"},
		{"cut head", raw(0x81, 0xa1, 'a', 0xda, 0), "[key]", "too early"},
		{"cut number", raw(0x81, 0xa1, 'a', 0xcd, 1), "[key]", "length"},
		{"cut string", raw(0xa5, 'C', 'A', 'N'), "", "length"},
		{"cut ext", raw(0xc7, 0), "", "too early"},
		{"long ext", raw(0xc9, 0xff, 0xff, 0xff, 0xff, 1, 0), "", "length"},
		{"array bomb", raw(0xdd, 2, 0xff, 0xff, 0xff), "", "length"},
		{"array one short", raw(0x92, 1), "", "length"},
		{"map one short", raw(0x82, 0xa1, 'a', 1), "", "length"},
		{"map bomb below", m{"list": raw(0xdf, 0xff, 0xff, 0xff, 0xff)}, "list", "length"},
		{"bad UTF-8", m{"name": "CANARY\xff"}, "name", "UTF-8"},
		{"bad UTF-8 in a key", m{"labels": m{"CANARY\xff": nil}}, "labels[key]", "UTF-8"},
		{"bad UTF-8 in an unknown field", m{"CANARY": []string{"", "\xff"}}, "[key][1]", "UTF-8"},
		{"bytes for a string are UTF-8 too", m{"name": []byte("CANARY\xff")}, "name", "UTF-8"},
		{"duplicate", raw(0x82, 0xa1, 'a', 1, 0xa1, 'a', 1), "[key]", "duplicate"},
		{"duplicate in another width", raw(0x82, 0xa1, 'a', 1, 0xd9, 1, 'a', 1), "[key]", "duplicate"},
		{"duplicate as bytes", raw(0x82, 0xa1, 'a', 1, 0xc4, 1, 'a', 1), "[key]", "duplicate"},
		{"duplicate number", m{"byID": raw(0x82, 1, 0xa0, 0xcd, 0, 1, 0xa0)}, "byID[key]", "duplicate"},
		{"duplicate number as a float", m{"x": raw(0x82, 0xff, 0xa0, 0xca, 0xbf, 0x80, 0, 0, 0xa0)}, "[key][key]", "duplicate"},
		{"duplicate zero", m{"x": raw(0x82, 0, 0xa0, 0xca, 0x80, 0, 0, 0, 0xa0)}, "[key][key]", "duplicate"},
		{"duplicate bool", m{"x": raw(0x82, 0xc2, 0, 0xc2, 0)}, "[key][key]", "duplicate"},
		{"duplicate instant", m{"x": raw(0x82, 0xd6, 0xff, 0, 0, 0, 1, 0, 0xd7, 0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0)}, "[key][key]", "duplicate"},
		{"duplicate ext", m{"x": raw(0x82, 0xd4, 5, 1, 0, 0xc7, 1, 5, 1, 0)}, "[key][key]", "duplicate"},
		{"duplicate among many", raw(append([]byte{0xde, 0, 41, 0xa7, 'C', 'A', 'N', 'A', 'R', 'Y', '7', 0}, pack(t, many)[3:]...)...), "[key]", "duplicate"},
		{"name and alias", raw([]byte("\x82\xa3tag\xa0\xa3old\xa0")...), "old", "same field"},
		{"nil for an unexported embedded struct", m{"base": nil}, "base", "nil does not fit Go type strict_test.base"},
		{"embedded and its field", raw([]byte("\x82\xa4base\x80\xa2id\xa0")...), "id", "same field"},
		{"nil key", raw(0x81, 0xc0, 1), "[key]", "nil as a map key"},
		{"array key", raw(0x81, 0x90, 1), "[key]", "array or map as a map key"},
		{"number as a field name", raw(0x81, 1, 1), "[key]", "integer as a field name"},

		{"300 in int8", m{"i8": 300}, "i8", "integer does not fit Go type int8"},
		{"-129 in int8", m{"i8": -129}, "i8", "integer does not fit"},
		{"-1 in uint8", m{"u8": -1}, "u8", "integer does not fit"},
		{"-1 in uint64", m{"u64": int8(-1)}, "u64", "integer does not fit"},
		{"1<<63 in int64", m{"i64": uint64(1 << 63)}, "i64", "integer does not fit"},
		{"1<<63 in float64", m{"f64": uint64(1 << 63)}, "f64", "integer does not fit"},
		{"max int64 in float64", m{"f64": int64(math.MaxInt64)}, "f64", "integer does not fit"},
		{"1<<53+1 in float64", m{"f64": int64(1<<53 + 1)}, "f64", "integer does not fit"},
		{"1<<24+1 in float32", m{"f32": 1<<24 + 1}, "f32", "integer does not fit"},
		{"float64 in float32", m{"f32": 0.5}, "f32", "float does not fit"},
		{"float in an integer", m{"i64": 1.0}, "i64", "float does not fit"},
		{"string in an integer", m{"i64": "CANARY"}, "i64", "string does not fit Go type int64"},
		{"integer in a string", m{"name": 5}, "name", "integer does not fit Go type string"},
		{"bool in an integer", m{"i64": true}, "i64", "bool does not fit"},
		{"integer in a bool", m{"on": 1}, "on", "integer does not fit"},
		{"string in a list", m{"list": "CANARY"}, "list", "string does not fit Go type []strict_test.item"},
		{"map in a list", m{"list": m{}}, "list", "map does not fit"},
		{"list in a map", m{"labels": []int{}}, "labels", "array does not fit"},
		{"empty list in a struct", []int{}, "", "another length"},
		{"below a list", m{"list": []m{{}, {"count": 300}}}, "list[1].count", "int8"},
		{"below a map", m{"labels": m{"CANARY": m{"u8": 256}}}, "labels[key].u8", "uint8"},
		{"below a pointer", m{"next": m{"next": m{"i8": 128}}}, "next.next.i8", "int8"},
		{"below an array struct", m{"row": []any{200, "CANARY"}}, "row.A", "int8"},
		{"map key of another type", m{"byID": m{"CANARY": "a"}}, "byID[key]", "string does not fit Go type int"},
		{"long array", m{"pair": []int{1, 2, 3}}, "pair", "longer than Go type [2]int"},
		{"long byte array", m{"hash": []byte("CANARY")}, "hash", "longer than Go type [4]uint8"},
		{"long numbers below any", m{"any": m{"CANARY": map[int]int{1: 1}}}, "any[key][key]", "integer as a map key of an interface value"},
		{"array as a method interface", m{"iface": "CANARY"}, "iface", "string does not fit Go type fmt.Stringer"},
		{"number as an error", m{"err": 5}, "err", "integer does not fit Go type error"},
		{"nil time", m{"at": nil}, "at", "nil does not fit Go type time.Time"},
		{"text of a time", m{"at": "CANARY"}, "at", "string does not fit Go type time.Time"},
		{"time of another length", m{"at": raw(0xd5, 0xff, 1, 2)}, "at", "ext does not fit"},
		{"time of another ext", m{"at": raw(0xd6, 13, 0, 0, 0, 1)}, "at", "ext does not fit"},
		{"time with a long second", m{"at": raw(0xd7, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0)}, "at", "ext does not fit"},
		{"bad time below any", m{"any": raw(0xd5, 0xff, 1, 2)}, "any", "ext does not fit"},
		{"ext in a map", m{"scores": raw(0xd4, 5, 0x80)}, "scores", "ext does not fit"},
		{"ext nobody knows", m{"any": raw(0xd4, 5, 0x80)}, "", "does not fit Go type strict_test.tree"},
		{"text decoder", m{"text": []byte("CANARY")}, "text", "UnmarshalText of strict_test.word failed"},
		{"binary decoder", m{"addr": "CANARY"}, "addr", "UnmarshalBinary of netip.Addr failed"},
		{"number for a text decoder", m{"text": 5}, "text", "integer does not fit Go type strict_test.word"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			doc, ok := tt.doc.(msgpack.RawMessage)
			if !ok {
				doc = pack(t, tt.doc)
			}
			var v tree
			e := refusal(t, strict.DecodeMsgpack(doc, &v))
			assert.Contains(t, e.Reason, tt.reason)
			assert.Equal(t, tt.path, e.Path)
			assert.Less(t, e.Offset, int64(len(doc)+1))
		})
	}
}

func TestDecodeMsgpackTakesWhatFits(t *testing.T) {
	t.Parallel()
	doc := pack(t, m{
		"i8": uint16(127), "u8": int64(255), "u64": uint64(math.MaxUint64), "f32": 1 << 24, "f64": float32(0.5),
		"name": []byte("n"), "blob": "b", "pair": []int{1}, "hash": []byte{1}, "later": m{"x": []int{1}},
		"old": "alias", "row": []any{1, "x"}, "next": nil, "words": nil, "on": nil, "i64": nil,
		"any": m{"a": []any{1, "x", time.Unix(1, 0)}}, "err": "boom", "addr": nil, "text": "t",
	})
	var v tree
	require.NoError(t, strict.DecodeMsgpack(doc, &v))
	assert.Equal(t, numbers{I8: 127, U8: 255, U64: math.MaxUint64, F32: 1 << 24, F64: 0.5}, v.numbers)
	assert.Equal(t, "n", v.Name)
	assert.Equal(t, [2]int{1, 0}, v.Pair)
	assert.Equal(t, "alias", v.Tag)
	assert.Equal(t, row{A: 1, B: "x"}, v.Row)
	assert.EqualError(t, v.Err, "boom")
	assert.EqualValues(t, "t", v.Text)
}

func TestDecodeMsgpackRefusesKeysThatWouldPanic(t *testing.T) {
	t.Parallel()
	for _, doc := range [][]byte{{0x81, 0xc4, 1, 1, 1}, {0x81, 0xd4, 5, 1, 1}} {
		var v map[any]any
		assert.Contains(t, refusal(t, strict.DecodeMsgpack(doc, &v)).Reason, "as a map key of an interface type")
	}
}

func TestDecodeMsgpackDepth(t *testing.T) {
	t.Parallel()
	for _, open := range []string{"\x91", "\x81\xa1a"} {
		var v any
		require.NoError(t, strict.DecodeMsgpack([]byte(strings.Repeat(open, 128)+"\x01"), &v))
		for _, n := range []int{129, 1_000_000} {
			err := strict.DecodeMsgpack([]byte(strings.Repeat(open, n)+"\x01"), &v)
			assert.Contains(t, refusal(t, err).Reason, "128 levels")
		}
	}
}

func TestDecodeMsgpackBombsCostNothing(t *testing.T) {
	bombs := []string{"\xdd\x02\xff\xff\xff", "\xdf\xff\xff\xff\xff", "\xdd\xff\xff\xff\xff", "\xc6\xff\xff\xff\xff", "\xdb\xff\xff\xff\xff"}
	for _, bomb := range bombs {
		for _, v := range []any{new([]int64), new(any), new(map[string]int), new(tree), new(string), new([]byte)} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			err := strict.DecodeMsgpack([]byte(bomb), v)
			took := time.Since(start)
			runtime.ReadMemStats(&after)
			refusal(t, err)
			assert.Less(t, took, 50*time.Millisecond)
			assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(32<<20))
		}
	}
}

func TestDecodeMsgpackRefusesWhatTakesTooMuchMemory(t *testing.T) {
	t.Parallel()
	const n = 100_000
	array := append([]byte{0xdd, 0, 1, 0x86, 0xa0}, bytes.Repeat([]byte{0x80}, n)...)
	for _, v := range []any{new([]tree), new([]*tree), new([][8]string), new(any), new([]any)} {
		e := refusal(t, strict.DecodeMsgpack(array, v))
		assert.Contains(t, e.Reason, "takes too much memory for its length", "%T", v)
	}
	for _, v := range []any{new([]base), new([]struct{}), new([]map[string]int)} {
		require.NoError(t, strict.DecodeMsgpack(array, v))
	}
	_, err := strict.AppendMsgpack(nil, pointerTo(make([]struct {
		A [100]struct{} `msgpack:"-"`
		B [200]int      `msgpack:"-"`
	}, n)))
	assert.Contains(t, refusal(t, err).Reason, "too much memory")
	large := [1 << 20]int{}
	out, err := strict.AppendMsgpack(nil, &large)
	require.NoError(t, err)
	require.NoError(t, strict.DecodeMsgpack(out, &large), "the target itself is not counted")
}

func TestDecodeMsgpackFindsOneDuplicateAmongMany(t *testing.T) {
	t.Parallel()
	doc := []byte{0xde, 0x27, 0x10}
	for i := range 10_000 {
		doc = append(doc, 0xcd, byte(i>>8), byte(i), 0xc0)
	}
	require.NoError(t, strict.DecodeMsgpack(doc, new(map[int]bool)))
	copy(doc[len(doc)-4:], []byte{0xcd, 0, 5})
	e := refusal(t, strict.DecodeMsgpack(doc, new(map[int]bool)))
	assert.Equal(t, &strict.Error{Path: "[key]", Offset: int64(len(doc) - 4), Reason: "duplicate name"}, e)
}

func fullTree() tree {
	return tree{
		base: base{"id"}, numbers: numbers{-1, math.MinInt64, 255, math.MaxUint64, 1.5, math.Inf(1)},
		List: []item{{"s", 1, 2}}, Labels: map[string]numbers{"b": {}, "a": {I8: 1}, "aa": {}},
		ByID: map[int]string{300: "x", -1: "y", 2: "z"}, Scores: map[string]int{"x": 1, "longer than one byte of length can say": 2, "y": 3},
		Big: math.MaxInt64, Name: "n", Tag: "t", Next: &tree{}, At: time.Date(1900, 1, 2, 3, 4, 5, 6, time.UTC),
		Wait: time.Second, Addr: netip.MustParseAddr("::1"), Blob: []byte{0xff}, Hash: [4]byte{1}, Pair: [2]int{1, 2},
		Raw: raw(0x82, 0xa1, 'b', 1, 0xa1, 'a', 2), Words: []string{"w"}, On: true, Text: "t", Row: row{A: 1, B: "x"},
		Any: m{"b": int8(1), "a": []any{m{"z": int8(1), "y": "x"}}, "c": nil}, Err: errors.New("boom"),
	}
}

func TestMsgpackRoundTrip(t *testing.T) {
	t.Parallel()
	in := fullTree()
	doc, err := strict.AppendMsgpack([]byte("dst"), &in)
	require.NoError(t, err)
	require.True(t, bytes.HasPrefix(doc, []byte("dst")))
	doc = doc[3:]
	var out tree
	require.NoError(t, strict.DecodeMsgpack(doc, &out))
	assert.True(t, in.At.Equal(out.At))
	assert.True(t, in.Next.At.Equal(out.Next.At))
	in.At, in.Next.At = out.At, out.Next.At
	assert.Equal(t, in, out)

	var plain map[string]msgpack.RawMessage
	require.NoError(t, msgpack.Unmarshal(doc, &plain))
	assert.Equal(t, pack(t, "id"), []byte(plain["id"]))
	assert.Equal(t, pack(t, "t"), []byte(plain["tag"]))
	assert.Equal(t, append([]byte{0xcf}, pack(t, int64(math.MaxInt64))[1:]...), []byte(plain["big"]))
	for _, absent := range []string{"wire", "base", "numbers", "Hidden", "-"} {
		assert.NotContains(t, plain, absent)
	}
	zero := tree{}
	doc, err = strict.AppendMsgpack(nil, &zero)
	require.NoError(t, err)
	assert.NotContains(t, string(doc), "name")
}

func TestMsgpackTimes(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("x", 3600)
	for _, at := range []time.Time{{}, time.Unix(0, 0), time.Unix(1<<34, 1), time.Unix(-1, 999999999), time.Date(2026, 1, 1, 0, 0, 0, 1, zone)} {
		doc, err := strict.AppendMsgpack(nil, &at)
		require.NoError(t, err)
		var out time.Time
		require.NoError(t, strict.DecodeMsgpack(doc, &out))
		assert.True(t, at.Equal(out))
		assert.Equal(t, at.IsZero(), out.IsZero())
	}
}

func TestMsgpackKeysAreSorted(t *testing.T) {
	t.Parallel()
	in := fullTree()
	first, err := strict.AppendMsgpack(nil, &in)
	require.NoError(t, err)
	for range 50 {
		again := in
		again.Scores, again.ByID, again.Labels = maps.Clone(in.Scores), maps.Clone(in.ByID), maps.Clone(in.Labels)
		next, err := strict.AppendMsgpack(nil, &again)
		require.NoError(t, err)
		require.Equal(t, first, next)
	}
	assert.Contains(t, string(first), string(in.Raw), "what a marshaler wrote keeps its order")
	assert.Less(t, bytes.Index(first, []byte("id")), bytes.Index(first, []byte("list")), "fields keep their order")

	scores := map[string]int{"b": 1, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa": 2, "a": 3}
	doc, err := strict.AppendMsgpack(nil, &scores)
	require.NoError(t, err)
	assert.Equal(t, "\x83\xa1a\x03\xd9\x2b"+strings.Repeat("a", 43)+"\x02\xa1b\x01", string(doc))
	any1 := any([]any{map[string]int{"b": 1, "a": 2, "c": 3, "d": 4, "e": 5}, struct{ Z, A int }{}})
	doc, err = strict.AppendMsgpack(nil, &any1)
	require.NoError(t, err)
	assert.Equal(t, "\x92\x85\xa1a\x02\xa1b\x01\xa1c\x03\xa1d\x04\xa1e\x05\x82\xa1A\x00\xa1Z\x00", string(doc))
}

type pointerOnly struct{ A int }

func (*pointerOnly) EncodeMsgpack(e *msgpack.Encoder) error { return e.EncodeInt(1) }
func (*pointerOnly) DecodeMsgpack(d *msgpack.Decoder) error { return d.Skip() }

func TestMsgpackTakes(t *testing.T) {
	t.Parallel()
	now := time.Unix(5, 0)
	for _, in := range []any{
		zeroTime{}, zeroTime{&now}, zeroAny{"x"}, noInline{Base{5}}, shareBase{Base{1}, &shareBase{Base: Base{2}}},
		map[int8]bool{1: true}, map[[2]byte]int{{1, 2}: 3}, map[string]string{"a": "b"}, map[netip.Addr]int{netip.IPv4Unspecified(): 1},
		[]*int{nil}, [][]byte{nil, {}}, json.RawMessage("{}"), map[string][4]byte{"a": {1}}, []string(nil), []string{},
	} {
		doc, err := strict.AppendMsgpack(nil, pointerTo(in))
		require.NoError(t, err, "%T", in)
		out := pointerTo(in)
		fresh := newOf(in)
		require.NoError(t, strict.DecodeMsgpack(doc, fresh))
		assert.Equal(t, out, fresh)
	}
	nested := pack(t, m{"Base": m{"ID": 7}})
	var v shareBase
	require.NoError(t, strict.DecodeMsgpack(nested, &v))
	assert.Equal(t, 7, v.ID)
}

func TestDecodeMsgpackNoticesADecoderThatStopsEarly(t *testing.T) {
	t.Parallel()
	var v halfRead
	e := refusal(t, strict.DecodeMsgpack([]byte{0x91, 1}, &v))
	assert.Contains(t, e.Reason, "DecodeMsgpack of strict_test.halfRead failed")
}

func TestMsgpackNeedsAPointer(t *testing.T) {
	t.Parallel()
	for _, v := range []any{nil, tree{}, (*tree)(nil)} {
		assert.Contains(t, refusal(t, strict.DecodeMsgpack([]byte{0x80}, v)).Reason, "not a pointer")
		_, err := strict.AppendMsgpack(nil, v)
		assert.Contains(t, refusal(t, err).Reason, "not a pointer")
	}
}

func TestDecodeMsgpackKeepsNothingOfTheDocument(t *testing.T) {
	t.Parallel()
	in := fullTree()
	doc, err := strict.AppendMsgpack(nil, &in)
	require.NoError(t, err)
	var out tree
	require.NoError(t, strict.DecodeMsgpack(doc, &out))
	for i := range doc {
		doc[i] = 'X'
	}
	assert.Equal(t, in.Blob, out.Blob)
	assert.Equal(t, in.Raw, out.Raw)
	assert.Equal(t, in.Name, out.Name)
}

type (
	node   struct{ Up *holder }
	holder struct {
		node
		ID int8
	}
)

func TestMsgpackFieldsOfAnEmbeddedTypeUnderConstruction(t *testing.T) {
	t.Parallel()
	var v node
	err := strict.DecodeMsgpack(pack(t, m{"Up": m{"Up": m{"ID": 300}}}), &v)
	assert.Equal(t, "Up.Up.ID", refusal(t, err).Path)
}
