package rt_test

import (
	"errors"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/internal/strict"
	"github.com/typedstate/typedstate/state/rt"
)

type wide struct {
	A, B, C, D, E, F, G, H [8]uint64
}

type bombs struct {
	Wide     []wide           `json:"wide"`
	Grid     [][1000]int      `json:"grid"`
	Behind   []*wide          `json:"behind"`
	ByName   map[string]wide  `json:"byName"`
	ByID     map[int]wide     `json:"byId"`
	Slices   [][]wide         `json:"slices"`
	Maps     []map[string]int `json:"maps"`
	Cells    []cell           `json:"cells"`
	Texts    []string         `json:"texts"`
	Number   float64          `json:"number"`
	Int      int              `json:"int"`
	Next     *bombs           `json:"next"`
	Lists    lists            `json:"lists"`
	Library  []wide           `json:"library"`
	Bytes    []byte           `json:"bytes"`
	Pointers []*int           `json:"pointers"`
	Holders  []holder         `json:"holders"`
	PtrMap   map[string]*wide `json:"ptrMap"`
}

type (
	cell  struct{ A, B, C, D int64 }
	lists []lists

	holder struct{ W *wide }
)

func wideFromJSON(d *rt.JSONDecoder, v *wide) {
	for o := d.Object(wideFields); o.Next(d); {
		rt.ArrayFromJSON(d, [...]*[8]uint64{&v.A, &v.B, &v.C, &v.D, &v.E, &v.F, &v.G, &v.H}[o.Field][:], (*rt.JSONDecoder).Uint64)
	}
}

var wideFields = rt.FieldsOf("A", "B", "C", "D", "E", "F", "G", "H")

func cellFromJSON(d *rt.JSONDecoder, v *cell) {
	for o := d.Object(cellFields); o.Next(d); {
		d.Int64([...]*int64{&v.A, &v.B, &v.C, &v.D}[o.Field])
	}
}

var cellFields = rt.FieldsOf("A", "B", "C", "D")

var holderFields = rt.FieldsOf("W")

func holderFromJSON(d *rt.JSONDecoder, v *holder) {
	for o := d.Object(holderFields); o.Next(d); {
		rt.PointerFromJSON(d, &v.W, wideFromJSON)
	}
}

func listsFromJSON(d *rt.JSONDecoder, v *lists) { rt.SliceFromJSON(d, v, listsFromJSON) }

var bombFields = rt.FieldsOf(
	"wide", "grid", "behind", "byName", "byId", "slices", "maps", "cells", "texts", "number", "int", "next", "lists", "library", "bytes", "pointers", "holders", "ptrMap",
)

func bombsFromJSON(d *rt.JSONDecoder, v *bombs) {
	for o := d.Object(bombFields); o.Next(d); {
		switch o.Field {
		case 0:
			rt.SliceFromJSON(d, &v.Wide, wideFromJSON)
		case 1:
			rt.SliceFromJSON(d, &v.Grid, func(d *rt.JSONDecoder, v *[1000]int) { rt.ArrayFromJSON(d, v[:], (*rt.JSONDecoder).Int) })
		case 2:
			rt.SliceFromJSON(d, &v.Behind, func(d *rt.JSONDecoder, v **wide) { rt.PointerFromJSON(d, v, wideFromJSON) })
		case 3:
			rt.MapFromJSON(d, &v.ByName, wideFromJSON)
		case 4:
			rt.IntMapFromJSON(d, &v.ByID, wideFromJSON)
		case 5:
			rt.SliceFromJSON(d, &v.Slices, func(d *rt.JSONDecoder, v *[]wide) { rt.SliceFromJSON(d, v, wideFromJSON) })
		case 6:
			rt.SliceFromJSON(d, &v.Maps, func(d *rt.JSONDecoder, v *map[string]int) { rt.MapFromJSON(d, v, (*rt.JSONDecoder).Int) })
		case 7:
			rt.SliceFromJSON(d, &v.Cells, cellFromJSON)
		case 8:
			rt.SliceFromJSON(d, &v.Texts, (*rt.JSONDecoder).String)
		case 9:
			d.Float64(&v.Number)
		case 10:
			d.Int(&v.Int)
		case 11:
			rt.PointerFromJSON(d, &v.Next, bombsFromJSON)
		case 12:
			listsFromJSON(d, &v.Lists)
		case 13:
			d.Library(&v.Library)
		case 14:
			d.Bytes(&v.Bytes)
		case 15:
			rt.SliceFromJSON(d, &v.Pointers, func(d *rt.JSONDecoder, v **int) { rt.PointerFromJSON(d, v, (*rt.JSONDecoder).Int) })
		case 16:
			rt.SliceFromJSON(d, &v.Holders, holderFromJSON)
		case 17:
			rt.MapFromJSON(d, &v.PtrMap, func(d *rt.JSONDecoder, v **wide) { rt.PointerFromJSON(d, v, wideFromJSON) })
		}
	}
}

