package rt_test

import (
	"encoding/json"
	"math/big"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/strict"
	"github.com/typedstate/typedstate/state/rt"
)

// sameDecode fails where the codec differs from strict, which decides, or where it
// takes a document that encoding/json takes in another way.
func sameDecode[T any](t *testing.T, codec rt.JSONCodec, doc []byte) {
	t.Helper()
	var got, want, lib T
	err, wantErr := codec.Decode(doc, &got), strict.DecodeJSON(doc, &want)
	require.Equal(t, wantErr, err, "%q", doc)
	if err != nil {
		return
	}
	require.Equal(t, want, got, "%q", doc)
	require.NoError(t, json.Unmarshal(doc, &lib))
	require.Equal(t, lib, got, "%q", doc)
}

// taken tells whether a codec takes a document without the library.
func taken[T any](decode func(*rt.JSONDecoder, *T), doc []byte) bool {
	took := true
	codec := rt.JSON(nil, func(d *rt.JSONDecoder, v *T) {
		decode(d, v)
		took = !d.Failed()
	})
	var v T
	return codec.Decode(doc, &v) == nil && took
}

// sameEncode fails where the codec differs from strict.
func sameEncode[T any](t *testing.T, codec rt.JSONCodec, v *T) []byte {
	t.Helper()
	want, wantErr := strict.AppendJSON([]byte("{"), v)
	got, err := codec.Append([]byte("{"), v)
	require.Equal(t, wantErr, err)
	require.Equal(t, string(want), string(got))
	return got[1:]
}

