package rt_test

import (
	"bytes"
	"math"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/typedstate/typedstate/internal/strict"
	"github.com/typedstate/typedstate/state/rt"
)

// different returns the path to where two values of one type are not deeply equal, or
// "". Floats are compared by their bits.
func different(a, b reflect.Value, path string) string {
	same := true
	switch a.Kind() {
	case reflect.Float32:
		// A float64 of it may have other bits.
		same = math.Float32bits(a.Interface().(float32)) == math.Float32bits(b.Interface().(float32))
	case reflect.Float64:
		same = math.Float64bits(a.Float()) == math.Float64bits(b.Float())
	case reflect.Pointer, reflect.Interface:
		if a.IsNil() || b.IsNil() || a.Elem().Type() != b.Elem().Type() {
			same = a.IsNil() && b.IsNil()
			break
		}
		return different(a.Elem(), b.Elem(), path)
	case reflect.Slice, reflect.Array:
		if same = (a.Kind() == reflect.Array || a.IsNil() == b.IsNil()) && a.Len() == b.Len(); !same {
			break
		}
		for i := range a.Len() {
			if d := different(a.Index(i), b.Index(i), path+"[]"); d != "" {
				return d
			}
		}
	case reflect.Map:
		if same = a.IsNil() == b.IsNil() && a.Len() == b.Len(); !same {
			break
		}
		for entries := a.MapRange(); entries.Next(); {
			other := b.MapIndex(entries.Key())
			if !other.IsValid() {
				return path + "[key]"
			}
			if d := different(entries.Value(), other, path+"[]"); d != "" {
				return d
			}
		}
	case reflect.Struct:
		if pkg := a.Type().PkgPath(); pkg == "time" || pkg == "net/netip" {
			same = a.Interface() == b.Interface()
			break
		}
		for i := range a.NumField() {
			if d := different(a.Field(i), b.Field(i), path+"."+a.Type().Field(i).Name); d != "" {
				return d
			}
		}
	default:
		same = a.Equal(b)
	}
	if !same {
		return path + "!"
	}
	return ""
}

// samePackedDecode has both codecs decode a document.
func samePackedDecode[T any](t *testing.T, codec rt.MsgpackCodec, doc []byte) {
	t.Helper()
	var got, want T
	gotErr, wantErr := codec.Decode(bytes.Clone(doc), &got), strict.DecodeMsgpack(doc, &want)
	require.Equal(t, wantErr, gotErr)
	if wantErr != nil {
		return
	}
	require.Empty(t, different(reflect.ValueOf(want), reflect.ValueOf(got), ""))
	sameAppend(t, codec, &got)
}

// sameAppend has both codecs encode a value, and returns the document.
func sameAppend(t *testing.T, codec rt.MsgpackCodec, v any) []byte {
	t.Helper()
	got, gotErr := codec.Append([]byte("dst"), v)
	want, wantErr := strict.AppendMsgpack([]byte("dst"), v)
	require.Equal(t, want, got)
	if wantErr != nil {
		// Which of the entries of a map is refused is left to chance.
		require.ErrorAs(t, gotErr, new(*strict.Error))
		return nil
	}
	require.NoError(t, gotErr)
	return got[3:]
}

func FuzzGeneratedMsgpackDecode(f *testing.F) {
	for seed := range uint64(20) {
		v := someEvery(rand.New(rand.NewPCG(seed, 1)), 2)
		if doc, err := strict.AppendMsgpack(nil, &v); err == nil {
			f.Add(doc)
		}
	}
	// Each value once: the test of the same documents has them all under each name.
	for i, doc := range packedDocuments(f) {
		if i%97 == 0 {
			f.Add(doc)
		}
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		samePackedDecode[packed](t, everyMsgpack, doc)
		samePackedDecode[packedSession](t, sessionMsgpack, doc)
	})
}

func FuzzGeneratedMsgpackEncode(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, uint64(0), "a", "b", 1.5)
	}
	f.Add(uint64(1), uint64(1), "\xff", "\u2028", math.NaN())
	f.Fuzz(func(t *testing.T, seed1, seed2 uint64, a, b string, number float64) {
		v := someEvery(rand.New(rand.NewPCG(seed1, seed2)), 3)
		if seed2%2 == 0 {
			v.Name, v.F64, v.F32, v.Blob = a, number, float32(number), []byte(b)
			v.Counts = map[word]int{word(a): 1, word(b): 2}
			v.Any = []any{a, number, map[string]any{b: a}}
		}
		doc := sameAppend(t, everyMsgpack, &v)
		if doc == nil {
			return
		}
		samePackedDecode[packed](t, everyMsgpack, doc)
		var library packed
		d := msgpack.NewDecoder(bytes.NewReader(doc))
		d.SetCustomStructTag("json")
		require.NoError(t, d.Decode(&library))
		var got packed
		require.NoError(t, everyMsgpack.Decode(doc, &got))
		require.Empty(t, different(reflect.ValueOf(library), reflect.ValueOf(got), ""))
	})
}

