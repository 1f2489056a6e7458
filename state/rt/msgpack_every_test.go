package rt_test

import (
	"net/netip"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/typedstate/typedstate/state/rt"
)

// every has a field of each kind that generated codecs know.
type every struct {
	head
	Name    string                    `json:"name"`
	Word    word                      `json:"word,omitempty"`
	On      bool                      `json:"on"`
	I       int                       `json:"i"`
	I8      int8                      `json:"i8"`
	I16     int16                     `json:"i16"`
	I32     int32                     `json:"i32"`
	I64     int64                     `json:"i64"`
	U       uint                      `json:"u"`
	U8      uint8                     `json:"u8"`
	U16     uint16                    `json:"u16"`
	U32     uint32                    `json:"u32"`
	U64     uint64                    `json:"u64"`
	F32     float32                   `json:"f32"`
	F64     float64                   `json:"f64"`
	Blob    []byte                    `json:"blob"`
	At      time.Time                 `json:"at"`
	Parts   []part                    `json:"parts"`
	Words   []word                    `json:"words,omitempty"`
	Grid    [][]int16                 `json:"grid"`
	Times   []time.Time               `json:"times"`
	Trio    [3]part                   `json:"trio"`
	Part    part                      `json:"part"`
	Ptr     *part                     `json:"ptr,omitempty"`
	Deep    **int                     `json:"deep"`
	When    *time.Time                `json:"when"`
	List    *[]string                 `json:"list"`
	ByName  map[string]part           `json:"byName"`
	Counts  map[word]int              `json:"counts"`
	Nested  map[string]map[string]int `json:"nested"`
	ByInt   map[int]string            `json:"byInt"`
	ByI8    map[int8][]string         `json:"byI8"`
	ByU8    map[uint8]bool            `json:"byU8"`
	ByU64   map[uint64]time.Time      `json:"byU64"`
	Next    *every                    `json:"next"`
	Hash    [4]byte                   `json:"hash"`
	Raw     msgpack.RawMessage        `json:"raw"`
	Any     any                       `json:"any"`
	Addr    netip.Addr                `json:"addr"`
	Addrs   map[string]netip.Addr     `json:"addrs"`
	Renamed int                       `json:"wire" msgpack:"tag,alias:old"`
}

type head struct {
	ID string `json:"id"`
}

type word string

type part struct {
	SKU   string  `json:"sku"`
	Count int32   `json:"count"`
	Price float64 `json:"price,omitempty"`
}

var everyMsgpack = rt.Msgpack(everyToMsgpack, everyFromMsgpack)

