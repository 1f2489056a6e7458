package codectest

import (
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

// random fills values.
type random struct {
	*rand.Rand
	// sound leaves out what cannot be stored, plain all texts that need an escape.
	sound, plain bool
}

// deepest is how deep a value nests before everything in it is empty.
const deepest = 6

var texts = []string{
	"", "a", "plain text", "ünïcödé 世界", "\"quoted\"", `back\slash`, "\x00\x1f\x7f", "<b>&amp;</b>", "\u2028\u2029",
	"tab\tline\nreturn\r", "𝄞", "\ufffd", "null", "12", "true", "é", `\u2028`, "0123456789012345678901234567890123456789",
}

func (r random) text() string {
	if !r.sound && r.IntN(60) == 0 {
		return "bad\xff\xfe"
	}
	text := texts[r.IntN(len(texts))]
	if r.plain && strings.ContainsFunc(text, func(c rune) bool { return c < ' ' || c > '~' || strings.ContainsRune(`"\<>&`, c) }) {
		return "plain"
	}
	return text
}

// own are types that are not made of what they hold.
func (r random) own(t reflect.Type) (any, bool) {
	switch t {
	case reflect.TypeFor[time.Time]():
		zones := []*time.Location{time.UTC, time.FixedZone("", 3600), time.FixedZone("", -5*3600-1800)}
		switch r.IntN(6) {
		case 0:
			return time.Time{}, true
		case 1:
			return time.Unix(r.Int64N(1<<32), 0).UTC(), true
		}
		return time.Unix(r.Int64N(1<<36)-1<<33, r.Int64N(1e9)).In(zones[r.IntN(len(zones))]), true
	case reflect.TypeFor[Stamp]():
		return Stamp{time.Unix(r.Int64N(1<<32), 0).UTC()}, true
	case reflect.TypeFor[json.RawMessage]():
		raw := []string{`null`, `{}`, `[1,2]`, `"a"`, `1.5`, `{"a":[{"b":null}]}`}
		return json.RawMessage(raw[r.IntN(len(raw))]), true
	case reflect.TypeFor[json.Number]():
		return json.Number(strconv.Itoa(r.IntN(1000))), true
	case reflect.TypeFor[big.Int]():
		return *big.NewInt(r.Int64()), true
	case reflect.TypeFor[netip.Addr]():
		return netip.AddrFrom4([4]byte{byte(r.IntN(256)), 2, 3, 4}), true
	case reflect.TypeFor[Level]():
		if !r.sound && r.IntN(40) == 0 {
			return Level(-1), true
		}
		return Level(r.IntN(1000)), true
	case reflect.TypeFor[Binary]():
		return Binary{r.text()}, true
	case reflect.TypeFor[Pack]():
		return Pack{byte(r.IntN(128))}, true
	case reflect.TypeFor[PackField]():
		return PackField{Pack{byte(r.IntN(128))}}, true
	}
	return nil, false
}

// fill sets v, which nests that deep already, to something.
func (r random) fill(v reflect.Value, depth int) {
	if own, ok := r.own(v.Type()); ok {
		v.Set(reflect.ValueOf(own))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(r.text())
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		bits := v.Type().Bits()
		edges := []int64{0, 0, 1, -1, 31, 32, -32, -33, 127, 128, -128, 1 << 16, math.MaxInt64, math.MinInt64, r.Int64()}
		v.SetInt(edges[r.IntN(len(edges))] << (64 - bits) >> (64 - bits))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		bits := v.Type().Bits()
		edges := []uint64{0, 0, 1, 127, 128, 255, 256, 1 << 16, 1 << 32, math.MaxUint64, r.Uint64()}
		v.SetUint(edges[r.IntN(len(edges))] << (64 - bits) >> (64 - bits))
	case reflect.Float32:
		edges := []float32{0, 1, -1.5, 1e21, 1e-7, math.MaxFloat32, math.SmallestNonzeroFloat32, r.Float32(), float32(math.Copysign(0, -1))}
		v.SetFloat(float64(edges[r.IntN(len(edges))]))
	case reflect.Float64:
		edges := []float64{0, 1, -1.5, 1e21, 1e20, 1e-7, 1e-6, math.MaxFloat64, math.SmallestNonzeroFloat64, r.Float64(), math.Copysign(0, -1)}
		v.SetFloat(edges[r.IntN(len(edges))])
		if !r.sound && r.IntN(100) == 0 {
			v.SetFloat(math.Inf(1))
		}
	case reflect.Pointer:
		if depth < deepest && r.IntN(3) > 0 {
			p := reflect.New(v.Type().Elem())
			r.fill(p.Elem(), depth+1)
			v.Set(p.Convert(v.Type()))
		}
	case reflect.Slice:
		n := r.IntN(4) - 1
		if depth >= deepest {
			n = min(n, 0)
		}
		if n >= 0 {
			v.Set(reflect.MakeSlice(v.Type(), n, n))
		}
		for i := range v.Len() {
			r.fill(v.Index(i), depth+1)
		}
	case reflect.Array:
		for i := range v.Len() {
			r.fill(v.Index(i), depth+1)
		}
	case reflect.Map:
		n := r.IntN(5) - 1
		if depth >= deepest {
			n = min(n, 0)
		}
		if n >= 0 {
			v.Set(reflect.MakeMap(v.Type()))
		}
		for range n {
			key, elem := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			r.fill(key, depth+1)
			r.fill(elem, depth+1)
			v.SetMapIndex(key, elem)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			switch f := v.Type().Field(i); {
			case f.IsExported():
				r.fill(v.Field(i), depth+1)
			case f.Anonymous:
				r.fill(reflect.NewAt(f.Type, unsafe.Pointer(v.Field(i).UnsafeAddr())).Elem(), depth+1)
			}
		}
	}
}
