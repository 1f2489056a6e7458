package rt_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/typedstate/typedstate/internal/strict"
	"github.com/typedstate/typedstate/state/rt"
)

func TestMsgpackSession(t *testing.T) {
	in := fullSession()
	doc := sameAppend(t, sessionMsgpack, &in)
	var out packedSession
	require.NoError(t, sessionMsgpack.Decode(doc, &out))
	assert.Equal(t, in, out)
}

func TestMsgpackDecodesAsTheLibraryDoes(t *testing.T) {
	for _, doc := range packedDocuments(t) {
		samePackedDecode[packed](t, everyMsgpack, doc)
	}
}

func TestMsgpackEncodesAsTheLibraryDoes(t *testing.T) {
	for seed := range uint64(300) {
		v := someEvery(rand.New(rand.NewPCG(seed, 0)), 3)
		if doc := sameAppend(t, everyMsgpack, &v); doc != nil {
			samePackedDecode[packed](t, everyMsgpack, doc)
		}
	}
}

// shuffled returns a map of the fields in any order, some of them twice or unknown.
func shuffled(r *rand.Rand, fields ...string) []byte {
	fields = slices.Clone(fields)
	r.Shuffle(len(fields), func(i, j int) { fields[i], fields[j] = fields[j], fields[i] })
	fields = fields[:r.IntN(len(fields)+1)]
	if len(fields) > 0 && r.IntN(4) == 0 {
		fields = append(fields, fields[0])
	}
	head := []byte{0xde, 0, byte(len(fields))}
	if len(fields) < 16 {
		head = []byte{0x80 | byte(len(fields))}
	}
	return append(head, strings.Join(fields, "")...)
}

func TestMsgpackFieldsInAnyOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		packedAddress := string(shuffled(r, "\xa6street\xa1a", "\xa4city\xa1b", "\xa3zip\xa1c", "\xa5later\x81\xa1x\x93\x01\xc0\xa1y", "\xa6later2\xc0"))
		samePackedDecode[packedSession](t, sessionMsgpack, shuffled(r,
			"\xa6userId\xa1u", "\xa5email\xa0", "\xa6visits\x05", "\xa5score\xd0\x80", "\xa5admin\xc3", "\xa7balance\x01", "\xa4tags\x91\xa1a",
			"\xa6labels\x81\xa1a\xa1b", "\xa7address"+packedAddress, "\xa4note\xd9\x02ab", "\xa5later\x82\xa1x\x01\xa1y\x90", "\xa6later2"+packedAddress,
			"\xd9\x06cities\x01", "\xc4\x04note\xa0"))
	}
}

// packedWide has more fields than fit in one word of bits.
type packedWide struct {
	F000, F001, F002, F003, F004, F005, F006, F007, F008, F009, F010, F011, F012, F013, F014, F015, F016, F017, F018, F019 int8
	F020, F021, F022, F023, F024, F025, F026, F027, F028, F029, F030, F031, F032, F033, F034, F035, F036, F037, F038, F039 int8
	F040, F041, F042, F043, F044, F045, F046, F047, F048, F049, F050, F051, F052, F053, F054, F055, F056, F057, F058, F059 int8
	F060, F061, F062, F063, F064, F065, F066, F067, F068, F069, F070, F071, F072, F073, F074, F075, F076, F077, F078, F079 int8
	F080, F081, F082, F083, F084, F085, F086, F087, F088, F089, F090, F091, F092, F093, F094, F095, F096, F097, F098, F099 int8
	F100, F101, F102, F103, F104, F105, F106, F107, F108, F109, F110, F111, F112, F113, F114, F115, F116, F117, F118, F119 int8
	F120, F121, F122, F123, F124, F125, F126, F127, F128, F129, F130, F131, F132, F133, F134, F135, F136, F137, F138, F139 int8
	Down                                                                                                                   *packedWide
}

const packedWideFields = 141

func wideName(i int) string { return reflect.TypeFor[packedWide]().Field(i).Name }

var (
	wideNames = func() (names []string) {
		for i := range packedWideFields {
			names = append(names, wideName(i))
		}
		return names
	}()
	wideOf      = rt.FieldsOf(wideNames...)
	wideMsgpack = rt.Msgpack(wideToMsgpack, wideFromMsgpack)
)

