package rt_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/strict"
	"github.com/typedstate/typedstate/state/rt"
)

func TestJSONDocumentsAreReadAsStrictReadsThem(t *testing.T) {
	t.Parallel()
	for _, doc := range everyDocuments() {
		sameDecode[every](t, everyCodec, []byte(doc))
		// An offset that is odd reaches the ends of words in another way.
		sameDecode[every](t, everyCodec, []byte("\n"+doc+" \t\r\n"))
	}
}

// The fast path is of no use if it gives up on what others write.
func TestJSONDocumentsThatNeedNoLibrary(t *testing.T) {
	t.Parallel()
	s := aSession()
	doc, err := sessionCodec.Append(nil, &s)
	require.NoError(t, err)
	var spaced bytes.Buffer
	require.NoError(t, json.Indent(&spaced, doc, "", "\t"))
	// A map writes its names in another order.
	var tree map[string]any
	require.NoError(t, json.Unmarshal(doc, &tree))
	tree["later"] = map[string]any{"a": []any{1, "x", nil, true, false}, "b": map[string]any{}}
	tree["also"] = "text \" with escapes \u2028 é"
	other, err := json.Marshal(tree)
	require.NoError(t, err)
	for _, doc := range [][]byte{
		doc, spaced.Bytes(), other, []byte(`{}`), []byte(`null`), []byte(`{"tags":null,"cart":null,"labels":null,"home":null,"userId":null}`),
		[]byte(`{"userId":"\u00e9\n","tags":["\ud83d\ude00"],"labels":{"\u0041":"x"}}`), []byte(`{"visits":-0,"score":-1.5e-7,"cart":[]}`),
	} {
		assert.True(t, taken(sessionFromJSON, doc), "%s", doc)
		sameDecode[session](t, sessionCodec, doc)
	}
	// Each object has unknown names of its own.
	assert.True(t, taken(everyFromJSON, []byte(`{"x":1,"list":[{"x":1},{"x":2},{"y":1,"x":2}],"two":[{"x":1}],"y":1}`)))
	assert.True(t, taken(everyFromJSON, []byte(`{"i8":-128,"i64":-9223372036854775808,"at":"2000-02-29T00:00:00Z"}`)))
	assert.True(t, taken(everyFromJSON, []byte(`{"data":"AAEC","qs":"\"é\"","qb":"true","qi":"-5","byId":{"-1":"a"},"two":[{"n":1},{"sum":5}],"raw":[1]}`)))
	assert.False(t, taken(everyFromJSON, []byte(`{"S":"x"}`)))
}

func TestJSONValuesAreWrittenAsStrictWritesThem(t *testing.T) {
	t.Parallel()
	s := aSession()
	sameEncode(t, sessionCodec, &s)
	n := 7
	for _, v := range []every{
		{Raw: json.RawMessage("1")},
		{S: "<a>&\u2028\u2029\x00\x1f\x7f\\\"\b\f\n\r\té\U0001F600", Raw: json.RawMessage(` { "a" : "\u2028" } `)},
		{S: "\xff"}, {QS: "\xff"}, {QS: "a\"b"}, {QS: "\u2028"}, {QS: "é"}, {Kiel: "12345678\xff"}, {Kiel: "1234567\x01"}, {Kiel: "\xff1234567"},
		{ByName: map[label]row{"\xff": {}}}, {ByID: map[int8]string{1: "\xff"}},
		{F64: math.NaN()}, {F32: float32(math.Inf(1))}, {QF: math.Inf(-1)}, {F64: math.Copysign(0, -1), F32: float32(math.Copysign(0, -1))},
		{ByName: map[label]row{"b": {Sum: *big.NewInt(5)}, "a": {}, "": {}, "abcdefgh1": {}, "abcdefgh0": {}}, List: []row{{Sum: *big.NewInt(6)}}},
		{ByList: map[string][]row{"a": {{Sum: *big.NewInt(6)}}}, ByPtr: map[string]*row{"a": {Sum: *big.NewInt(6)}}, ByName: map[label]row{"a": {Marks: []int{1}, P: &n}}, QP: new(int64)},
		{ByID: map[int8]string{-1: "a", 10: "b", 9: "c", 0: "", -128: "", 127: "", 1: "", 2: "", 3: "", 100: ""}},
		{Nums: []*int{nil, &n}, Next: &every{Data: []byte{1}, Next: &every{Grid: [][2]int{}}}, Deep: map[string]map[string]string{"x": {}, "y": nil}},
		{Raw: json.RawMessage(`{"a":1,"a":2}`)}, {Raw: json.RawMessage(`x`)}, {Lib: []library{{Names: map[string]any{"a": make(chan int)}}}},
		{At: time.Unix(1<<40, 0)}, {I64: math.MinInt64, U64: math.MaxUint64, I8: -128, QI: math.MinInt64, QU: math.MaxUint64, QB: true, QI8: -1},
	} {
		sameEncode(t, everyCodec, &v)
	}
	for _, v := range []any{nil, (*every)(nil), every{}, new(int)} {
		want, wantErr := strict.AppendJSON(nil, v)
		got, err := everyCodec.Append(nil, v)
		assert.Equal(t, wantErr, err)
		assert.Equal(t, want, got)
		assert.Equal(t, strict.DecodeJSON([]byte(`{}`), v), everyCodec.Decode([]byte(`{}`), v))
	}
}

