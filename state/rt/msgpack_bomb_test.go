package rt_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/strict"
	"github.com/typedstate/typedstate/state/rt"
)

// targets are what a bomb likes to fill.
type targets struct {
	Large    []large           `json:"large"`
	Pointers []*large          `json:"pointers"`
	Rows     [][4]large        `json:"rows"`
	ByName   map[string]large  `json:"byName"`
	ByInt    map[int32]large   `json:"byInt"`
	Names    map[string]string `json:"names"`
	Words    []string          `json:"words"`
	Any      any               `json:"any"`
	Blob     []byte            `json:"blob"`
	At       time.Time         `json:"at"`
	Down     *targets          `json:"down"`
}

type large struct {
	A, B, C, D, E, F, G, H string
	I, J, K, L, M, N, O, P int64
}

var (
	targetsMsgpack = rt.Msgpack(targetsToMsgpack, targetsFromMsgpack)
	targetsFields  = rt.FieldsOf("large", "pointers", "rows", "byName", "byInt", "names", "words", "any", "blob", "at", "down")
	largeFields    = rt.FieldsOf("A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L", "M", "N", "O", "P")
)

func targetsToMsgpack(e *rt.MsgpackEncoder, v *targets) {
	m := e.Open(11)
	rt.SliceToMsgpack(e.Field("\xa5large"), v.Large, largeToMsgpack)
	rt.SliceToMsgpack(e.Field("\xa8pointers"), v.Pointers, func(e *rt.MsgpackEncoder, v **large) {
		rt.PointerToMsgpack(e, *v, largeToMsgpack)
	})
	rt.SliceToMsgpack(e.Field("\xa4rows"), v.Rows, func(e *rt.MsgpackEncoder, v *[4]large) {
		rt.ArrayToMsgpack(e, v[:], largeToMsgpack)
	})
	rt.MapToMsgpack(e.Field("\xa6byName"), v.ByName, largeToMsgpack)
	rt.IntMapToMsgpack(e.Field("\xa5byInt"), v.ByInt, largeToMsgpack)
	rt.MapToMsgpack(e.Field("\xa5names"), v.Names, func(e *rt.MsgpackEncoder, v *string) { e.String(*v) })
	stringsToMsgpack(e.Field("\xa5words"), &v.Words)
	e.Field("\xa3any").Library(&v.Any)
	e.Field("\xa4blob").Bytes(v.Blob)
	e.Field("\xa2at").Time(v.At)
	rt.PointerToMsgpack(e.Field("\xa4down"), v.Down, targetsToMsgpack)
	e.Close(m)
}

func largeToMsgpack(e *rt.MsgpackEncoder, v *large) {
	m := e.Open(16)
	for i, s := range []string{v.A, v.B, v.C, v.D, v.E, v.F, v.G, v.H} {
		e.Field("\xa1" + string(rune('A'+i))).String(s)
	}
	for i, n := range []int64{v.I, v.J, v.K, v.L, v.M, v.N, v.O, v.P} {
		e.Field("\xa1" + string(rune('I'+i))).Int(n)
	}
	e.Close(m)
}

func targetsFromMsgpack(d *rt.MsgpackDecoder, v *targets) {
	for o := d.Object(targetsFields); o.Next(d); {
		switch o.Field {
		case 0:
			rt.SliceFromMsgpack(d, &v.Large, largeFromMsgpack)
		case 1:
			rt.SliceFromMsgpack(d, &v.Pointers, func(d *rt.MsgpackDecoder, v **large) {
				rt.PointerFromMsgpack(d, v, largeFromMsgpack)
			})
		case 2:
			rt.SliceFromMsgpack(d, &v.Rows, func(d *rt.MsgpackDecoder, v *[4]large) {
				rt.ArrayFromMsgpack(d, v[:], largeFromMsgpack)
			})
		case 3:
			rt.MapFromMsgpack(d, &v.ByName, largeFromMsgpack)
		case 4:
			rt.IntMapFromMsgpack(d, &v.ByInt, largeFromMsgpack)
		case 5:
			rt.MapFromMsgpack(d, &v.Names, (*rt.MsgpackDecoder).String)
		case 6:
			stringsFromMsgpack(d, &v.Words)
		case 7:
			d.Library(&v.Any)
		case 8:
			d.Bytes(&v.Blob)
		case 9:
			d.Time(&v.At)
		case 10:
			rt.PointerFromMsgpack(d, &v.Down, targetsFromMsgpack)
		}
	}
}

