package strict_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/strict"
)

type item struct {
	SKU   string  `json:"sku"`
	Price float64 `json:"price"`
	Count int8    `json:"count"`
}

type base struct {
	ID string `json:"id"`
}

type order struct {
	base
	Cart    []item            `json:"cart"`
	Labels  map[string]item   `json:"labels"`
	Names   map[string]string `json:"names"`
	At      time.Time         `json:"at"`
	Pair    [2]int            `json:"pair"`
	Quoted  int64             `json:"quoted,string"`
	QuotedS string            `json:"quotedS,string"`
	Blob    []byte            `json:"blob"`
	Raw     json.RawMessage   `json:"raw"`
	Numbers map[int]string    `json:"numbers"`
	Any     any               `json:"any"`
	Next    *order            `json:"next"`
	Inner   *[3][1]string     `json:"inner"`
	Own     shout             `json:"own"`
	Text    word              `json:"text"`
	Hidden  string            `json:"-"`
}

// shout has methods that fail with the content they got.
type shout struct{ s string }

func (s *shout) UnmarshalJSON(b []byte) error {
	if bytes.Contains(b, []byte("CANARY")) {
		return fmt.Errorf("bad %s", b)
	}
	return json.Unmarshal(b, &s.s)
}

func (s shout) MarshalJSON() ([]byte, error) {
	if strings.Contains(s.s, "CANARY") {
		return nil, fmt.Errorf("bad %s", s.s)
	}
	return json.Marshal(s.s)
}

type word string

func (w *word) UnmarshalText(b []byte) error {
	if bytes.Contains(b, []byte("CANARY")) {
		return fmt.Errorf("bad %s", b)
	}
	*w = word(b)
	return nil
}

func (w word) MarshalText() ([]byte, error) {
	if strings.Contains(string(w), "CANARY") {
		return nil, fmt.Errorf("bad %s", string(w))
	}
	return []byte(w), nil
}

func refusal(t *testing.T, err error) *strict.Error {
	t.Helper()
	require.Error(t, err)
	var e *strict.Error
	require.ErrorAs(t, err, &e)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		require.NotContains(t, fmt.Sprintf(verb, err), "CANARY")
	}
	require.NoError(t, errors.Unwrap(err))
	return e
}