var floatCodec = rt.JSON(
	func(e *rt.JSONEncoder, v *float64) { e.Float64(*v) },
	func(d *rt.JSONDecoder, v *float64) { d.Float64(v) },
)

func FuzzGeneratedJSONFloat(f *testing.F) {
	for _, v := range []float64{0, 1, -1, 0.1, 19.99, 1e-6, 9.999999e-7, 1e15, 999999999999999, 1e21, 123456.7890625, 5e-324, 0.000001, 1234567.000001, 123456789012.34567, 98765432109.87654, 1e12 + 0.3} {
		f.Add(math.Float64bits(v), int64(v*1e6), uint8(6))
	}
	f.Fuzz(func(t *testing.T, bits uint64, n int64, digits uint8) {
		for _, v := range []float64{math.Float64frombits(bits), float64(n) / math.Pow10(int(digits%12)), float64(math.Float32frombits(uint32(bits)))} {
			doc := sameEncode(t, floatCodec, &v)
			if len(doc) == 0 {
				continue
			}
			var back float64
			require.NoError(t, floatCodec.Decode(doc, &back))
			require.Equal(t, math.Float64bits(v), math.Float64bits(back))
			sameDecode[float64](t, floatCodec, []byte(strconv.FormatFloat(v, 'e', int(digits%20), 64)))
			sameDecode[float64](t, floatCodec, []byte(strconv.FormatInt(n, 10)+"e"+strconv.Itoa(int(digits)-128)))
			sameDecode[float32](t, float32Codec, []byte(strconv.FormatInt(n>>(digits&63), 10)+"e"+strconv.Itoa(int(digits%40)-20)))
			f := float32(v)
			sameEncode(t, float32Codec, &f)
		}
	})
}

var float32Codec = rt.JSON(
	func(e *rt.JSONEncoder, v *float32) { e.Float32(*v) },
	func(d *rt.JSONDecoder, v *float32) { d.Float32(v) },
)

func TestJSONNumbersAreTheNearest(t *testing.T) {
	t.Parallel()
	for _, number := range []string{
		"9007199254740993", "9007199254740993e1", "9007199254740993e-1", "9007199254740991e22", "9007199254740991e23", "18014398509481985e3",
		"1234567890123456789", "12345678901234567891.5", "99999999999999999999e-5", "18446744073709551617e2", "1e22", "1e23", "1e-22", "1e-23", "-3e22",
		"16777217e1", "16777217e-1", "33554431e1", "33554433e-3", "16777215e10", "16777215e11", "1e11", "1e-11", "3e-10", "-7e10", "00", "-", "-0e0", "0e99999",
		"1e00000000000000000005", "1e18446744073709551617", "1e-18446744073709551617", "0.00000000000000000000000000000000000001e38",
	} {
		sameDecode[float64](t, floatCodec, []byte(number))
		sameDecode[float32](t, float32Codec, []byte(number))
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		number := strconv.FormatUint(r.Uint64()>>r.UintN(64), 10)
		if r.UintN(2) == 0 {
			number += "." + strconv.FormatUint(r.Uint64()>>r.UintN(64), 10)
		}
		number += "e" + strconv.Itoa(r.IntN(60)-30)
		sameDecode[float64](t, floatCodec, []byte(number))
		sameDecode[float32](t, float32Codec, []byte(number))
	}
}