func everyToMsgpack(e *rt.MsgpackEncoder, v *every) {
	m := e.Open(42)
	e.Field("\xa2id").String(v.ID)
	e.Field("\xa4name").String(v.Name)
	if v.Word != "" {
		e.Field("\xa4word").String(string(v.Word))
	}
	e.Field("\xa2on").Bool(v.On)
	e.Field("\xa1i").Int(int64(v.I))
	e.Field("\xa2i8").Int(int64(v.I8))
	e.Field("\xa3i16").Int(int64(v.I16))
	e.Field("\xa3i32").Int(int64(v.I32))
	e.Field("\xa3i64").Int(v.I64)
	e.Field("\xa1u").Uint(uint64(v.U))
	e.Field("\xa2u8").Uint(uint64(v.U8))
	e.Field("\xa3u16").Uint(uint64(v.U16))
	e.Field("\xa3u32").Uint(uint64(v.U32))
	e.Field("\xa3u64").Uint(v.U64)
	e.Field("\xa3f32").Float32(v.F32)
	e.Field("\xa3f64").Float64(v.F64)
	e.Field("\xa4blob").Bytes(v.Blob)
	e.Field("\xa2at").Time(v.At)
	rt.SliceToMsgpack(e.Field("\xa5parts"), v.Parts, partToMsgpack)
	if len(v.Words) > 0 {
		rt.SliceToMsgpack(e.Field("\xa5words"), v.Words, func(e *rt.MsgpackEncoder, v *word) { e.String(string(*v)) })
	}
	rt.SliceToMsgpack(e.Field("\xa4grid"), v.Grid, func(e *rt.MsgpackEncoder, v *[]int16) {
		rt.SliceToMsgpack(e, *v, func(e *rt.MsgpackEncoder, v *int16) { e.Int(int64(*v)) })
	})
	rt.SliceToMsgpack(e.Field("\xa5times"), v.Times, timeToMsgpack)
	rt.ArrayToMsgpack(e.Field("\xa4trio"), v.Trio[:], partToMsgpack)
	partToMsgpack(e.Field("\xa4part"), &v.Part)
	if v.Ptr != nil {
		rt.PointerToMsgpack(e.Field("\xa3ptr"), v.Ptr, partToMsgpack)
	}
	rt.PointerToMsgpack(e.Field("\xa4deep"), v.Deep, func(e *rt.MsgpackEncoder, v **int) {
		rt.PointerToMsgpack(e, *v, func(e *rt.MsgpackEncoder, v *int) { e.Int(int64(*v)) })
	})
	rt.PointerToMsgpack(e.Field("\xa4when"), v.When, timeToMsgpack)
	rt.PointerToMsgpack(e.Field("\xa4list"), v.List, stringsToMsgpack)
	rt.MapToMsgpack(e.Field("\xa6byName"), v.ByName, partToMsgpack)
	rt.MapToMsgpack(e.Field("\xa6counts"), v.Counts, func(e *rt.MsgpackEncoder, v *int) { e.Int(int64(*v)) })
	rt.MapToMsgpack(e.Field("\xa6nested"), v.Nested, func(e *rt.MsgpackEncoder, v *map[string]int) {
		rt.MapToMsgpack(e, *v, func(e *rt.MsgpackEncoder, v *int) { e.Int(int64(*v)) })
	})
	rt.IntMapToMsgpack(e.Field("\xa5byInt"), v.ByInt, func(e *rt.MsgpackEncoder, v *string) { e.String(*v) })
	rt.IntMapToMsgpack(e.Field("\xa4byI8"), v.ByI8, stringsToMsgpack)
	rt.IntMapToMsgpack(e.Field("\xa4byU8"), v.ByU8, func(e *rt.MsgpackEncoder, v *bool) { e.Bool(*v) })
	rt.IntMapToMsgpack(e.Field("\xa5byU64"), v.ByU64, timeToMsgpack)
	rt.PointerToMsgpack(e.Field("\xa4next"), v.Next, everyToMsgpack)
	e.Field("\xa4hash").Library(&v.Hash)
	e.Field("\xa3raw").Library(&v.Raw)
	e.Field("\xa3any").Library(&v.Any)
	e.Field("\xa4addr").Library(&v.Addr)
	rt.MapToMsgpack(e.Field("\xa5addrs"), v.Addrs, func(e *rt.MsgpackEncoder, v *netip.Addr) { e.Library(v) })
	e.Field("\xa3tag").Int(int64(v.Renamed))
	e.Close(m)
}

func timeToMsgpack(e *rt.MsgpackEncoder, v *time.Time) { e.Time(*v) }

func stringsToMsgpack(e *rt.MsgpackEncoder, v *[]string) {
	rt.SliceToMsgpack(e, *v, func(e *rt.MsgpackEncoder, v *string) { e.String(*v) })
}

func partToMsgpack(e *rt.MsgpackEncoder, v *part) {
	m := e.Open(3)
	e.Field("\xa3sku").String(v.SKU)
	e.Field("\xa5count").Int(int64(v.Count))
	if v.Price != 0 {
		e.Field("\xa5price").Float64(v.Price)
	}
	e.Close(m)
}

var (
	everyFields = rt.FieldsOf("id", "name", "word", "on", "i", "i8", "i16", "i32", "i64", "u", "u8", "u16", "u32", "u64", "f32",
		"f64", "blob", "at", "parts", "words", "grid", "times", "trio", "part", "ptr", "deep", "when", "list", "byName", "counts",
		"nested", "byInt", "byI8", "byU8", "byU64", "next", "hash", "raw", "any", "addr", "addrs", "tag").Others("head", "old")
	partFields = rt.FieldsOf("sku", "count", "price")
)

