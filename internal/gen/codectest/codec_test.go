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
const rounds = 300

// each runs a test for each codec and random value.
func each(t *testing.T, sound bool, test func(t *testing.T, c *codecCase, v any, r random)) {
	for i := range cases {
		c := &cases[i]
		t.Run(c.format+"/"+c.name, func(t *testing.T) {
			for n := range uint64(rounds) {
				r := random{rand.New(rand.NewPCG(n, uint64(i))), sound}
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
	each(t, false, func(t *testing.T, c *codecCase, v any, _ random) {
		want, wantErr := c.library.Append([]byte("before"), v)
		got, err := c.generated.Append([]byte("before"), v)
		if wantErr != nil {
			assert.IsType(t, &strict.Error{}, err)
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
	each(t, true, func(t *testing.T, c *codecCase, v any, _ random) {
		data, err := c.library.Append(nil, v)
		require.NoError(t, err)
		got := c.zero()
		require.NoError(t, c.generated.Decode(data, got))
		want := c.zero()
		require.NoError(t, c.library.Decode(data, want))
		assert.Equal(t, want, got)
		std := c.zero()
		require.NoError(t, decodePlain(c, data, std))
		assert.Equal(t, std, got)
		again, err := c.generated.Append(nil, got)
		require.NoError(t, err)
		assert.Equal(t, string(data), string(again))
	})
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

// Sound values and their documents never need the library but for single fields.
// Without this a codec that always gave up would pass all other tests.
func TestNothingIsLeftToTheLibrary(t *testing.T) {
	each(t, true, func(t *testing.T, c *codecCase, v any, r random) {
		probed := c.probed()
		reflect.ValueOf(c.inside(probed)).Elem().Set(reflect.ValueOf(v).Elem())
		left = 0
		data, err := c.probe.Append(nil, probed)
		require.NoError(t, err)
		assert.Zero(t, left, "encoding")
		read := c.probed()
		require.NoError(t, c.probe.Decode(data, read))
		assert.Zero(t, left, "decoding %q", data)
		if c.format == "JSON" {
			read = c.probed()
			other := rewritten(t, data, r)
			require.NoError(t, c.probe.Decode(other, read))
			assert.Zero(t, left, "decoding %q", other)
			want := c.zero()
			require.NoError(t, c.library.Decode(other, want))
			assert.Equal(t, want, c.inside(read))
		}
	})
}

// rewritten returns a JSON document with its names in another order, with space
// between its parts, and with a name that nobody knows.
func rewritten(t *testing.T, data []byte, _ random) []byte {
	var fields map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(data, &fields))
	fields["…unknown"] = json.RawMessage(`{"a":[1,"\u00e9",{"b":null}],"c":-1.5e3}`)
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "\t")
	require.NoError(t, e.Encode(fields))
	return out.Bytes()
}
