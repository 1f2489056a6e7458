package rt_test

import (
	"encoding/json"
	"math/big"
	"time"

	"github.com/typedstate/typedstate/state/rt"
)

type (
	label string
	shelf uint16
)

// every has a field of each primitive and container. Its codec has the form of a
// generated one.
type every struct {
	S    string   `json:"s"`
	B    bool     `json:"b"`
	I    int      `json:"i"`
	I8   int8     `json:"i8"`
	I16  int16    `json:"i16"`
	I32  int32    `json:"i32"`
	I64  int64    `json:"i64"`
	U    uint     `json:"u"`
	U8   uint8    `json:"u8"`
	U16  shelf    `json:"u16"`
	U32  uint32   `json:"u32"`
	U64  uint64   `json:"u64"`
	F32  float32  `json:"f32"`
	F64  float64  `json:"f64"`
	Data []byte   `json:"data"`
	At   stamp    `json:"at"`
	QS   string   `json:"qs,string"`
	QB   bool     `json:"qb,string"`
	QI   int64    `json:"qi,string"`
	QI8  int8     `json:"qi8,string"`
	QU   uint64   `json:"qu,string"`
	QF   float64  `json:"qf,string"`
	QF32 float32  `json:"qf32,string"`
	List []row    `json:"list,omitempty"`
	Two  [2]row   `json:"two"`
	Grid [][2]int `json:"grid"`

	ByName  map[label]row       `json:"byName"`
	ByID    map[int8]string     `json:"byId"`
	ByShelf map[shelf][]float32 `json:"byShelf"`
	Deep    map[string]map[string]string

	Next *every          `json:"next"`
	Nums []*int          `json:"nums"`
	Raw  json.RawMessage `json:"raw"`
	Big  big.Int         `json:"big"`
	Lib  []library       `json:"lib"`
	Kiel string          `json:"Kiel"`

	QP     *int64 `json:"qp,string"`
	ByList map[string][]row
	ByPtr  map[string]*row
}

type stamp = time.Time

type row struct {
	Name label   `json:"name"`
	Sum  big.Int `json:"sum"`
	N    uint32  `json:"n"`
}

type library struct {
	Pair  [2]int         `json:"pair"`
	Names map[string]any `json:"names"`
}

func rowToJSON(e *rt.JSONEncoder, v *row) {
	e.Open()
	e.Field(`"name":`).String(string(v.Name))
	e.Field(`"sum":`).Library(&v.Sum)
	e.Field(`"n":`).Uint(uint64(v.N))
	e.Close()
}

var rowFields = rt.FieldsOf("name", "sum", "n")

func rowFromJSON(d *rt.JSONDecoder, v *row) {
	for o := d.Object(rowFields); o.Next(d); {
		switch o.Field {
		case 0:
			d.String((*string)(&v.Name))
		case 1:
			d.Library(&v.Sum)
		case 2:
			d.Uint32(&v.N)
		}
	}
}

func everyToJSON(e *rt.JSONEncoder, v *every) {
	e.Open()
	e.Field(`"s":`).String(v.S)
	e.Field(`"b":`).Bool(v.B)
	e.Field(`"i":`).Int(int64(v.I))
	e.Field(`"i8":`).Int(int64(v.I8))
	e.Field(`"i16":`).Int(int64(v.I16))
	e.Field(`"i32":`).Int(int64(v.I32))
	e.Field(`"i64":`).Int(v.I64)
	e.Field(`"u":`).Uint(uint64(v.U))
	e.Field(`"u8":`).Uint(uint64(v.U8))
	e.Field(`"u16":`).Uint(uint64(v.U16))
	e.Field(`"u32":`).Uint(uint64(v.U32))
	e.Field(`"u64":`).Uint(v.U64)
	e.Field(`"f32":`).Float32(v.F32)
	e.Field(`"f64":`).Float64(v.F64)
	e.Field(`"data":`).Bytes(v.Data)
	e.Field(`"at":`).Time(v.At)
	e.Field(`"qs":`).Quoted().String(v.QS)
	e.Field(`"qb":`).Quoted().Bool(v.QB)
	e.Field(`"qi":`).Quoted().Int(v.QI)
	e.Field(`"qi8":`).Quoted().Int(int64(v.QI8))
	e.Field(`"qu":`).Quoted().Uint(v.QU)
	e.Field(`"qf":`).Quoted().Float64(v.QF)
	e.Field(`"qf32":`).Quoted().Float32(v.QF32)
	if len(v.List) > 0 {
		e.Field(`"list":`)
		rt.SliceToJSON(e, v.List, rowToJSON)
	}
	e.Field(`"two":`)
	rt.ArrayToJSON(e, v.Two[:], rowToJSON)
	e.Field(`"grid":`)
	rt.SliceToJSON(e, v.Grid, func(e *rt.JSONEncoder, v *[2]int) {
		rt.ArrayToJSON(e, v[:], func(e *rt.JSONEncoder, v *int) { e.Int(int64(*v)) })
	})
	e.Field(`"byName":`)
	rt.MapToJSON(e, v.ByName, rowToJSON)
	e.Field(`"byId":`)
	rt.IntMapToJSON(e, v.ByID, stringToJSON)
	e.Field(`"byShelf":`)
	rt.IntMapToJSON(e, v.ByShelf, func(e *rt.JSONEncoder, v *[]float32) {
		rt.SliceToJSON(e, *v, func(e *rt.JSONEncoder, v *float32) { e.Float32(*v) })
	})
	e.Field(`"Deep":`)
	rt.MapToJSON(e, v.Deep, func(e *rt.JSONEncoder, v *map[string]string) {
		rt.MapToJSON(e, *v, stringToJSON)
	})
	e.Field(`"next":`)
	rt.PointerToJSON(e, v.Next, everyToJSON)
	e.Field(`"nums":`)
	rt.SliceToJSON(e, v.Nums, func(e *rt.JSONEncoder, v **int) {
		rt.PointerToJSON(e, *v, func(e *rt.JSONEncoder, v *int) { e.Int(int64(*v)) })
	})
	e.Field(`"raw":`).Library(&v.Raw)
	e.Field(`"big":`).Library(&v.Big)
	e.Field(`"lib":`)
	rt.SliceToJSON(e, v.Lib, func(e *rt.JSONEncoder, v *library) { e.Library(v) })
	e.Field(`"Kiel":`).String(v.Kiel)
	e.Field(`"qp":`)
	rt.PointerToJSON(e, v.QP, func(e *rt.JSONEncoder, v *int64) { e.Quoted().Int(*v) })
	e.Field(`"ByList":`)
	rt.MapToJSON(e, v.ByList, func(e *rt.JSONEncoder, v *[]row) { rt.SliceToJSON(e, *v, rowToJSON) })
	e.Field(`"ByPtr":`)
	rt.MapToJSON(e, v.ByPtr, func(e *rt.JSONEncoder, v **row) { rt.PointerToJSON(e, *v, rowToJSON) })
	e.Close()
}