func wideToMsgpack(e *rt.MsgpackEncoder, v *packedWide) {
	m := e.Open(packedWideFields)
	for i := range packedWideFields - 1 {
		e.Field("\xa4" + wideName(i)).Int(reflect.ValueOf(v).Elem().Field(i).Int())
	}
	rt.PointerToMsgpack(e.Field("\xa4Down"), v.Down, wideToMsgpack)
	e.Close(m)
}

func wideFromMsgpack(d *rt.MsgpackDecoder, v *packedWide) {
	for o := d.Object(wideOf); o.Next(d); {
		if o.Field == packedWideFields-1 {
			rt.PointerFromMsgpack(d, &v.Down, wideFromMsgpack)
			continue
		}
		d.Int8(reflect.ValueOf(v).Elem().Field(o.Field).Addr().Interface().(*int8))
	}
}

func TestMsgpackManyFields(t *testing.T) {
	v := packedWide{F000: 1, F063: 2, F064: 3, F139: 4, Down: &packedWide{F064: 5, F128: 6}}
	doc := sameAppend(t, wideMsgpack, &v)
	samePackedDecode[packedWide](t, wideMsgpack, doc)
	r := rand.New(rand.NewPCG(1, 2))
	var inner, outer []string
	for i := range 140 {
		inner = append(inner, fmt.Sprintf("\xa4%s%c", wideName(i), rune(i&0x7f)))
	}
	for range 200 {
		outer = append(slices.Clone(inner), "\xa4Down"+string(shuffled(r, inner...)))
		samePackedDecode[packedWide](t, wideMsgpack, shuffled(r, outer...))
	}
	slices.Sort(inner)
	for _, field := range inner {
		samePackedDecode[packedWide](t, wideMsgpack, []byte("\x83\xa4Down\xc0"+field+field))
		samePackedDecode[packedWide](t, wideMsgpack, []byte("\xde\x00\x8d"+strings.Join(inner, "")+field))
	}
}

func TestMsgpackDepth(t *testing.T) {
	down := func(n int, end string) []byte { return []byte(strings.Repeat("\x81\xa4next", n) + end) }
	for n := 122; n <= 130; n++ {
		samePackedDecode[packed](t, everyMsgpack, down(n, "\xc0"))
		samePackedDecode[packed](t, everyMsgpack, down(n, "\x80"))
		for m := range 6 {
			arrays := strings.Repeat("\x91", m) + "\x90"
			for _, field := range []string{"\xa3any", "\xa4grid", "\xa5later", "\xa3raw"} {
				samePackedDecode[packed](t, everyMsgpack, down(n, "\x81"+field+arrays))
			}
			samePackedDecode[packed](t, everyMsgpack, down(n, "\x81\xa6nested\x81\xa1a\x81\xa1b"+arrays))
		}
		var v *packed
		for range n {
			v = &packed{Next: v}
		}
		sameAppend(t, everyMsgpack, v)
		v.Any = strings.Split(strings.Repeat("x", n), "")
		sameAppend(t, everyMsgpack, v)
		bottom := v
		for bottom.Next != nil {
			bottom = bottom.Next
		}
		for m := range 6 {
			bottom.Raw = []byte(strings.Repeat("\x91", m) + "\x90")
			sameAppend(t, everyMsgpack, v)
		}
	}
	cycle := &packed{}
	cycle.Next = cycle
	sameAppend(t, everyMsgpack, cycle)
}

// packedSparse takes a byte of a document, if need be, and more than a hundred in memory.
type packedSparse struct {
	A, B, C, D, E, F, G, H string `json:",omitempty"`
}

type sparseList struct {
	List  []packedSparse         `json:"list"`
	Other []*[2]packedSparse     `json:"other"`
	ByInt map[int16]packedSparse `json:"byInt"`
}