func TestJSONIntegersWithinTheirBounds(t *testing.T) {
	t.Parallel()
	for field, most := range map[string]uint64{
		"i": math.MaxInt, "i8": math.MaxInt8, "i16": math.MaxInt16, "i32": math.MaxInt32, "i64": math.MaxInt64,
		"u": math.MaxUint, "u8": math.MaxUint8, "u16": math.MaxUint16, "u32": math.MaxUint32, "u64": math.MaxUint64,
	} {
		bound := new(big.Int).SetUint64(most)
		for delta := int64(-2); delta < 5; delta++ {
			n := new(big.Int).Add(bound, big.NewInt(delta)).String()
			for _, text := range []string{n, "-" + n, n + "0", "0" + n, n + ".0", n + ".", n + "e0", n + "E0"} {
				sameDecode[every](t, everyCodec, []byte(`{"`+field+`":`+text+`}`))
				sameDecode[every](t, everyCodec, []byte(`{"q`+field+`":"`+text+`"}`))
			}
		}
	}
}

// Every place within the words that are looked at at once.
func TestJSONStringsWithOneOddByte(t *testing.T) {
	t.Parallel()
	const plain = "abcdefghijklmnopqrst"
	for _, odd := range []string{"\xff", "\x00", "\x1f", "\x7f", "\x80", "é", "\u2028", `\n`, `\u0041`, `\ud83d\ude00`, `\ud800`, `\ud800\u0041`, `\ud800\ud800`, `\q`, `\`, `"`, "\xc3\\n\xa9"} {
		for length := 0; length < len(plain); length += 3 {
			for at := range length + 1 {
				text := plain[:at] + odd + plain[at:length]
				for _, doc := range []string{`{"s":"` + text + `"}`, `{"s":"\t` + text + `"}`, `{"qs":"\"` + text + `\""}`, `{"later":"` + text + `"}`, `{"byId":{"1":"` + text + `"}}`} {
					sameDecode[every](t, everyCodec, []byte(doc))
				}
				sameEncode(t, everyCodec, &every{S: text, Kiel: odd, Raw: json.RawMessage("1")})
				sameEncode(t, everyCodec, &every{QS: text, Raw: json.RawMessage("1")})
			}
		}
	}
}

type chain struct {
	Next *chain `json:"next"`
	List []chain
	Map  map[string]chain
	Lib  json.RawMessage `json:"lib,omitempty"`
}

var chainFields = rt.FieldsOf("next", "List", "Map", "lib")

func chainFromJSON(d *rt.JSONDecoder, v *chain) {
	for o := d.Object(chainFields); o.Next(d); {
		switch o.Field {
		case 0:
			rt.PointerFromJSON(d, &v.Next, chainFromJSON)
		case 1:
			rt.SliceFromJSON(d, &v.List, chainFromJSON)
		case 2:
			rt.MapFromJSON(d, &v.Map, chainFromJSON)
		case 3:
			d.Library(&v.Lib)
		}
	}
}

func chainToJSON(e *rt.JSONEncoder, v *chain) {
	e.Open()
	e.Field(`"next":`)
	rt.PointerToJSON(e, v.Next, chainToJSON)
	e.Field(`"List":`)
	rt.SliceToJSON(e, v.List, chainToJSON)
	e.Field(`"Map":`)
	rt.MapToJSON(e, v.Map, chainToJSON)
	if len(v.Lib) != 0 {
		e.Field(`"lib":`).Library(&v.Lib)
	}
	e.Close()
}

var chainCodec = rt.JSON(chainToJSON, chainFromJSON)