// someEvery makes up a value.
func someEvery(r *rand.Rand, depth int) packed {
	var v packed
	fill(r, reflect.ValueOf(&v).Elem(), depth)
	v.ID = someString(r)
	if r.IntN(2) == 0 {
		v.Any = []any{map[string]any{"b": int8(1), "a": "x"}, nil, someString(r)}
	}
	if v.Raw = nil; r.IntN(2) == 0 {
		v.Raw = msgpack.RawMessage("\x82\xa1b\x01\xa1a\x02")
	}
	if v.Addrs != nil {
		v.Addrs = map[string]netip.Addr{someString(r): netip.IPv6Loopback()}
	}
	return v
}

func someString(r *rand.Rand) string {
	const text = "the quick brown fox jumps over the lazy dog 0123456789"
	n := []int{0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 300, 70000}[r.IntN(17)]
	if n == 70000 && r.IntN(50) > 0 {
		n = 5
	}
	s := make([]byte, 0, n)
	at := r.IntN(len(text))
	for len(s) < n {
		c := text[at%len(text)]
		s = append(s, c)
		at++
	}
	if r.IntN(3) == 0 {
		s = append(s, "é"...)
	}
	if r.IntN(200) == 0 {
		s = append(s, 0xff)
	}
	return string(s)
}

func fill(r *rand.Rand, v reflect.Value, depth int) {
	some := r.IntN(4)
	if r.IntN(6) == 0 {
		some = r.IntN(20)
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(r.Uint64()) >> r.IntN(64))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(r.Uint64() >> r.IntN(64))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(int64(r.Uint64())>>r.IntN(64)) / 4)
	case reflect.String:
		v.SetString(someString(r))
	case reflect.Slice:
		if depth == 0 || some == 0 {
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), some-1, some-1))
		for i := range v.Len() {
			fill(r, v.Index(i), depth-1)
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(r, v.Index(i), depth)
		}
	case reflect.Map:
		if depth == 0 || some == 0 {
			return
		}
		v.Set(reflect.MakeMap(v.Type()))
		for range some - 1 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(r, key, depth-1)
			fill(r, value, depth-1)
			v.SetMapIndex(key, value)
		}
	case reflect.Pointer:
		if depth == 0 || some == 0 {
			return
		}
		v.Set(reflect.New(v.Type().Elem()))
		fill(r, v.Elem(), depth-1)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			at := time.Unix(int64(r.Uint64())>>(20+r.IntN(44)), int64(r.IntN(1e9))*int64(r.IntN(2)))
			v.Set(reflect.ValueOf([]time.Time{{}, at, at.UTC()}[r.IntN(3)]))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(r, v.Field(i), depth)
			}
		}
	}
}