// everyDocuments are documents for an every, good and bad.
func everyDocuments() []string {
	return []string{
		``, `null`, ` { } `, `{`, `{}x`, "{}\x00", `[]`, `{"s":"a"}`, `{"s" : "a" , "b":true }`, `{"b":true,"s":"b"}`,
		`{"s":"a","s":"b"}`, `{"s":"a","S":"b"}`, `{"S":"b"}`, `{"s":"a",}`, `{,"s":"a"}`, `{"s":"a""b":true}`, `{"s"}`, `{"s":}`,
		`{"s":"\u0041\n\ud83d\ude00\/","qs":"\"x\"","qb":"true","qi":"-5","qi8":"127","qu":"7","qf":"1.5","qf32":"2.5"}`,
		`{"s":"\ud800"}`, `{"s":"\udc00x"}`, "{\"s\":\"\xff\"}", "{\"s\":\"é\u2028\"}", "{\"s\":\"\n\"}", `{"s":"\x"}`, `{"s":"\u12"}`,
		`{"qs":"x","qi":5}`, `{"qi":"05"}`, `{"qi":"null"}`, `{"qi":null}`, `{"qb":"TRUE"}`, `{"qs":"\"\\n\""}`, `{"qf":"1e400"}`, `{"qi8":"128"}`,
		`{"qs":"\"\u0078\""}`, `{"qi":" 5"}`, `{"qi":"5 "}`, `{"qf":"0x1p-2"}`, `{"qi":""}`, `{"qs":""}`,
		`{"i8":128}`, `{"i8":-128}`, `{"i8":-129}`, `{"u8":256}`, `{"u8":-1}`, `{"u8":-0}`, `{"i":-0}`, `{"i":01}`, `{"i":1.0}`, `{"i":1e2}`,
		`{"i64":9223372036854775807}`, `{"i64":9223372036854775808}`, `{"i64":-9223372036854775808}`, `{"i64":-9223372036854775809}`,
		`{"u64":18446744073709551615}`, `{"u64":18446744073709551616}`, `{"u64":99999999999999999999}`, `{"u64":100000000000000000000}`,
		`{"f64":1.7976931348623157e308,"f32":3.4028235e38}`, `{"f64":1e309}`, `{"f32":3.5e38}`, `{"f64":-0}`, `{"f64":-0.0,"f32":-0}`, `{"f64":.5}`,
		`{"f64":5.}`, `{"f64":1e}`, `{"f64":1e+}`, `{"f64":1e-999999999999}`, `{"f64":123456789012345678901234567890.123e-20}`, `{"f64":1E5}`,
		`{"f64":9007199254740993,"f32":16777217}`, `{"f32":0.1,"f64":0.1}`, `{"f64":5e-324}`, `{"f32":1e-46}`,
		`{"data":"AAEC"}`, `{"data":""}`, `{"data":"AAE"}`, `{"data":[1,2]}`, `{"data":null}`, `{"data":"AA\nEC"}`, `{"data":"\/w=="}`, `{"data":"AA\u0045C"}`,
		`{"at":"2026-01-02T03:04:05Z"}`, `{"at":"2026-02-29T03:04:05Z"}`, `{"at":"2024-02-29T23:59:59.999999999Z"}`, `{"at":"2026-01-02T03:04:05+00:00"}`,
		`{"at":"2026-01-02T03:04:05.1+07:00"}`, `{"at":"2026-01-02T03:04:60Z"}`, `{"at":"2026-01-02T3:04:05Z"}`, `{"at":"2026-01-02T03:04:05,5Z"}`,
		`{"at":"0000-01-01T00:00:00Z"}`, `{"at":"0000-02-29T00:00:00.000Z"}`, `{"at":"1900-02-29T00:00:00Z"}`, `{"at":"2000-02-29T00:00:00Z"}`, `{"at":5}`, `{"at":null}`,
		`{"at":"2026-00-02T03:04:05Z"}`, `{"at":"2026-01-00T03:04:05Z"}`, `{"at":"2026-13-01T03:04:05Z"}`, `{"at":"2026-01-02T24:04:05Z"}`, `{"at":"2026-01-02T03:60:05Z"}`,
		`{"at":"2026-01-02T03:04:05.Z"}`, `{"at":"2026-01-02T03:04:05.1234567890Z"}`, `{"at":"2026-01-02t03:04:05z"}`, `{"at":"\u0032026-01-02T03:04:05Z"}`, `{"at":"2026-01-02T03:04:05\u005a"}`,
		`{"list":[{"name":"a","sum":12345678901234567890123,"n":4294967295},null,{}],"two":[{"n":1}]}`, `{"two":[{},{},{}]}`, `{"list":[]}`, `{"list":null}`,
		`{"list":[{}`, `{"list":[,]}`, `{"list":[{},]}`, `{"list":{}}`, `{"two":null}`, `{"grid":[[1],[1,2],[],[1,2,3]]}`, `{"grid":[[],null,[7]]}`,
		`{"list":[{"sum":null}],"big":null,"raw":null}`, `{"list":[{"sum":"x"}]}`, `{"big":1.5}`, `{"raw":{"a":[1, 2],"b":{"a":1}}}`, `{"raw":{"a":1,"a":2}}`,
		`{"byName":{"a":{"n":1},"b":null}}`, `{"byName":{"a":{},"a":{}}}`, `{"byName":{"a":{},"A":{}}}`, `{"byName":null}`, `{"byName":{}}`, `{"byName":{"\u0061":{},"a":{}}}`,
		`{"byName":{"\u0061":{},"":{}}}`, `{"byName":{"a":{}`, `{"byName":{a:{}}}`, `{"byName":{"a" : {"n" : 1} , "b" : {} } }`,
		`{"byId":{"1":"a","-128":"b"}}`, `{"byId":{"01":"a"}}`, `{"byId":{"128":"a"}}`, `{"byId":{"-129":"a"}}`, `{"byId":{"-0":"a"}}`, `{"byId":{"+1":"a"}}`, `{"byId":{"":"a"}}`,
		`{"byId":{"1":"a","1":"b"}}`, `{"byId":{"\u0031":"a"}}`, `{"byShelf":{"65535":[1,2.5],"0":null}}`, `{"byShelf":{"-1":[]}}`, `{"byShelf":{"65536":[]}}`,
		`{"byShelf":{"18446744073709551616":[]}}`, `{"byId":{"-9223372036854775809":""}}`, `{"byId":{"18446744073709551615":""}}`,
		`{"byId":{"-01":"a"}}`, `{"qp":"null"}`, `{"qp":null}`, `{"qp":"5"}`, `{"qp":5}`, `{"ByList":{"a":[{"sum":1}]},"ByPtr":{"a":{"sum":2},"b":null}}`,
		`{"a0":0,"a1":0,"a2":0,"a3":0,"a4":0,"a5":0,"a6":0,"a7":0,"a8":0,"a9":0,"aa":0,"ab":0,"ac":0,"ad":0,"ae":0,"af":0,"a0":0}`,
		`{"Deep":{"a":{"b":"c"},"d":{}}}`, `{"Deep":{"a":{"b":"c","b":"d"}}}`, `{"Deep":{"a":null}}`,
		`{"next":{"next":{"next":null,"s":"x"}},"nums":[1,null,2]}`, `{"nums":[1.5]}`, `{"nums":[nul]}`,
		`{"lib":[{"pair":[1,2],"names":{"a":[{}]}},{"PAIR":[3]},null]}`, `{"lib":[{"pair":[1,2,3]}]}`, `{"lib":[{"pair":[1],"Pair":[2]}]}`, `{"lib":[{"names":{"a":1,"a":2}}]}`,
		`{"later":{"a":[1,{"b":null}]},"s":"x","also":false,"more":true,"null":null,"n":-1.5e+3,"t":"\u0041"}`, `{"x":1,"x":2}`, `{"x":1,"\u0078":2}`, `{"x":1,"X":2}`,
		"{\"\u212aiel\":\"a\"}", "{\"\u017f\":\"a\"}", `{"kiel":"a"}`, `{"x":[1,]}`, `{"x":{"a":1,"a":2}}`, `{"x":01}`, `{"x":1.}`, `{"x":tru}`, `{"x":falsy}`, `{"x":"` + "\xff" + `"}`,
		`{"a0":0,"a1":0,"a2":0,"a3":0,"a4":0,"a5":0,"a6":0,"a7":0,"a8":0,"a9":0,"aa":0,"ab":0,"ac":0,"ad":0,"ae":0,"af":0,"ag":0,"ah":0,"a0":0}`,
	}
}