func TestJSONDepth(t *testing.T) {
	t.Parallel()
	for open, shut := range map[string]string{`{"next":`: `}`, `{"List":[`: `]}`, `{"Map":{"a":`: `}}`, `{"x":[`: `]}`} {
		per := strings.Count(open, "{") + strings.Count(open, "[")
		for _, inner := range []string{`{}`, `{"lib":1}`, `{"lib":[]}`, `{"lib":[[]]}`, `{"x":[[]]}`, `{"x":{"y":[]}}`} {
			for n := 120 / per; n <= 130/per; n++ {
				doc := []byte(strings.Repeat(open, n) + inner + strings.Repeat(shut, n))
				sameDecode[chain](t, chainCodec, doc)
			}
		}
	}
	for n := 120; n < 132; n++ {
		next, list, entry := &chain{}, &chain{Lib: json.RawMessage(`[[]]`)}, &chain{Lib: json.RawMessage(`{"a":[]}`)}
		for i := range n {
			next = &chain{Next: next}
			if i < n/2 {
				list, entry = &chain{List: []chain{*list}}, &chain{Map: map[string]chain{"a": *entry}}
			}
		}
		sameEncode(t, chainCodec, next)
		sameEncode(t, chainCodec, list)
		sameEncode(t, chainCodec, entry)
	}
	loop := &chain{}
	loop.Next = loop
	_, err := chainCodec.Append(nil, loop)
	assert.ErrorContains(t, err, "contains itself")
	loop = &chain{Map: map[string]chain{}}
	loop.Map["a"] = *loop
	loop.List = []chain{{}, {}}
	loop.List[0], loop.List[1] = *loop, *loop
	_, err = chainCodec.Append(nil, loop)
	assert.Error(t, err)
}

// A struct of many fields finds them through another table.
func TestJSONStructsOfManyFields(t *testing.T) {
	t.Parallel()
	names := make([]string, 256)
	for i := range names {
		names[i] = "f" + strconv.Itoa(i)
	}
	fields := rt.FieldsOf(names...).Others("other")
	var order []int
	read := func(d *rt.JSONDecoder, v *[256]int) {
		order = nil
		for o := d.Object(fields); o.Next(d); {
			order = append(order, o.Field)
			d.Int(&v[o.Field])
		}
	}
	assert.True(t, taken(read, []byte(`{"f255":1,"f0":2,"f64":3,"f128":4,"f127":5,"f192":6,"x":0,"f191":7}`)))
	assert.Equal(t, []int{255, 0, 64, 128, 127, 192, 191}, order)
	for _, doc := range []string{
		`{"f64":1,"f64":1}`, `{"f255":1,"f0":1,"f255":1}`, `{"F64":1}`, `{"other":1}`, `{"OTHER":1}`, `{"f\u0031":1}`, `{"é":1}`, `{"f0":1,"f1":2,"f0":3}`,
	} {
		assert.False(t, taken(read, []byte(doc)), doc)
	}
	foreign := rt.FieldsOf("é", "\u017f")
	empty := func(d *rt.JSONDecoder, v *[256]int) {
		for o := d.Object(foreign); o.Next(d); {
			d.Int(&v[o.Field])
		}
	}
	assert.True(t, taken(empty, []byte(`{"é":1}`)))
	assert.False(t, taken(empty, []byte(`{"s":1}`)))
}

func TestJSONMemoryIsCountedAlike(t *testing.T) {
	t.Parallel()
	if raced {
		t.Skip("one goroutine, and much to count")
	}
	// Around the length at which the values take too much, both agree where.
	one := chain{}
	for _, n := range []int{1000, 20165, 40000} {
		list := chain{List: make([]chain, n)}
		for i := range list.List {
			list.List[i] = one
		}
		sameEncode(t, chainCodec, &list)
		for _, element := range []string{`{}`, `null`, `{"next":{}}`, `{"List":[{}]}`, `{"Map":{"":{}}}`} {
			sameDecode[chain](t, chainCodec, []byte(`{"List":[`+strings.Repeat(element+",", n)+element+`]}`))
		}
		// What the library reads counts as well.
		sameDecode[every](t, everyCodec, []byte(`{"lib":[`+strings.Repeat(`{"names":{"":0}},`, n)+`{}]}`))
		sameEncode(t, everyCodec, &every{Raw: json.RawMessage("1"), Lib: slices.Repeat([]library{{Names: map[string]any{"": 0}}}, n)})
	}
}

// sparse takes much memory and has a short document.
type sparse struct {
	Pad  [16]int64         `json:"pad,omitzero"`
	List []sparse          `json:"list,omitempty"`
	Map  map[string]sparse `json:"map,omitempty"`
	Ptrs []*sparse         `json:"ptrs,omitempty"`
	Lib  sparseLibrary     `json:"lib,omitempty"`
}