var sparseMsgpack = rt.Msgpack(func(e *rt.MsgpackEncoder, v *sparseList) {
	one := func(e *rt.MsgpackEncoder, _ *packedSparse) { e.Close(e.Open(8)) }
	m := e.Open(3)
	rt.SliceToMsgpack(e.Field("\xa4list"), v.List, one)
	rt.SliceToMsgpack(e.Field("\xa5other"), v.Other, func(e *rt.MsgpackEncoder, v **[2]packedSparse) {
		rt.PointerToMsgpack(e, *v, func(e *rt.MsgpackEncoder, v *[2]packedSparse) { rt.ArrayToMsgpack(e, v[:], one) })
	})
	rt.IntMapToMsgpack(e.Field("\xa5byInt"), v.ByInt, one)
	e.Close(m)
}, func(d *rt.MsgpackDecoder, v *sparseList) {
	one := func(d *rt.MsgpackDecoder, _ *packedSparse) {
		for o := d.Object(largeFields); o.Next(d); {
			d.Library(new(int))
		}
	}
	for o := d.Object(packedSparseFields); o.Next(d); {
		switch o.Field {
		case 0:
			rt.SliceFromMsgpack(d, &v.List, one)
		case 1:
			rt.SliceFromMsgpack(d, &v.Other, func(d *rt.MsgpackDecoder, v **[2]packedSparse) {
				rt.PointerFromMsgpack(d, v, func(d *rt.MsgpackDecoder, v *[2]packedSparse) { rt.ArrayFromMsgpack(d, v[:], one) })
			})
		case 2:
			rt.IntMapFromMsgpack(d, &v.ByInt, one)
		}
	}
})

var packedSparseFields = rt.FieldsOf("list", "other", "byInt")

func TestMsgpackMemory(t *testing.T) {
	refused := func(v sparseList) bool {
		t.Helper()
		got, gotErr := sparseMsgpack.Append(nil, &v)
		want, wantErr := strict.AppendMsgpack(nil, &v)
		require.Equal(t, wantErr, gotErr)
		require.Equal(t, want, got)
		samePackedDecode[sparseList](t, sparseMsgpack, got)
		return wantErr != nil
	}
	for _, of := range []func(n int) sparseList{
		func(n int) sparseList { return sparseList{List: make([]packedSparse, n)} },
		func(n int) sparseList {
			v := sparseList{Other: make([]*[2]packedSparse, n)}
			for i := range v.Other {
				v.Other[i] = new([2]packedSparse)
			}
			return v
		},
		func(n int) sparseList {
			v := sparseList{ByInt: map[int16]packedSparse{}}
			for i := range n {
				v.ByInt[int16(i)] = packedSparse{}
			}
			return v
		},
	} {
		n := sort.Search(1<<15, func(n int) bool { return refused(of(n)) })
		assert.False(t, refused(of(n-1)))
		assert.Less(t, n*int(unsafe.Sizeof(packedSparse{})), 3<<20)
	}
	for n := 10000; n < 10200; n += 7 {
		doc := binary.BigEndian.AppendUint32([]byte("\x81\xa4list\xdd"), uint32(n))
		samePackedDecode[sparseList](t, sparseMsgpack, append(doc, bytes.Repeat([]byte{0xc0}, n)...))
	}
}

func TestMsgpackLeavesTheDocumentAlone(t *testing.T) {
	for _, text := range []string{"short", strings.Repeat("long", 2000)} {
		in := packed{Name: text, Blob: []byte("binary"), Raw: []byte("\xa3raw")}
		doc := sameAppend(t, everyMsgpack, &in)
		var out packed
		require.NoError(t, everyMsgpack.Decode(doc, &out))
		out.Blob[0], out.Raw[1] = 'X', 'X'
		assert.Contains(t, string(doc), "binary")
		assert.Contains(t, string(doc), "\xa3raw")
		if len(doc) > 4<<10 {
			copy(doc, bytes.Repeat([]byte{'X'}, len(doc)))
			assert.Equal(t, text, out.Name)
		}
	}
}

func TestMsgpackNeedsAPointer(t *testing.T) {
	for _, v := range []any{nil, packedTiny{}, (*packedTiny)(nil), new(packedSession)} {
		_, want := strict.AppendMsgpack(nil, v)
		_, got := tinyMsgpack.Append(nil, v)
		assert.Equal(t, want, got)
		assert.Equal(t, strict.DecodeMsgpack([]byte{0x80}, v), tinyMsgpack.Decode([]byte{0x80}, v))
	}
}

func TestMsgpackGivesBackTheLengthOfDst(t *testing.T) {
	v := packedTiny{ID: "\xff"}
	dst := make([]byte, 3, 100)
	out, err := tinyMsgpack.Append(dst, &v)
	require.Error(t, err)
	assert.Equal(t, dst, out)
}

