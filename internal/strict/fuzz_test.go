package strict_test

import (
	"encoding/json"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/typedstate/typedstate/internal/strict"
)

// bounded fails when do allocates out of proportion to the input.
func bounded(t *testing.T, size int, do func()) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	do()
	runtime.ReadMemStats(&after)
	// An element of one byte may be a whole tree in Go.
	most := uint64(8<<20 + size*4096)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, most)
}

func FuzzDecodeJSON(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `{"id":"a","ID":"b"}`, `{"cart":[{"count":300}]}`, `{"pair":[1,2,3]}`, `"\ud83d\ude00"`, `"\ud800"`,
		`{"quoted":"5","quotedS":"\"x\"","blob":"AA==","at":"2026-01-02T03:04:05Z"}`, `[[[{}]]]`, `{"numbers":{"01":"a"}}`,
		`-0.5e+10`, "\"\xff\"", `{"a":1}x`, `{"next":{"own":"x","text":"y","inner":[["a"]]}}`, `{"labels":{"a":{"sku":"s"}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		for _, target := range []any{new(order), new(any), new(map[string]int8), new([2][1]string), new(map[int]string)} {
			want := reflect.New(reflect.TypeOf(target).Elem()).Interface()
			var err error
			bounded(t, len(doc), func() { err = strict.DecodeJSON(doc, target) })
			if err != nil {
				var e *strict.Error
				require.ErrorAs(t, err, &e)
				require.LessOrEqual(t, e.Offset, int64(len(doc)))
				require.NotEmpty(t, e.Reason)
				continue
			}
			require.True(t, utf8.Valid(doc))
			require.NoError(t, json.Unmarshal(doc, want))
			require.Equal(t, want, target)
		}
		// The scan alone refuses no more than it says.
		var v any
		if e := new(strict.Error); json.Valid(doc) {
			if err := strict.DecodeJSON(doc, &v); err != nil {
				require.ErrorAs(t, err, &e)
				require.NotContains(t, e.Reason, "not valid JSON")
				require.NotContains(t, e.Reason, "too early")
				require.NotContains(t, e.Reason, "follow")
			}
		} else {
			require.Error(t, strict.DecodeJSON(doc, &v))
		}
	})
}

func FuzzJSONParity(f *testing.F) {
	f.Add("a", "<b>\u2028", []byte("{}"), 1.5, int64(-1))
	f.Add("\\u2028", "\ufffd", []byte(`"\ufffd\u2029\\u2028"`), math.MaxFloat64, int64(math.MinInt64))
	f.Add("\xff", `\ufffd`, []byte(`{"a":1,"a":2}`), 0.0, int64(0))
	f.Fuzz(func(t *testing.T, a, b string, rawJSON []byte, number float64, n int64) {
		v := order{
			base: base{a}, Cart: []item{{SKU: b, Price: number}}, Names: map[string]string{a: b, b: a},
			QuotedS: a, Quoted: n, Blob: rawJSON, Raw: rawJSON, Any: []any{a, number}, Text: word(b), Numbers: map[int]string{int(n): a},
			At: time.Unix(n%1e9, n%1e9),
		}
		if len(rawJSON) == 0 {
			v.Raw = nil
		}
		var want strings.Builder
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		libErr := e.Encode(&v)
		got, err := strict.AppendJSON(nil, &v)
		if libErr != nil {
			require.Error(t, err)
			return
		}
		valid := utf8.ValidString(a) && utf8.ValidString(b)
		if !valid {
			require.Error(t, err)
			return
		}
		if err != nil {
			var back order
			require.Error(t, strict.DecodeJSON([]byte(want.String()), &back), "refused without need")
			return
		}
		// Only a separator differs, and only in how it is spelled.
		separators := strings.NewReplacer(`\\`, `\\`, `\u2028`, "\u2028", `\u2029`, "\u2029")
		require.Equal(t, separators.Replace(strings.TrimSuffix(want.String(), "\n")), string(got))
		var back, lib order
		require.NoError(t, strict.DecodeJSON(got, &back))
		require.NoError(t, json.Unmarshal([]byte(want.String()), &lib))
		back.Raw, lib.Raw = nil, nil
		require.Equal(t, lib, back)
	})
}

func FuzzDecodeMsgpack(f *testing.F) {
	in := fullTree()
	full, err := strict.AppendMsgpack(nil, &in)
	require.NoError(f, err)
	for _, seed := range []string{
		"", "\x80", "\xdd\x02\xff\xff\xff", "\xdf\xff\xff\xff\xff", "\x81\xa2i8\xcd\x01\x2c", "\xd6\xff\x00\x00\x00\x01", "\xc1",
		"\x92\x01\xa1a", "\x81\xc4\x01\x01\x01", "{\"a\":1}", "\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00", "\xcf\x80\x00\x00\x00\x00\x00\x00\x00",
		string(full),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		for _, target := range []any{
			new(tree), new(any), new(map[string]int8), new([]int64), new(map[any]any), new([2][1]string),
			new(float32), new(float64), new(uint64), new(time.Time), new(map[time.Time][]byte), new(map[code]string), new([]*row),
		} {
			var err error
			bounded(t, len(doc), func() { err = strict.DecodeMsgpack(doc, target) })
			if err != nil {
				var e *strict.Error
				require.ErrorAs(t, err, &e)
				require.LessOrEqual(t, e.Offset, int64(len(doc)))
				continue
			}
			again, err := strict.AppendMsgpack(nil, target)
			require.NoError(t, err, "read but cannot be written")
			back := reflect.New(reflect.TypeOf(target).Elem()).Interface()
			require.NoError(t, strict.DecodeMsgpack(again, back))
			third, err := strict.AppendMsgpack(nil, back)
			require.NoError(t, err)
			require.Equal(t, again, third)
			if n, ok := target.(*uint64); ok && len(doc) > 0 && doc[0] != 0xc0 {
				var plain any
				require.NoError(t, msgpack.Unmarshal(doc, &plain))
				if v := reflect.ValueOf(plain); v.CanInt() {
					require.Equal(t, v.Int(), int64(*n))
				} else {
					require.Equal(t, v.Uint(), *n)
				}
			}
		}
	})
}

type code [2]byte

func FuzzMsgpackRoundTrip(f *testing.F) {
	f.Add("a", "b", int64(1), uint64(2), 1.5, []byte{1})
	f.Add("\xff", "", int64(math.MinInt64), uint64(math.MaxUint64), math.NaN(), []byte(nil))
	f.Fuzz(func(t *testing.T, a, b string, n int64, u uint64, number float64, blob []byte) {
		in := tree{
			base: base{a}, numbers: numbers{I8: int8(n), I64: n, U8: uint8(u), U64: u, F32: float32(number), F64: number},
			Scores: map[string]int{a: int(n), b: 1}, ByID: map[int]string{int(n): a, int(u): b}, Blob: blob, Big: n,
			At: time.Unix(n%1e12, int64(u%1e9)), Any: map[string]any{a: []any{b, number, blob}}, Words: []string{a, b},
		}
		doc, err := strict.AppendMsgpack(nil, &in)
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			require.Error(t, err)
			return
		}
		require.NoError(t, err)
		var out, lib tree
		require.NoError(t, strict.DecodeMsgpack(doc, &out))
		dec := msgpack.NewDecoder(strings.NewReader(string(doc)))
		dec.SetCustomStructTag("json")
		require.NoError(t, dec.Decode(&lib))
		assert.True(t, in.At.Equal(out.At))
		assert.Equal(t, in.Scores, out.Scores)
		assert.Equal(t, in.ByID, out.ByID)
		assert.Equal(t, in.Blob, out.Blob)
		assert.Equal(t, in.I64, out.I64)
		assert.Equal(t, in.U64, out.U64)
		assert.Equal(t, math.Float64bits(in.F64), math.Float64bits(out.F64))
		if number == number {
			assert.Equal(t, lib, out)
		}
	})
}