// packedDocuments are documents that a careless decoder takes for something else.
func packedDocuments(tb testing.TB) [][]byte {
	tb.Helper()
	var docs [][]byte
	values := []string{
		"\xc0", "\xc2", "\xc3", "\xc1", "\x00", "\x7f", "\xff", "\xe0", "\xcc\xff", "\xcd\xff\xff", "\xce\xff\xff\xff\xff",
		"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", "\xcf\x80\x00\x00\x00\x00\x00\x00\x00", "\xcf\x00\x00\x00\x00\x00\x00\x00\x01",
		"\xd0\x80", "\xd0\x7f", "\xd1\x80\x00", "\xd1\x00\x05", "\xd2\x80\x00\x00\x00", "\xd3\x80\x00\x00\x00\x00\x00\x00\x00",
		"\xd3\x00\x20\x00\x00\x00\x00\x00\x01", "\xd2\x01\x00\x00\x01", "\xd3\x7f\xff\xff\xff\xff\xff\xff\xff",
		"\xca\x3f\x80\x00\x00", "\xca\x7f\x80\x00\x01", "\xca\x7f\xc0\x00\x00", "\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00",
		"\xcb\x7f\xf0\x00\x00\x00\x00\x00\x01",
		"\xa0", "\xa1a", "\xa1\xff", "\xa3abc", "\xa3a\xffc", "\xa9abcdefghi", "\xa9abcd\xffefgh", "\xd9\x01a", "\xd9\x01\xff",
		"\xb1abcdefghijklmnopq", "\xb1abcdefgh\xffjklmnopq", "\xda\x00\x01a", "\xdb\x00\x00\x00\x01a", "\xdb\xff\xff\xff\xff",
		"\xc4\x01a", "\xc4\x00", "\xc4\x01\xff", "\xc5\x00\x01a", "\xc6\x00\x00\x00\x01a", "\xc6\xff\xff\xff\xff", "\xc4\x04abcd", "\xc4\x05abcde",
		"\x90", "\x91\xc0", "\x91\x01", "\x92\xa1a\xa1b", "\x94\x80\x80\x80\x80", "\x93\xa1a\x01\xc0", "\x93\x80\x80\x80", "\xdc\x00\x01\x01", "\xdc\x00\x00",
		"\xdd\x00\x00\x00\x01\x01", "\xdd\x02\xff\xff\xff", "\xdd\xff\xff\xff\xff", "\x92\x91\x05\x90", "\x91\xd6\xff\x00\x00\x00\x01",
		"\x80", "\x81\xc0\x01", "\x81\xa1a\x01", "\x81\xc4\x01a\x01", "\x82\xa1a\x01\xa1a\x01", "\x82\xa1a\x01\xd9\x01a\x01",
		"\x81\x01\xa1a", "\x82\x01\xa1a\xcc\x01\xa1b", "\x81\xff\x90", "\x81\xcc\xff\xc3", "\x81\xcd\x01\x00\xc3", "\x81\xd0\xff\xc3",
		"\x81\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xd6\xff\x00\x00\x00\x01", "\x81\xca\x3f\x80\x00\x00\xa1a", "\x81\xcf\xff\xff\xff\xff\xff\xff\xff\xff\xa1a",
		"\xde\x00\x01\xa1a\x01", "\xdf\x00\x00\x00\x01\xa1a\x01", "\xdf\xff\xff\xff\xff", "\x81\xa1a\x81\xa1b\x05", "\x81\xa1a\x80",
		"\x83\xa3sku\xa1a\xa5count\x05\xa5price\x01", "\x82\xa5count\x05\xa3sku\xa1a", "\x82\xa3sku\xa1a\xa3sku\xa1a",
		"\x81\xa3sku\xc0", "\x81\xa3new\x93\x01\x81\xa1x\xc0\xd4\x05\x01", "\x82\xa3new\x01\xa3new\x01", "\x81\xa1\xff\x01", "\x81\xc4\x01\xff\x01",
		"\x81\xd9\x03sku\xa1a", "\x81\xc4\x03sku\xa1a", "\x81\x01\x01", "\x81\xa3new\x82\xa1a\x01\xa1a\x01", "\x81\xa3new\x81\x01\x02", "\x81\xa3new\xc1",
		"\x81\xa3new\xc7\x02\x05ab", "\x81\xa3new\xc8\x00\x02\x05ab", "\x81\xa3new\xc9\x00\x00\x00\x02\x05ab", "\x81\xa3new\xd8\x05abcdefghabcdefgh",
		"\x81\xa3new\xc7\xff\x05ab", "\x81\xa3new\xd8\x05a", "\x81\xa3new\xa1\xff", "\x81\xa3new\xc4\x01\xff", "\x81\xa3new\xcb\x01", "\x81\xa3new\xcd\x01",
		"\xd6\xff\x00\x00\x00\x01", "\xd7\xff\x00\x00\x00\x04\x00\x00\x00\x01", "\xd7\xff\xff\xff\xff\xff\xff\xff\xff\xff", "\xd6\x0d\x00\x00\x00\x01",
		"\xc7\x0c\xff\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x01", "\xc7\x0c\xff\x3b\x9a\xca\x00\x00\x00\x00\x00\x00\x00\x00\x01",
		"\xc7\x0c\xff\x00\x00\x00\x00\xff\xff\xff\xf1\x88\x6e\x09\x00", "\xc7\x04\xff\x00\x00\x00\x01", "\xc9\x00\x00\x00\x04\xff\x00\x00\x00\x01",
		"\xc7\x0c\xff\xff\xff\xff\xff\x80\x00\x00\x00\x00\x00\x00\x00", "\xd5\xff\x01\x02", "\xc9\xff\xff\xff\xff\x01",
	}
	names := []string{"id", "name", "i", "later", "head", "old", "tag"}
	for field := range reflect.TypeFor[packed]().Fields() {
		names = append(names, field.Tag.Get("json"))
	}
	for _, name := range names {
		name, _, _ = strings.Cut(name, ",")
		for _, value := range values {
			doc := append([]byte{0x81, 0xa0 | byte(len(name))}, name...)
			docs = append(docs, append(doc, value...))
		}
	}
	for _, value := range values {
		docs = append(docs, []byte(value), []byte(value+"\x01"))
	}
	// What is one too many stands where another field might.
	docs = append(docs, []byte("\x82\xa4trio\x94\x80\x80\x80\xa2id\xa4name"))
	return docs
}