func TestDecodeJSONRefuses(t *testing.T) {
	t.Parallel()
	many := make([]string, 40)
	for i := range many {
		many[i] = fmt.Sprintf(`"CANARY%d":1`, i)
	}
	tests := []struct {
		name, doc, path, reason string
		offset                  int64
	}{
		{"empty", ``, "", "empty", 0},
		{"space only", " \n", "", "empty", 2},
		{"bom", "\xef\xbb\xbf{}", "", "not valid JSON", 0},
		{"trailing value", `{} CANARY`, "", "follow", 3},
		{"trailing comma", `{"cart":[],}`, "", "not valid JSON", 11},
		{"no colon", `{"cart" []}`, "", "not valid JSON", 8},
		{"no comma", `{"cart":[1 2]}`, "cart", "not valid JSON", 11},
		{"number as name", `{1:2}`, "", "not valid JSON", 1},
		{"open object", `{"cart":[]`, "", "too early", 10},
		{"open name", `{"CANARY`, "", "too early", 8},
		{"open list", `{"cart":[`, "cart[0]", "too early", 9},
		{"bad literal", `{"cart":nul}`, "cart", "not valid JSON", 8},
		{"leading zero", `{"quoted":01}`, "quoted", "not valid JSON", 10},
		{"bare minus", `-`, "", "not valid JSON", 0},
		{"no fraction", `[1.]`, "[0]", "not valid JSON", 1},
		{"no exponent", `[1e+]`, "[0]", "not valid JSON", 1},
		{"bad escape", `{"id":"CANARY\x"}`, "id", "not valid JSON", 13},
		{"short escape", `{"id":"\u12"}`, "id", "not valid JSON", 7},
		{"control character", "{\"id\":\"CANARY\n\"}", "id", "control character", 13},
		{"bad UTF-8", "{\"id\":\"CANARY\xff\"}", "id", "UTF-8", 13},
		{"overlong UTF-8", "{\"id\":\"\xc0\x80\"}", "id", "UTF-8", 7},
		{"surrogate in UTF-8", "{\"id\":\"\xed\xa0\x80\"}", "id", "UTF-8", 7},
		{"bad UTF-8 in an unknown field", "{\"CANARY\":\"\xff\"}", "[key]", "UTF-8", 11},
		{"bad UTF-8 in a name", "{\"\xff\":1}", "", "UTF-8", 2},
		{"high surrogate alone", `{"id":"\ud800"}`, "id", "surrogate", 7},
		{"high surrogate before text", `{"id":"\ud800\n"}`, "id", "surrogate", 7},
		{"two high surrogates", `{"id":"\ud800\ud800"}`, "id", "surrogate", 7},
		{"low surrogate alone", `{"id":"\udc00"}`, "id", "surrogate", 7},
		{"same name", `{"id":"a","id":"b"}`, "id", "duplicate name", 10},
		{"same name in a map", `{"labels":{"CANARY":{},"CANARY":{}}}`, "labels[key]", "duplicate name", 23},
		{"same name spelled by escape", `{"id":"a","\u0069d":"b"}`, "id", "duplicate name", 10},
		{"same name among many", `{"any":{` + strings.Join(many, ",") + `,"CANARY7":2}}`, "any[key]", "duplicate name", 518},
		{"same name by case", `{"id":"a","ID":"b"}`, "id", "same field", 10},
		{"same name by Unicode case", `{"names":null,"name` + "\u017f" + `":null}`, "names", "same field", 14},
		{"below the cart", `{"cart":[{},{},{},{"count":300}]}`, "cart[3].count", "JSON number does not fit Go type int8", 27},
		{"string for a number", `{"cart":[{"count":"CANARY"}]}`, "cart[0].count", "JSON string does not fit Go type int8", 18},
		{"object for a list", `{"cart":{"CANARY":1}}`, "cart", "JSON object does not fit Go type []strict_test.item", 8},
		{"fraction for an integer", `{"pair":[1.5]}`, "pair[0]", "JSON number does not fit Go type int", 9},
		{"in a map", `{"labels":{"CANARY":{"price":true}}}`, "labels[key].price", "JSON bool does not fit Go type float64", 29},
		{"in an embedded struct", `{"id":5}`, "id", "JSON number does not fit Go type string", 6},
		{"long array", `{"pair":[1,2,3]}`, "pair[2]", "longer than Go type [2]int", 13},
		{"long array below", `{"next":{"inner":[["a"],["b","c"]]}}`, "next.inner[1][1]", "longer than Go type [1]string", 29},
		{"time", `{"at":"CANARY"}`, "at", "UnmarshalJSON of time.Time failed", 6},
		{"time below", `{"next":{"cart":[],"at":"CANARY"}}`, "next.at", "UnmarshalJSON of time.Time failed", 24},
		{"own decoder", `{"own":"CANARY"}`, "own", "UnmarshalJSON of strict_test.shout failed", 7},
		{"own text decoder", `{"text":"CANARY"}`, "text", "UnmarshalText of strict_test.word failed", 8},
		{"string option without string", `{"quoted":5}`, "quoted", "not a string that holds Go type int64", 10},
		{"string option with text", `{"quoted":"CANARY"}`, "quoted", "not a string that holds Go type int64", 10},
		{"base64", `{"blob":"CANARY!"}`, "blob", "base64", 8},
		{"map key is no number", `{"numbers":{"CANARY":"a"}}`, "numbers[key]", "plain number", 12},
		{"map key collides", `{"numbers":{"1":"a","01":"b"}}`, "numbers[key]", "plain number", 20},
		{"map key with plus", `{"numbers":{"+1":"b"}}`, "numbers[key]", "plain number", 12},
		{"map key minus zero", `{"numbers":{"-0":"b"}}`, "numbers[key]", "plain number", 12},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var v order
			e := refusal(t, strict.DecodeJSON([]byte(tt.doc), &v))
			assert.Contains(t, e.Reason, tt.reason)
			assert.Equal(t, tt.path, e.Path)
			assert.Equal(t, tt.offset, e.Offset)
		})
	}
}

func TestDecodeJSONDepth(t *testing.T) {
	t.Parallel()
	for _, pair := range []string{"[]", `{"a":}`} {
		open, shut := pair[:len(pair)-1], pair[len(pair)-1:]
		at := func(n int) []byte {
			return []byte(strings.Repeat(open, n) + "1" + strings.Repeat(shut, n))
		}
		var v any
		require.NoError(t, strict.DecodeJSON(at(128), &v))
		assert.Contains(t, refusal(t, strict.DecodeJSON(at(129), &v)).Reason, "128 levels")
		assert.Contains(t, refusal(t, strict.DecodeJSON([]byte(strings.Repeat(open, 1e6)), &v)).Reason, "128 levels")
	}
}

