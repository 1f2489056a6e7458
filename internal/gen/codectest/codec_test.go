package codectest

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/typedstate/typedstate/internal/strict"
)

// rounds is how many random values each codec is tried on.
const rounds = 100

// each runs a test for each codec and random value.
func each(t *testing.T, fill random, test func(t *testing.T, c *codecCase, v any, r random)) {
	for i := range cases {
		c := &cases[i]
		t.Run(c.format+"/"+c.name, func(t *testing.T) {
			for n := range uint64(rounds) {
				r := fill
				r.Rand = rand.New(rand.NewPCG(n, uint64(i)))
				v := c.zero()
				r.fill(reflect.ValueOf(v).Elem(), 0)
				test(t, c, v, r)
				if t.Failed() {
					t.Logf("round %d: %+v", n, v)
					return
				}
			}
		})
	}
}

// A codec writes what the library writes, and fails where that fails. Where in the
// value depends on the order in which the library meets the entries of a map.
func TestEncode(t *testing.T) {
	each(t, random{}, func(t *testing.T, c *codecCase, v any, _ random) {
		want, wantErr := c.library.Append([]byte("before"), v)
		got, err := c.generated.Append([]byte("before"), v)
		if wantErr != nil {
			assert.ErrorAs(t, err, new(*strict.Error))
		} else {
			assert.NoError(t, err)
		}
		assert.Equal(t, string(want), string(got))
		if err != nil || c.format != "JSON" {
			return
		}
		var std bytes.Buffer
		e := json.NewEncoder(&std)
		e.SetEscapeHTML(false)
		require.NoError(t, e.Encode(v))
		if !bytes.Contains(std.Bytes(), []byte(`\u202`)) {
			assert.Equal(t, std.String(), string(got[len("before"):])+"\n")
		}
	})
}

// A codec reads what the library has written, as the library does.
func TestDecode(t *testing.T) {
	each(t, random{sound: true}, func(t *testing.T, c *codecCase, v any, _ random) {
		data, err := c.library.Append(nil, v)
		if err != nil {
			return // two keys of a map that are written alike
		}
		agree(t, c, data)
	})
}

// agree compares what the codecs make of a document, and returns whether they take
// it.
func agree(t *testing.T, c *codecCase, data []byte) bool {
	got, want := c.zero(), c.zero()
	err, wantErr := c.generated.Decode(data, got), c.library.Decode(data, want)
	require.Equal(t, wantErr, err, "%q", data)
	if err != nil {
		return false
	}
	std := c.zero()
	require.NoError(t, decodePlain(c, data, std), "%q", data)
	for _, want := range []any{want, std} {
		if !reflect.DeepEqual(want, got) && !sameBytes(c, want, got) {
			require.Equal(t, want, got, "%q", data)
		}
	}
	return true
}

// sameBytes compares values in msgpack by their documents, since a NaN is not equal
// to itself.
func sameBytes(c *codecCase, a, b any) bool {
	if c.format != "Msgpack" {
		return false
	}
	first, err := c.library.Append(nil, a)
	second, err2 := c.library.Append(nil, b)
	floats := bytes.IndexByte(first, 0xca) >= 0 || bytes.IndexByte(first, 0xcb) >= 0
	return err == nil && err2 == nil && floats && bytes.Equal(first, second)
}

// decodePlain decodes with what the library codec is made of.
func decodePlain(c *codecCase, data []byte, v any) error {
	if c.format == "JSON" {
		return json.Unmarshal(data, v)
	}
	d := msgpack.NewDecoder(bytes.NewReader(data))
	d.SetCustomStructTag("json")
	return d.Decode(v)
}

// slow are the codecs of which the runtime leaves sound values to the library.
var slow = map[string]string{
	"Msgpack/marshalers": "a map of structs with fields that are the library's",
	"Msgpack/recursive":  "the same",
}

// Plain values and their documents never need the library but for single fields.
// Without this a codec that always gave up would pass all other tests.
func TestNothingIsLeftToTheLibrary(t *testing.T) {
	each(t, random{sound: true, plain: true}, func(t *testing.T, c *codecCase, v any, _ random) {
		if data, err := c.library.Append(nil, v); err != nil || c.library.Decode(data, c.zero()) != nil {
			return // the library does not read all that it writes
		}
		probed := c.probed()
		reflect.ValueOf(c.inside(probed)).Elem().Set(reflect.ValueOf(v).Elem())
		left = 0
		data, err := c.probe.Append(nil, probed)
		require.NoError(t, err)
		if slow[c.format+"/"+c.name] == "" {
			require.Zero(t, left, "encoding %q", data)
		}
		left = 0
		require.NoError(t, c.probe.Decode(data, c.probed()))
		require.Zero(t, left, "decoding %q", data)
		if c.format == "JSON" && c.name != "names" { // those beyond ASCII are found in their order alone
			data = rewritten(t, data)
			require.NoError(t, c.probe.Decode(data, c.probed()))
			require.Zero(t, left, "decoding %q", data)
			agree(t, c, data)
		}
	})
}

// rewritten returns a JSON document with its names in another order, with space
// between its parts, and with a name that nobody knows.
func rewritten(t *testing.T, data []byte) []byte {
	var fields map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(data, &fields))
	fields["not known"] = json.RawMessage(`{"a":[1,"\u00e9",{"b":null}],"c":-1.5e3}`)
	out, err := json.MarshalIndent(fields, " ", "\t")
	require.NoError(t, err)
	return out
}