func FuzzGeneratedJSONDecode(f *testing.F) {
	for _, doc := range everyDocuments() {
		f.Add([]byte(doc))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		sameDecode[every](t, everyCodec, doc)
		sameDecode[session](t, sessionCodec, doc)
	})
}

func FuzzGeneratedJSONEncode(f *testing.F) {
	f.Add("a", "b", int64(1), uint64(2), 1.5, []byte("{}"), 3600)
	f.Add("\u2028<é>\n\"", "\\u2028", int64(-1<<63), uint64(1<<64-1), 1e-7, []byte(`"\ufffd\u2028"`), 61)
	f.Add("\xff", "", int64(0), uint64(0), -0.0, []byte(`{"a":1,"a":2}`), -86400)
	f.Add("\x00\x1f\x7f", "k", int64(99999999999999), uint64(9), 0.1234565, []byte(nil), 86400)
	f.Fuzz(func(t *testing.T, a, b string, n int64, u uint64, number float64, raw []byte, offset int) {
		zone := time.UTC
		if offset != 0 {
			zone = time.FixedZone("", offset%(30*3600))
		}
		small := int(n)
		v := every{
			S: a, B: n < 0, I: int(n), I8: int8(n), I16: int16(n), I32: int32(n), I64: n,
			U: uint(u), U8: uint8(u), U16: shelf(u), U32: uint32(u), U64: u, F32: float32(number), F64: number,
			Data: raw, At: time.Unix(n%4e11, int64(u%1e9)).In(zone),
			QS: b, QB: u > 9, QI: n, QI8: int8(n), QU: u, QF: number, QF32: float32(number),
			Two:  [2]row{{Name: label(a), N: uint32(u)}},
			Grid: [][2]int{{1, small}}, ByName: map[label]row{label(a): {Sum: *big.NewInt(n)}, label(b): {}},
			ByList:  map[string][]row{a: {{Sum: *big.NewInt(n)}, {}}},
			ByPtr:   map[string]*row{b: {Sum: *big.NewInt(n)}, "": nil},
			ByID:    map[int8]string{int8(n): a, int8(u): b, 9: "", 10: "", -1: ""},
			ByShelf: map[shelf][]float32{shelf(u): {float32(number)}, 0: nil},
			Deep:    map[string]map[string]string{a: {a: b, b: a}, b: nil},
			Nums:    []*int{&small, nil}, Raw: raw, Big: *big.NewInt(n), Lib: []library{{Names: map[string]any{a: number}}},
		}
		if n%2 == 0 {
			v.List = []row{{Name: label(b), Sum: *big.NewInt(n)}, {}}
			v.Next = &every{S: b, Raw: json.RawMessage(`1`), F64: number * float64(n), Data: []byte{}}
		}
		if len(raw) == 0 {
			v.Raw = nil
		}
		doc := sameEncode(t, everyCodec, &v)
		if len(doc) > 0 {
			sameDecode[every](t, everyCodec, doc)
		}
	})
}