func TestDecodeJSONTakesWhatEncodingJSONTakes(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"null":              `null`,
		"space":             " \t\r\n{ \"id\" : \"a\" , \"pair\" : [ 1 , 2 ] } \n",
		"unknown field":     `{"later":{"a":[1,{"b":null}]},"id":"x"}`,
		"other case":        `{"ID":"x","CART":[{"SKU":"s"}]}`,
		"surrogate pair":    `{"id":"\ud83d\ude00\u0000\/\b\f\n\r\t\"\\"}`,
		"genuine U+FFFD":    "{\"id\":\"\ufffd\\ufffd\"}",
		"short array":       `{"pair":[7]}`,
		"nested":            `{"cart":[{"sku":"a","price":1e3,"count":-128}],"labels":{"a":{"price":-0.5}},"next":{"id":"n"}}`,
		"string option":     `{"quoted":"-9223372036854775808"}`,
		"number keys":       `{"numbers":{"-1":"a","0":"b","10":"c"}}`,
		"raw":               `{"raw":{"z":1,"a":[ ]}}`,
		"time and base64":   `{"at":"2026-01-02T03:04:05.6+07:00","blob":"AAEC"}`,
		"nulls":             `{"at":null,"pair":null,"cart":null,"next":null,"blob":null,"quoted":null,"own":null}`,
		"same name in two":  `{"cart":[{"sku":"a"},{"sku":"b"}],"any":{"a":{"a":1},"A":2}}`,
		"blob as numbers":   `{"blob":[1,2,3]}`,
		"many in a map":     `{"names":{` + manyNames(100) + `}}`,
		"many field cases":  `{"any":{` + manyNames(100) + `},"id":"x"}`,
		"long unknown list": `{"pairs":[1,2,3,4]}`,
	}
	for name, doc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got, want order
			require.NoError(t, strict.DecodeJSON([]byte(doc), &got))
			require.NoError(t, json.Unmarshal([]byte(doc), &want))
			assert.Equal(t, want, got)
		})
	}
}

func manyNames(n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = `"k` + strconv.Itoa(i) + `":"v"`
	}
	return strings.Join(names, ",")
}

func TestDecodeJSONWideStructs(t *testing.T) {
	t.Parallel()
	fields := make([]reflect.StructField, 70)
	for i := range fields {
		fields[i] = reflect.StructField{Name: "F" + strconv.Itoa(i), Type: reflect.TypeFor[int]()}
	}
	wide := reflect.StructOf(fields)
	for _, name := range []string{"f0", "f5", "f69"} {
		v := reflect.New(wide).Interface()
		require.NoError(t, strict.DecodeJSON([]byte(`{"F1":1,"`+name+`":2}`), v))
		err := strict.DecodeJSON([]byte(`{"`+strings.ToUpper(name)+`":1,"`+name+`":2}`), reflect.New(wide).Interface())
		assert.Contains(t, refusal(t, err).Reason, "same field")
	}
	// Names beyond the ones that are compared pairwise.
	var doc strings.Builder
	for i := range 30 {
		fmt.Fprintf(&doc, `"F%d":1,`, i)
	}
	err := strict.DecodeJSON([]byte("{"+doc.String()+`"f29":2}`), reflect.New(wide).Interface())
	assert.Contains(t, refusal(t, err).Reason, "same field")
	// F5 and F69 share a bit of one word.
	require.NoError(t, strict.DecodeJSON([]byte(`{"f5":1,"F69":2,"F3":3,"f4":4}`), reflect.New(wide).Interface()))
}

func TestDecodeJSONNeedsAPointer(t *testing.T) {
	t.Parallel()
	for _, v := range []any{nil, order{}, (*order)(nil)} {
		assert.Contains(t, refusal(t, strict.DecodeJSON([]byte(`{}`), v)).Reason, "not a pointer")
	}
}

type hidesInner struct {
	base
	Base2 struct{ ID string } `json:"-"`
	ID    string              `json:"id"`
}

func TestDecodeJSONFollowsFieldDominance(t *testing.T) {
	t.Parallel()
	var v hidesInner
	require.NoError(t, strict.DecodeJSON([]byte(`{"id":"a"}`), &v))
	assert.Equal(t, "a", v.ID)
	assert.Empty(t, v.base.ID)
	assert.Equal(t, "id", refusal(t, strict.DecodeJSON([]byte(`{"id":"a","Id":"b"}`), &v)).Path)
}

type failsInside struct{ N int }

func (f *failsInside) UnmarshalJSON([]byte) error {
	var inner struct {
		CANARY int8
	}
	return json.Unmarshal([]byte(`{"CANARY":300}`), &inner)
}