func TestMsgpackStartsOverFromZero(t *testing.T) {
	// The generated codec reads the id and gives up on the array.
	var v struct{ packedSession }
	doc := []byte("\x82\xa6userId\xa1u\xa4cart\x91\x94\xa1s\xa1t\x01\x01")
	require.NoError(t, sessionMsgpack.Decode(doc, &v.packedSession))
	assert.Equal(t, packedSession{UserID: "u", Cart: []packedItem{{"s", "t", 1, 1}}}, v.packedSession)
	require.Error(t, sessionMsgpack.Decode([]byte("\x82\xa6userId\xa1u\xa4cart\xc3"), &v.packedSession))
	assert.Zero(t, v.packedSession)
}

func TestMsgpackAllocates(t *testing.T) {
	if raced {
		t.Skip("pools lose what they are given while races are looked for")
	}
	in := fullSession()
	buf := make([]byte, 0, 4<<10)
	assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = sessionMsgpack.Append(buf, &in) }))
	doc := sameAppend(t, sessionMsgpack, &in)
	assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { _ = sessionMsgpack.Decode(doc, new(packedSession)) }), 5.0)
}

// packedChain has a list that is not written and yet counts as one level.
type packedChain struct {
	Next *packedChain `json:"next"`
	List []int        `json:"list,omitempty"`
}

var chainMsgpack = rt.Msgpack(chainToMsgpack, nil)

func chainToMsgpack(e *rt.MsgpackEncoder, v *packedChain) {
	m := e.Open(2)
	rt.PointerToMsgpack(e.Field("\xa4next"), v.Next, chainToMsgpack)
	if len(v.List) > 0 {
		rt.SliceToMsgpack(e.Field("\xa4list"), v.List, func(e *rt.MsgpackEncoder, v *int) { e.Int(int64(*v)) })
	}
	e.Close(m)
}

func TestMsgpackDepthOfWhatIsNotWritten(t *testing.T) {
	for n := 125; n < 130; n++ {
		var v *packedChain
		for range n {
			v = &packedChain{Next: v}
		}
		sameAppend(t, chainMsgpack, v)
	}
}

// pointed has an encoder that a value without an address does not have.
type pointed struct{ text string }

func (p *pointed) EncodeMsgpack(e *msgpack.Encoder) error { return e.EncodeString(p.text) }

func (p *pointed) DecodeMsgpack(d *msgpack.Decoder) (err error) {
	p.text, err = d.DecodeString()
	return err
}

type pointedMap struct {
	M map[string]pointed
	L []pointed
}

func TestMsgpackLibraryInAMap(t *testing.T) {
	library := func(e *rt.MsgpackEncoder, v *pointed) { e.Library(v) }
	codec := rt.Msgpack(func(e *rt.MsgpackEncoder, v *pointedMap) {
		m := e.Open(2)
		rt.MapToMsgpack(e.Field("\xa1M"), v.M, library)
		rt.SliceToMsgpack(e.Field("\xa1L"), v.L, library)
		e.Close(m)
	}, nil)
	assert.NotNil(t, sameAppend(t, codec, &pointedMap{L: []pointed{{"a"}}}))
	assert.Nil(t, sameAppend(t, codec, &pointedMap{M: map[string]pointed{"a": {"a"}}}))
}

func TestMsgpackEdgesOfNumbers(t *testing.T) {
	var v packed
	for shift := range 65 {
		for _, n := range []uint64{1<<shift - 1, 1 << shift, -(1 << shift), -(1 << shift) - 1} {
			v.I, v.I64, v.U, v.U64 = int(n), int64(n), uint(n), n
			v.F32, v.F64 = math.Float32frombits(uint32(n)), math.Float64frombits(n)
			v.At = time.Unix(int64(n)>>1, int64(shift%2))
			v.ByU64 = map[uint64]time.Time{n: v.At, n + 1: v.At}
			v.ByInt = map[int]string{int(n): "", int(n) + 1: "a"}
			samePackedDecode[packed](t, everyMsgpack, sameAppend(t, everyMsgpack, &v))
		}
	}
	v.F32 = math.Float32frombits(0x7f800001)
	sameAppend(t, everyMsgpack, &v)
	v.F32 = 0
	v.Any = map[string]int{"f": 1, "b": 2, "d": 3, "e": 4, "c": 5, "a": 6, "h": 7, "g": 8}
	sameAppend(t, everyMsgpack, &v)
}