type sparseLibrary []sparse

func sparseToJSON(e *rt.JSONEncoder, v *sparse) {
	e.Open()
	if len(v.List) > 0 {
		e.Field(`"list":`)
		rt.SliceToJSON(e, v.List, sparseToJSON)
	}
	if len(v.Map) > 0 {
		e.Field(`"map":`)
		rt.MapToJSON(e, v.Map, sparseToJSON)
	}
	if len(v.Ptrs) > 0 {
		e.Field(`"ptrs":`)
		rt.SliceToJSON(e, v.Ptrs, func(e *rt.JSONEncoder, v **sparse) { rt.PointerToJSON(e, *v, sparseToJSON) })
	}
	if len(v.Lib) > 0 {
		e.Field(`"lib":`).Library(&v.Lib)
	}
	e.Close()
}

var sparseFields = rt.FieldsOf("list", "map", "ptrs", "lib").Others("pad")

func sparseFromJSON(d *rt.JSONDecoder, v *sparse) {
	for o := d.Object(sparseFields); o.Next(d); {
		switch o.Field {
		case 0:
			rt.SliceFromJSON(d, &v.List, sparseFromJSON)
		case 1:
			rt.MapFromJSON(d, &v.Map, sparseFromJSON)
		case 2:
			rt.SliceFromJSON(d, &v.Ptrs, func(d *rt.JSONDecoder, v **sparse) { rt.PointerFromJSON(d, v, sparseFromJSON) })
		case 3:
			d.Library(&v.Lib)
		}
	}
}

var sparseCodec = rt.JSON(sparseToJSON, sparseFromJSON)

// What is written can be read: the first value that takes too much to be read is the
// first that is not written.
func TestJSONMemoryOfWhatIsWritten(t *testing.T) {
	t.Parallel()
	if raced {
		t.Skip("one goroutine, and much to count")
	}
	key := func(i int) string { return strconv.Itoa(10_000 + i) }
	for name, valueOf := range map[string]func(n int) *sparse{
		"list": func(n int) *sparse { return &sparse{List: make([]sparse, n)} },
		"ptrs": func(n int) *sparse { return &sparse{Ptrs: slices.Repeat([]*sparse{{}}, n)} },
		"lib":  func(n int) *sparse { return &sparse{Lib: make([]sparse, n)} },
		"list and lib": func(n int) *sparse {
			return &sparse{Lib: make([]sparse, n/2), List: make([]sparse, n-n/2)}
		},
		"map": func(n int) *sparse {
			v := &sparse{Map: map[string]sparse{}}
			for i := range n {
				v.Map[key(i)] = sparse{}
			}
			return v
		},
		"libs in a list": func(n int) *sparse {
			return &sparse{List: slices.Repeat([]sparse{{Lib: sparseLibrary{{}}}}, n)}
		},
	} {
		most := sort.Search(100_000, func(n int) bool {
			_, err := strict.AppendJSON(nil, valueOf(n))
			return err != nil
		})
		assert.Less(t, most, 100_000, name)
		for n := most - 1; n <= most+1; n++ {
			assert.Equal(t, n < most, len(sameEncode(t, sparseCodec, valueOf(n))) > 0, name)
			doc, err := json.Marshal(valueOf(n))
			require.NoError(t, err)
			sameDecode[sparse](t, sparseCodec, doc)
		}
	}
}

func TestJSONStringsOfLongDocuments(t *testing.T) {
	t.Parallel()
	s := aSession()
	s.Tags = nil
	for i := range 400 {
		s.Tags = append(s.Tags, strings.Repeat("é", i%40)+strconv.Itoa(i))
	}
	s.Email = strings.Repeat("long", 2000)
	s.Home.City = strings.Repeat("\n", 3000)
	doc := sameEncode(t, sessionCodec, &s)
	sameDecode[session](t, sessionCodec, doc)
	var v session
	require.NoError(t, sessionCodec.Decode(doc, &v))
	// The strings of a long document are not in it.
	clear(doc)
	assert.Equal(t, s, v)
}