var bombCodec = rt.JSON(func(e *rt.JSONEncoder, _ *bombs) { e.Bool(false) }, bombsFromJSON)

// explosion is what a document must not do: take long or allocate much.
func explosion(t *testing.T, decode func(data []byte, v any) error, doc []byte, limit time.Duration) error {
	t.Helper()
	var err error
	took := time.Hour
	// The machine may be busy; the document is not to blame for that.
	for try := range 20 {
		time.Sleep(time.Duration(try) * 5 * time.Millisecond)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		err = decode(doc, new(bombs))
		took = min(took, time.Since(start))
		runtime.ReadMemStats(&after)
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(32<<20))
		if took < limit {
			break
		}
	}
	assert.Less(t, took, limit)
	return err
}

func TestJSONBombs(t *testing.T) {
	if raced {
		t.Skip("one goroutine, and much to count")
	}
	const size = 1 << 20
	fill := func(open, one, end string) []byte {
		n := (size - len(open) - len(end)) / (len(one) + 1)
		return []byte(open + strings.Repeat(one+",", n-1) + one + end)
	}
	keys := func(open, value, end string, key func(i int) string) []byte {
		var doc strings.Builder
		doc.WriteString(open)
		for i := 0; doc.Len() < size-100; i++ {
			if i > 0 {
				doc.WriteByte(',')
			}
			doc.WriteString(`"` + key(i) + `":` + value)
		}
		return []byte(doc.String() + end)
	}
	base36 := func(i int) string { return strconv.FormatInt(int64(i), 36) }
	const memory = "takes too much memory for its length"
	tests := []struct {
		name   string
		doc    []byte
		reason string
		path   string
	}{
		{"structs", fill(`{"wide":[`, `{}`, `]}`), memory, "wide[26623]"},
		{"null structs", fill(`{"wide":[`, `null`, `]}`), memory, "wide[26623]"},
		{"arrays", fill(`{"grid":[`, `[]`, `]}`), memory, "grid[1703]"},
		{"pointees", fill(`{"behind":[`, `{}`, `]}`), memory, "behind[26214]"},
		{"null pointees", fill(`{"behind":[`, `null`, `]}`), "", ""},
		{"pointees of fields", fill(`{"holders":[`, `{"W":{}}`, `]}`), memory, "holders[26214].W"},
		{"null pointees of fields", fill(`{"holders":[`, `{"W":null}`, `]}`), "", ""},
		{"pointees of a map", keys(`{"ptrMap":{`, `{}`, `}}`, base36), memory, "ptrMap[key]"},
		{"empty maps", fill(`{"maps":[`, `{}`, `]}`), "", ""},
		{"map", keys(`{"byName":{`, `{}`, `}}`, base36), memory, "byName[key]"},
		{"map of numbers", keys(`{"byId":{`, `{}`, `}}`, strconv.Itoa), memory, "byId[key]"},
		{"slices of structs", fill(`{"slices":[`, `[{}]`, `]}`), memory, "slices[25431][0]"},
		{"small maps", fill(`{"maps":[`, `{"":0}`, `]}`), memory, "maps[68157][key]"},
		{"small structs", fill(`{"cells":[`, `{}`, `]}`), "", ""},
		{"empty texts", fill(`{"texts":[`, `""`, `]}`), "", ""},
		{"empty slices", fill(`{"slices":[`, `[]`, `]}`), "", ""},
		{"pointers", fill(`{"pointers":[`, `0`, `]}`), "", ""},
		{"library", fill(`{"library":[`, `{}`, `]}`), memory, "library[26623]"},
		{"escapes", []byte(`{"texts":["` + strings.Repeat(`\u0041`, size/6-10) + `"]}`), "", ""},
		{"surrogates", []byte(`{"texts":["` + strings.Repeat(`\ud83d\ude00`, size/12-10) + `"]}`), "", ""},
		{"many escapes", fill(`{"texts":[`, `"\u0041\n"`, `]}`), "", ""},
		{"open escape", []byte(`{"texts":["` + strings.Repeat(`\\`, size/2)), "ends too early", "texts[0]"},
		{"huge exponent", []byte(`{"number":1e999999999}`), "does not fit", "number"},
		{"huge negative exponent", []byte(`{"number":1e-999999999}`), "", ""},
		{"a million digits", []byte(`{"number":` + strings.Repeat("9", size) + `}`), "does not fit", "number"},
		{"a million digits of a fraction", []byte(`{"number":0.` + strings.Repeat("9", size) + `}`), "", ""},
		{"a million digits of an integer", []byte(`{"int":` + strings.Repeat("9", size) + `}`), "does not fit", "int"},
		{"a million digits of an exponent", []byte(`{"number":1e` + strings.Repeat("9", size) + `}`), "does not fit", "number"},
		{"many numbers", fill(`{"x":[`, `1e999999999`, `]}`), "", ""},
		{"brackets", []byte(`{"lists":` + strings.Repeat(`[`, size)), "128 levels", ""},
		{"unknown brackets", []byte(`{"x":` + strings.Repeat(`[`, size)), "128 levels", ""},
		{"objects", []byte(strings.Repeat(`{"next":`, size/8)), "128 levels", ""},
		{"deep lists", fill(`{"lists":[`, strings.Repeat("[", 126)+strings.Repeat("]", 126), `]}`), "", ""},
		{"unknown names", keys(`{`, `0`, `}`, base36), "", ""},
		{"unknown objects", fill(`{"x":[`, `{"a":{}}`, `]}`), "", ""},
		{"spaces", []byte(`{"int":` + strings.Repeat(" ", size) + `1}`), "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for name, decode := range map[string]func([]byte, any) error{"rt": bombCodec.Decode, "strict": strict.DecodeJSON} {
				limit := 50 * time.Millisecond
				if tt.reason == "" {
					// A document that is taken may cost what encoding/json costs.
					limit *= 4
				}
				err := explosion(t, decode, tt.doc, limit)
				if tt.reason == "" {
					require.NoError(t, err, name)
					continue
				}
				e, ok := errors.AsType[*strict.Error](err)
				require.True(t, ok, "%s: %v", name, err)
				assert.Contains(t, e.Reason, tt.reason, name)
				if tt.path != "" {
					assert.Equal(t, tt.path, e.Path, name)
				}
			}
		})
	}
}

// Room that slices make and do not use is not held against the document.
func TestJSONLongDocumentsNeedNoLibrary(t *testing.T) {
	t.Parallel()
	const n = 60_000
	assert.True(t, taken(bombsFromJSON, []byte(`{"lists":[`+strings.Repeat(`[[]],`, n)+`[]],"texts":[`+strings.Repeat(`"",`, n)+`""]}`)))
}