func TestMsgpackInParallel(t *testing.T) {
	var group sync.WaitGroup
	for seed := range uint64(8) {
		group.Go(func() {
			r := rand.New(rand.NewPCG(seed, 3))
			for range 100 {
				in := someEvery(r, 2)
				in.Addrs = map[string]netip.Addr{in.Name: netip.IPv6Unspecified()}
				doc, err := everyMsgpack.Append(nil, &in)
				if err != nil {
					continue
				}
				var out, want packed
				assert.NoError(t, everyMsgpack.Decode(doc, &out))
				assert.NoError(t, strict.DecodeMsgpack(doc, &want))
				assert.Empty(t, different(reflect.ValueOf(want), reflect.ValueOf(out), ""))
			}
		})
	}
	group.Wait()
}

func TestMsgpackInvalidUTF8(t *testing.T) {
	for n := range 80 {
		for at := range n {
			text := []byte(strings.Repeat("x", n))
			text[at] = 0xff
			v := packed{Name: string(text)}
			assert.Nil(t, sameAppend(t, everyMsgpack, &v))
			assert.Nil(t, sameAppend(t, everyMsgpack, &packed{ByName: map[string]part{v.Name: {}}}))
			for _, field := range []string{"\xa4name", "\xa4blob", "\xa5later", "\xa6byName\x81", "\xa5later\x81"} {
				doc := append([]byte("\x81"+field+"\xd9"), byte(n))
				samePackedDecode[packed](t, everyMsgpack, append(append(doc, text...), 0xc0)[:len(doc)+n+len(field)/7])
				if n < 32 {
					doc = append([]byte("\x81"+field), 0xa0|byte(n))
					samePackedDecode[packed](t, everyMsgpack, append(append(doc, text...), 0xc0)[:len(doc)+n+len(field)/7])
				}
			}
		}
	}
}

func TestMsgpackMemoryOfTheLibrary(t *testing.T) {
	large := "\xa5large\xdd\x00\x00\x12\x00" + strings.Repeat("\xc0", 0x1200)
	boxed := "\xa3any\xdd\x00\x00\x30\x00" + strings.Repeat("\x80", 0x3000)
	for _, doc := range []string{"\x81" + large, "\x81" + boxed, "\x82" + large + boxed, "\x82" + boxed + large} {
		samePackedDecode[targets](t, targetsMsgpack, []byte(doc))
	}
	assert.NoError(t, strict.DecodeMsgpack([]byte("\x81"+boxed), new(targets)))
	assert.ErrorContains(t, strict.DecodeMsgpack([]byte("\x82"+large+boxed), new(targets)), "memory")
}

// likeNamed has names that are alike in most of their bits, and of every length that
// is compared by words.
type likeNamed struct {
	List  string `json:"list,omitempty"`
	Last  string `json:"last,omitempty"`
	Short string `json:"dated,omitempty"`
	Long  string `json:"datedLongTime,omitempty"`
}

var likeNamedFields = rt.FieldsOf("list", "last", "dated", "datedLongTime")

var likeNamedMsgpack = rt.Msgpack(func(e *rt.MsgpackEncoder, v *likeNamed) {
	m := e.Open(4)
	if v.List != "" {
		e.Field("\xa4list").String(v.List)
	}
	if v.Last != "" {
		e.Field("\xa4last").String(v.Last)
	}
	if v.Short != "" {
		e.Field("\xa5dated").String(v.Short)
	}
	if v.Long != "" {
		e.Field("\xaddatedLongTime").String(v.Long)
	}
	e.Close(m)
}, func(d *rt.MsgpackDecoder, v *likeNamed) {
	for o := d.Object(likeNamedFields); o.Next(d); {
		switch o.Field {
		case 0:
			d.String(&v.List)
		case 1:
			d.String(&v.Last)
		case 2:
			d.String(&v.Short)
		case 3:
			d.String(&v.Long)
		}
	}
})

func TestMsgpackNamesThatAreAlike(t *testing.T) {
	t.Parallel()
	samePackedDecode[likeNamed](t, likeNamedMsgpack, []byte("\x81\xa4last\xa1x"))
	for _, names := range [][]string{{"list"}, {"list", "last"}, {"list", "last", "dated"}, {"list", "last", "dated", "datedLongTime"}} {
		for i := range names[len(names)-1] {
			for bit := range 8 {
				doc := []byte{0x80 | byte(len(names))}
				for n, name := range names {
					changed := []byte(name)
					if n == len(names)-1 {
						changed[i] ^= 1 << bit
					}
					doc = append(append(append(doc, 0xa0|byte(len(changed))), changed...), 0xa1, 'x')
				}
				samePackedDecode[likeNamed](t, likeNamedMsgpack, doc)
			}
		}
	}
}