func largeFromMsgpack(d *rt.MsgpackDecoder, v *large) {
	for o := d.Object(largeFields); o.Next(d); {
		switch o.Field {
		case 0:
			d.String(&v.A)
		case 7:
			d.String(&v.H)
		case 8:
			d.Int64(&v.I)
		case 15:
			d.Int64(&v.P)
		default:
			// A codec that reads nothing of a field leaves the document to the library.
			var none [4]byte
			d.Library(&none)
		}
	}
}

// bomb is a document of at most a mebibyte. Those that are quick are refused, or
// taken by the generated codec, without a walk through a large map.
type bomb struct {
	name  string
	doc   []byte
	quick bool
}

func packedBombs(field string) []bomb {
	const size = 1 << 20
	start := append([]byte{0x81, 0xa0 | byte(len(field))}, field...)
	with := func(parts ...[]byte) []byte { return slices.Concat(append([][]byte{start}, parts...)...) }
	length := func(code byte, n int) []byte { return binary.BigEndian.AppendUint32([]byte{code}, uint32(n)) }
	room := size - len(start) - 5
	list := []bomb{
		{"array of five bytes", with([]byte("\xdd\x02\xff\xff\xff")), true},
		{"map of five bytes", with([]byte("\xdf\xff\xff\xff\xff")), true},
		{"string", with([]byte("\xdb\xff\xff\xff\xff")), true},
		{"bytes", with([]byte("\xc6\xff\xff\xff\xff")), true},
		{"ext", with([]byte("\xc9\xff\xff\xff\xff\xff")), true},
		{"ext with a tail", with(length(0xc9, size), bytes.Repeat([]byte{0xff}, room)), true},
		{"nested arrays", with(bytes.Repeat([]byte{0x91}, room)), true},
		{"nested maps", with(bytes.Repeat([]byte{0x81, 0xa1, 'a'}, room/3)), true},
		{"nested structs", with(bytes.Repeat([]byte("\x81\xa4down"), room/6)), true},
	}
	for _, element := range []byte{0xc0, 0x80, 0x90} {
		var names, numbers []byte
		for n := range room / 7 {
			names = append(append(names, fmt.Sprintf("\xa5%05x", n)...), element)
		}
		for n := range room / 6 {
			numbers = append(binary.BigEndian.AppendUint32(append(numbers, 0xd2), uint32(n)), element)
		}
		name := fmt.Sprintf(" of %x", element)
		list = append(list,
			bomb{"array" + name, with(length(0xdd, room), bytes.Repeat([]byte{element}, room)), field != "any"},
			bomb{"names" + name, with(length(0xdf, room/7), names), false},
			bomb{"numbers" + name, with(length(0xdf, room/6), numbers), false},
			bomb{"equal names" + name, with(length(0xdf, room/2), bytes.Repeat([]byte{0xa0, element}, room/2)), true})
	}
	return list
}

func TestMsgpackBombs(t *testing.T) {
	fields := []string{"large", "pointers", "byInt", "rows", "byName", "words", "any", "down", "later"}
	if raced {
		fields = fields[:2]
	}
	for _, field := range fields {
		for _, b := range packedBombs(field) {
			t.Run(field+"/"+b.name, func(t *testing.T) {
				require.LessOrEqual(t, len(b.doc), 1<<20)
				cost(t, b.quick, func() error { return targetsMsgpack.Decode(b.doc, new(targets)) })
				cost(t, false, func() error { return strict.DecodeMsgpack(b.doc, new(targets)) })
			})
		}
	}
}

// cost fails where a decode takes much memory or, if it should be quick, long.
func cost(t *testing.T, quick bool, decode func() error) {
	t.Helper()
	limit := 50 * time.Millisecond
	if raced {
		limit *= 10
	}
	for try := range 20 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		err := decode()
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		if err != nil {
			require.ErrorAs(t, err, new(*strict.Error))
		}
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(32<<20), "%v", err)
		if !quick || took < limit {
			return
		}
		// Other processes may have had the machine meanwhile.
		time.Sleep(time.Duration(try) * 5 * time.Millisecond)
		require.Less(t, try, 19, "%v for %v", took, err)
	}
}