func everyFromMsgpack(d *rt.MsgpackDecoder, v *every) {
	for o := d.Object(everyFields); o.Next(d); {
		switch o.Field {
		case 0:
			d.String(&v.ID)
		case 1:
			d.String(&v.Name)
		case 2:
			d.String((*string)(&v.Word))
		case 3:
			d.Bool(&v.On)
		case 4:
			d.Int(&v.I)
		case 5:
			d.Int8(&v.I8)
		case 6:
			d.Int16(&v.I16)
		case 7:
			d.Int32(&v.I32)
		case 8:
			d.Int64(&v.I64)
		case 9:
			d.Uint(&v.U)
		case 10:
			d.Uint8(&v.U8)
		case 11:
			d.Uint16(&v.U16)
		case 12:
			d.Uint32(&v.U32)
		case 13:
			d.Uint64(&v.U64)
		case 14:
			d.Float32(&v.F32)
		case 15:
			d.Float64(&v.F64)
		case 16:
			d.Bytes(&v.Blob)
		case 17:
			d.Time(&v.At)
		case 18:
			rt.SliceFromMsgpack(d, &v.Parts, partFromMsgpack)
		case 19:
			rt.SliceFromMsgpack(d, &v.Words, func(d *rt.MsgpackDecoder, v *word) { d.String((*string)(v)) })
		case 20:
			rt.SliceFromMsgpack(d, &v.Grid, func(d *rt.MsgpackDecoder, v *[]int16) {
				rt.SliceFromMsgpack(d, v, (*rt.MsgpackDecoder).Int16)
			})
		case 21:
			rt.SliceFromMsgpack(d, &v.Times, (*rt.MsgpackDecoder).Time)
		case 22:
			rt.ArrayFromMsgpack(d, v.Trio[:], partFromMsgpack)
		case 23:
			partFromMsgpack(d, &v.Part)
		case 24:
			rt.PointerFromMsgpack(d, &v.Ptr, partFromMsgpack)
		case 25:
			rt.PointerFromMsgpack(d, &v.Deep, func(d *rt.MsgpackDecoder, v **int) {
				rt.PointerFromMsgpack(d, v, (*rt.MsgpackDecoder).Int)
			})
		case 26:
			rt.PointerFromMsgpack(d, &v.When, (*rt.MsgpackDecoder).Time)
		case 27:
			rt.PointerFromMsgpack(d, &v.List, stringsFromMsgpack)
		case 28:
			rt.MapFromMsgpack(d, &v.ByName, partFromMsgpack)
		case 29:
			rt.MapFromMsgpack(d, &v.Counts, (*rt.MsgpackDecoder).Int)
		case 30:
			rt.MapFromMsgpack(d, &v.Nested, func(d *rt.MsgpackDecoder, v *map[string]int) {
				rt.MapFromMsgpack(d, v, (*rt.MsgpackDecoder).Int)
			})
		case 31:
			rt.IntMapFromMsgpack(d, &v.ByInt, (*rt.MsgpackDecoder).String)
		case 32:
			rt.IntMapFromMsgpack(d, &v.ByI8, stringsFromMsgpack)
		case 33:
			rt.IntMapFromMsgpack(d, &v.ByU8, (*rt.MsgpackDecoder).Bool)
		case 34:
			rt.IntMapFromMsgpack(d, &v.ByU64, (*rt.MsgpackDecoder).Time)
		case 35:
			rt.PointerFromMsgpack(d, &v.Next, everyFromMsgpack)
		case 36:
			d.Library(&v.Hash)
		case 37:
			d.Library(&v.Raw)
		case 38:
			d.Library(&v.Any)
		case 39:
			d.Library(&v.Addr)
		case 40:
			rt.MapFromMsgpack(d, &v.Addrs, func(d *rt.MsgpackDecoder, v *netip.Addr) { d.Library(v) })
		case 41:
			d.Int(&v.Renamed)
		}
	}
}

func stringsFromMsgpack(d *rt.MsgpackDecoder, v *[]string) {
	rt.SliceFromMsgpack(d, v, (*rt.MsgpackDecoder).String)
}

func partFromMsgpack(d *rt.MsgpackDecoder, v *part) {
	for o := d.Object(partFields); o.Next(d); {
		switch o.Field {
		case 0:
			d.String(&v.SKU)
		case 1:
			d.Int32(&v.Count)
		case 2:
			d.Float64(&v.Price)
		}
	}
}