var everyFields = rt.FieldsOf(
	"s", "b", "i", "i8", "i16", "i32", "i64", "u", "u8", "u16", "u32", "u64", "f32", "f64", "data", "at",
	"qs", "qb", "qi", "qi8", "qu", "qf", "qf32", "list", "two", "grid", "byName", "byId", "byShelf", "Deep",
	"next", "nums", "raw", "big", "lib", "Kiel", "qp", "ByList", "ByPtr",
)

func everyFromJSON(d *rt.JSONDecoder, v *every) {
	for o := d.Object(everyFields); o.Next(d); {
		switch o.Field {
		case 0:
			d.String(&v.S)
		case 1:
			d.Bool(&v.B)
		case 2:
			d.Int(&v.I)
		case 3:
			d.Int8(&v.I8)
		case 4:
			d.Int16(&v.I16)
		case 5:
			d.Int32(&v.I32)
		case 6:
			d.Int64(&v.I64)
		case 7:
			d.Uint(&v.U)
		case 8:
			d.Uint8(&v.U8)
		case 9:
			d.Uint16((*uint16)(&v.U16))
		case 10:
			d.Uint32(&v.U32)
		case 11:
			d.Uint64(&v.U64)
		case 12:
			d.Float32(&v.F32)
		case 13:
			d.Float64(&v.F64)
		case 14:
			d.Bytes(&v.Data)
		case 15:
			d.Time(&v.At)
		case 16:
			d.Quoted().String(&v.QS)
		case 17:
			d.Quoted().Bool(&v.QB)
		case 18:
			d.Quoted().Int64(&v.QI)
		case 19:
			d.Quoted().Int8(&v.QI8)
		case 20:
			d.Quoted().Uint64(&v.QU)
		case 21:
			d.Quoted().Float64(&v.QF)
		case 22:
			d.Quoted().Float32(&v.QF32)
		case 23:
			rt.SliceFromJSON(d, &v.List, rowFromJSON)
		case 24:
			rt.ArrayFromJSON(d, v.Two[:], rowFromJSON)
		case 25:
			rt.SliceFromJSON(d, &v.Grid, func(d *rt.JSONDecoder, v *[2]int) {
				rt.ArrayFromJSON(d, v[:], (*rt.JSONDecoder).Int)
			})
		case 26:
			rt.MapFromJSON(d, &v.ByName, rowFromJSON)
		case 27:
			rt.IntMapFromJSON(d, &v.ByID, (*rt.JSONDecoder).String)
		case 28:
			rt.IntMapFromJSON(d, &v.ByShelf, func(d *rt.JSONDecoder, v *[]float32) {
				rt.SliceFromJSON(d, v, (*rt.JSONDecoder).Float32)
			})
		case 29:
			rt.MapFromJSON(d, &v.Deep, func(d *rt.JSONDecoder, v *map[string]string) {
				rt.MapFromJSON(d, v, (*rt.JSONDecoder).String)
			})
		case 30:
			rt.PointerFromJSON(d, &v.Next, everyFromJSON)
		case 31:
			rt.SliceFromJSON(d, &v.Nums, func(d *rt.JSONDecoder, v **int) {
				rt.PointerFromJSON(d, v, (*rt.JSONDecoder).Int)
			})
		case 32:
			d.Library(&v.Raw)
		case 33:
			d.Library(&v.Big)
		case 34:
			rt.SliceFromJSON(d, &v.Lib, func(d *rt.JSONDecoder, v *library) { d.Library(v) })
		case 35:
			d.String(&v.Kiel)
		case 36:
			rt.PointerFromJSON(d, &v.QP, func(d *rt.JSONDecoder, v *int64) { d.Quoted().Int64(v) })
		case 37:
			rt.MapFromJSON(d, &v.ByList, func(d *rt.JSONDecoder, v *[]row) { rt.SliceFromJSON(d, v, rowFromJSON) })
		case 38:
			rt.MapFromJSON(d, &v.ByPtr, func(d *rt.JSONDecoder, v **row) { rt.PointerFromJSON(d, v, rowFromJSON) })
		}
	}
}

var everyCodec = rt.JSON(everyToJSON, everyFromJSON)