func TestDecodeJSONErrorOfAnInnerDocument(t *testing.T) {
	t.Parallel()
	var v struct {
		A []string
		B []failsInside
	}
	e := refusal(t, strict.DecodeJSON([]byte(`{"A":["xxxxxxxxxxxxx"],"B":[{}]}`), &v))
	assert.Equal(t, "B[0]", e.Path)
	assert.Equal(t, "UnmarshalJSON of strict_test.failsInside failed", e.Reason)
}

func TestAppendJSONBytes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		in   any
		want string
	}{
		{"no HTML escapes", map[string]string{"<a>": "b&c"}, `{"<a>":"b&c"}`},
		{"line separators", "a\u2028b\u2029", "\"a\u2028b\u2029\""},
		{"text of an escape", `\u2028 \\u2028`, `"\\u2028 \\\\u2028"`},
		{"text before a separator", "\\\u2028\\\\\u2029", "\"\\\\\u2028\\\\\\\\\u2029\""},
		{"separator of a marshaler", json.RawMessage(`"\u2028\u202a"`), "\"\u2028\\u202a\""},
		{"separator in a name", map[string]int{"\u2028": 1}, "{\"\u2028\":1}"},
		{"genuine U+FFFD", "\ufffd", "\"\ufffd\""},
		{"escape of a marshaler", []any{json.RawMessage(`"\ufffd"`), "x"}, `["\ufffd","x"]`},
		{"text like the escape", `\ufffd`, `"\\ufffd"`},
		{"raw is compacted", json.RawMessage(`{ "a" : 1 }`), `{"a":1}`},
		{"nil", nil, `null`},
		{"nil map", map[string]int(nil), `null`},
		{"sorted", map[int]string{10: "a", 9: "b"}, `{"10":"a","9":"b"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, err := strict.AppendJSON([]byte("dst:"), &tt.in)
			require.NoError(t, err)
			assert.Equal(t, "dst:"+tt.want, string(out))
		})
	}
}

type privateText struct{ text string }

func (p privateText) MarshalJSON() ([]byte, error) { return json.Marshal(p.text) }

type badText struct{}

func (badText) MarshalText() ([]byte, error) { return []byte("CANARY\xff"), nil }

type binaryID string

func (b binaryID) MarshalJSON() ([]byte, error) { return json.Marshal([]byte(b)) }

type loop struct {
	Next *loop `json:"next"`
	Bad  string
}

func TestAppendJSONRefuses(t *testing.T) {
	t.Parallel()
	cycle := &loop{}
	cycle.Next = cycle
	deep := &loop{}
	for range 128 {
		deep = &loop{Next: deep}
	}
	tests := []struct {
		name         string
		in           any
		path, reason string
	}{
		{"bad string", "CANARY\xff", "", "UTF-8"},
		{"bad string in a list", order{Cart: []item{{}, {SKU: "CANARY\xff"}}}, "cart[1].sku", "UTF-8"},
		{"bad string in a map", order{Names: map[string]string{"CANARY": "\xff"}}, "names[key]", "UTF-8"},
		{"bad key", order{Names: map[string]string{"CANARY\xff": ""}}, "names[key]", "UTF-8"},
		{"bad text key", map[badText]int{{}: 1}, "[key]", "UTF-8"},
		{"bad string under the string option", order{QuotedS: "CANARY\xff"}, "quotedS", "UTF-8"},
		{"bad string beside U+FFFD", order{base: base{ID: "\ufffd"}, Any: []any{"\xff"}}, "any[0]", "UTF-8"},
		{"bad string behind a pointer", &loop{Next: &loop{Bad: "\xff"}}, "next.Bad", "UTF-8"},
		{"bad string in a marshaler", []any{privateText{"CANARY\xff"}}, "[0]", "UTF-8"},
		{"bad text", map[string]any{"CANARY": badText{}}, "[key]", "UTF-8"},
		{"bad raw", order{Raw: json.RawMessage("\"CANARY\xff\"")}, "raw", "UTF-8"},
		{"surrogate in raw", order{Raw: json.RawMessage(`"\ud800"`)}, "raw", "surrogate"},
		{"duplicate in raw", order{Raw: json.RawMessage(`{"CANARY":1,"CANARY":2}`)}, "raw[key]", "duplicate"},
		{"raw syntax", order{Raw: json.RawMessage(`CANARY`)}, "raw", "MarshalJSON or MarshalText of json.RawMessage failed"},
		{"NaN", order{Cart: []item{{Price: math.NaN()}}}, "cart[0].price", "float64 is NaN"},
		{"infinite", map[string]any{"CANARY": math.Inf(1)}, "[key]", "float64 is NaN or infinite"},
		{"channel", map[string]any{"a": make(chan int)}, "[key]", "Go type chan int"},
		{"own encoder", order{Own: shout{"CANARY"}}, "own", "of strict_test.shout failed"},
		{"own text encoder", order{Text: "CANARY"}, "text", "of strict_test.word failed"},
		{"cycle", cycle, "", "contains itself"},
		{"depth", deep, strings.Repeat("next.", 127) + "next", "128 levels"},
		{"bad number", json.Number("CANARY"), "", "no JSON form"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			out, err := strict.AppendJSON([]byte("dst"), pointerTo(tt.in))
			e := refusal(t, err)
			assert.Equal(t, "dst", string(out))
			assert.Contains(t, e.Reason, tt.reason)
			assert.Equal(t, tt.path, e.Path)
		})
	}
	out, err := strict.AppendJSON(nil, &[]any{binaryID("\xff"), json.RawMessage(`"\ufffd"`)})
	require.NoError(t, err)
	assert.Equal(t, `["/w==","\ufffd"]`, string(out))
}

// pointerTo returns a pointer to a copy of v, typed.
func pointerTo(v any) any {
	p := reflect.New(reflect.TypeOf(v))
	p.Elem().Set(reflect.ValueOf(v))
	return p.Interface()
}

func TestJSONRoundTrip(t *testing.T) {
	t.Parallel()
	in := order{
		base: base{"o1"}, Cart: []item{{"<s>", 1.5, -3}}, Names: map[string]string{"\u2028": "\ufffd"},
		At: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Pair: [2]int{1, 2}, Quoted: math.MinInt64,
		QuotedS: "q\u2028\"", Blob: []byte{0, 255}, Numbers: map[int]string{-1: "a"}, Next: &order{}, Own: shout{"x"}, Text: "t",
	}
	doc, err := strict.AppendJSON(nil, &in)
	require.NoError(t, err)
	var out order
	require.NoError(t, strict.DecodeJSON(doc, &out))
	in.Next.Raw, in.Raw = json.RawMessage("null"), json.RawMessage("null")
	assert.Equal(t, in, out)
}

func TestDecodeJSONIsNotQuadratic(t *testing.T) {
	t.Parallel()
	var doc []byte
	doc = append(doc, '{')
	for i := range 200_000 {
		doc = append(doc, fmt.Sprintf(`"%d":0,`, i)...)
	}
	doc = append(doc, `"x":0}`...)
	start := time.Now()
	var v map[string]int
	require.NoError(t, strict.DecodeJSON(doc, &v))
	assert.Less(t, time.Since(start), 20*time.Second)
	assert.Len(t, v, 200_001)
}

func TestJSONAllocations(t *testing.T) {
	doc := []byte(`{"id":"abc","cart":[{"sku":"s","price":1.5,"count":3}],"names":{"a":"b"}}`)
	plain := testing.AllocsPerRun(100, func() { var v order; _ = json.Unmarshal(doc, &v) })
	checked := testing.AllocsPerRun(100, func() { var v order; _ = strict.DecodeJSON(doc, &v) })
	// A scanner, and the copy that the decoder methods of the type may change.
	assert.LessOrEqual(t, checked, plain+2)
}

func newOf(v any) any { return reflect.New(reflect.TypeOf(v)).Interface() }

type (
	shared struct {
		X int `json:"x"`
	}
	left  struct{ shared }
	right struct{ shared }
)

func TestDecodeJSONKnowsWhichNamesAreOneField(t *testing.T) {
	t.Parallel()
	// An ambiguous name is no field, and an exact name is not folded into another.
	var both struct {
		left
		right
	}
	require.NoError(t, strict.DecodeJSON([]byte(`{"x":1,"X":2}`), &both))
	assert.Zero(t, both)
	var folded struct {
		Key string `json:"key"`
	}
	// U+212A is the Kelvin sign.
	err := strict.DecodeJSON([]byte("{\"key\":\"a\",\"\u212aey\":\"b\"}"), &folded)
	assert.Equal(t, "key", refusal(t, err).Path)
	var cases struct {
		Lower int `json:"n"`
		Upper int `json:"N"`
	}
	require.NoError(t, strict.DecodeJSON([]byte(`{"N":1,"n":2}`), &cases))
	assert.Equal(t, 2, cases.Lower)
	assert.Equal(t, 1, cases.Upper)
}