func TestJSONAllocations(t *testing.T) {
	if raced {
		t.Skip("the race detector drops what pools hold")
	}
	s := aSession()
	doc, err := sessionCodec.Append(nil, &s)
	require.NoError(t, err)
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { v := new(session); _ = sessionCodec.Decode(doc, v) }), 5.0)
	list := []byte(`[` + strings.Repeat(`{"n":1},`, 30) + `{}]`)
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { v := new([]tiny); _ = tiniesCodec.Decode(list, v) }), 2.0)
	buf := make([]byte, 0, 4096)
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = sessionCodec.Append(buf, &s) }))
}

// A short slice has no more room than it needs, and no less whatever its elements hold.
func TestJSONSlicesAreMadeOnce(t *testing.T) {
	t.Parallel()
	for doc, room := range map[string]int{
		`{"tags":[]}`:                    0,
		`{"tags":["a"]}`:                 1,
		`{"tags":["a","b","c","d","e"]}`: 5,
		`{"tags": [ "a" , "b" ]}`:        2,
		`{"cart":[{"sku":"a"},{},{}]}`:   3,
		// What stands in a string is not told from what stands around it.
		`{"tags":["a]","b","c"]}`: 4,
		`{"tags":["a,b"]}`:        2,
	} {
		var v session
		require.NoError(t, sessionCodec.Decode([]byte(doc), &v), doc)
		assert.Equal(t, room, cap(v.Tags)+cap(v.Cart), doc)
	}
}

var tiniesCodec = rt.JSON(
	func(e *rt.JSONEncoder, v *[]tiny) { rt.SliceToJSON(e, *v, tinyToJSON) },
	func(d *rt.JSONDecoder, v *[]tiny) { rt.SliceFromJSON(d, v, tinyFromJSON) },
)

// inPlace is text in hexadecimal that is decoded where it stands, as many decoders do.
type inPlace string

func (h *inPlace) UnmarshalText(text []byte) error {
	n, err := hex.Decode(text, text)
	*h = inPlace(text[:n])
	return err
}

type withInPlace struct {
	Hex  inPlace `json:"hex"`
	Text string  `json:"text"`
}

var withInPlaceFields = rt.FieldsOf("hex", "text")

var withInPlaceCodec = rt.JSON(func(e *rt.JSONEncoder, v *withInPlace) { e.Library(v) }, func(d *rt.JSONDecoder, v *withInPlace) {
	for o := d.Object(withInPlaceFields); o.Next(d); {
		switch o.Field {
		case 0:
			d.Library(&v.Hex)
		case 1:
			d.String(&v.Text)
		}
	}
})

// A document that is left to the library codec halfway is read a second time, and the
// caller may read it again too.
func TestJSONDecoderMethodsDoNotChangeTheDocument(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{"hex":"6162","text":"x"}`, `{"hex":"6162","Text":"x"}`, `{"hex":"6162","text":1}`} {
		doc := []byte(text)
		var v withInPlace
		if err := withInPlaceCodec.Decode(doc, &v); err == nil {
			assert.Equal(t, withInPlace{"ab", "x"}, v)
		}
		assert.Equal(t, text, string(doc))
	}
}

// What the library codec reads value by value costs more than all of it at once.
func TestJSONManyValuesForTheLibrary(t *testing.T) {
	if raced {
		t.Skip("the race detector allocates too")
	}
	list := []byte(`[` + strings.Repeat(`{"hex":"61"},`, 30_000) + `1]`)
	codec := rt.JSON(nil, func(d *rt.JSONDecoder, v *[]withInPlace) {
		rt.SliceFromJSON(d, v, func(d *rt.JSONDecoder, v *withInPlace) {
			for o := d.Object(withInPlaceFields); o.Next(d); {
				d.Library(&v.Hex)
			}
		})
	})
	var before, alone, both runtime.MemStats
	runtime.ReadMemStats(&before)
	require.Error(t, strict.DecodeJSON(list, new([]withInPlace)))
	runtime.ReadMemStats(&alone)
	require.Error(t, codec.Decode(list, new([]withInPlace)))
	runtime.ReadMemStats(&both)
	assert.Less(t, both.TotalAlloc-alone.TotalAlloc, (alone.TotalAlloc-before.TotalAlloc)*3/2)
}
