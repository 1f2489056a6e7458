package codectest

import (
	"encoding/json"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/typedstate/typedstate/internal/strict"
	"github.com/typedstate/typedstate/state/rt"
)

// codec is what package state takes.
type codec interface {
	Append(dst []byte, v any) ([]byte, error)
	Decode(data []byte, v any) error
}

// library is the library codec that a generated one stands for.
type library struct {
	append func(dst []byte, v any) ([]byte, error)
	decode func(data []byte, v any) error
}

func (l library) Append(dst []byte, v any) ([]byte, error) { return l.append(dst, v) }
func (l library) Decode(data []byte, v any) error          { return l.decode(data, v) }

var (
	libraryJSON    = library{strict.AppendJSON, strict.DecodeJSON}
	libraryMsgpack = library{strict.AppendMsgpack, strict.DecodeMsgpack}
)

// codecCase is one generated codec.
type codecCase struct {
	name      string // of its functions, without what the format adds
	format    string
	generated codec
	library   codec
	// probe is the same codec for a type around T that counts how often the library
	// had to do the work.
	probe codec
	// zero makes a value of the type, probed one of the type around it.
	zero, probed func() any
	// inside returns the value in a probed one.
	inside func(probed any) any
}

// left counts what probes left to the library.
var left int

// probe is a value that notices when the library encodes or decodes it.
type probe[T any] struct{ Value T }

func (p *probe[T]) MarshalJSON() ([]byte, error) {
	left++
	return json.Marshal(&p.Value)
}

func (p *probe[T]) UnmarshalJSON(data []byte) error {
	left++
	return json.Unmarshal(data, &p.Value)
}

func (p *probe[T]) EncodeMsgpack(e *msgpack.Encoder) error {
	left++
	return e.Encode(&p.Value)
}

func (p *probe[T]) DecodeMsgpack(d *msgpack.Decoder) error {
	left++
	return d.Decode(&p.Value)
}

func jsonCase[T any](name string, encode func(*rt.JSONEncoder, *T), decode func(*rt.JSONDecoder, *T)) codecCase {
	probed := rt.JSON(
		func(e *rt.JSONEncoder, v *probe[T]) { encode(e, &v.Value) },
		func(d *rt.JSONDecoder, v *probe[T]) { decode(d, &v.Value) })
	return newCase[T](name, "JSON", rt.JSON(encode, decode), libraryJSON, probed)
}

func msgpackCase[T any](name string, encode func(*rt.MsgpackEncoder, *T), decode func(*rt.MsgpackDecoder, *T)) codecCase {
	probed := rt.Msgpack(
		func(e *rt.MsgpackEncoder, v *probe[T]) { encode(e, &v.Value) },
		func(d *rt.MsgpackDecoder, v *probe[T]) { decode(d, &v.Value) })
	return newCase[T](name, "Msgpack", rt.Msgpack(encode, decode), libraryMsgpack, probed)
}

func newCase[T any](name, format string, generated, library, probed codec) codecCase {
	return codecCase{
		name: name, format: format, generated: generated, library: library, probe: probed,
		zero: func() any { return new(T) }, probed: func() any { return new(probe[T]) },
		inside: func(v any) any { return &v.(*probe[T]).Value },
	}
}

var cases = []codecCase{
	jsonCase("addressable", addressableToJSON, addressableFromJSON),
	jsonCase("arrays", arraysToJSON, arraysFromJSON),
	jsonCase("basic", basicToJSON, basicFromJSON),
	jsonCase("bytes", bytesToJSON, bytesFromJSON),
	jsonCase("embedded", embeddedToJSON, embeddedFromJSON),
	jsonCase("empty", emptyToJSON, emptyFromJSON),
	jsonCase("generic", genericToJSON, genericFromJSON),
	jsonCase("hidden", hiddenToJSON, hiddenFromJSON),
	jsonCase("holdsQuotedOwn", holdsQuotedOwnToJSON, holdsQuotedOwnFromJSON),
	jsonCase("holdsWide", holdsWideToJSON, holdsWideFromJSON),
	jsonCase("instance", instanceToJSON, instanceFromJSON),
	jsonCase("maps", mapsToJSON, mapsFromJSON),
	jsonCase("marshalers", marshalersToJSON, marshalersFromJSON),
	jsonCase("marshalersJSON", marshalersJSONToJSON, marshalersJSONFromJSON),
	jsonCase("methodKeys", methodKeysToJSON, methodKeysFromJSON),
	jsonCase("names", namesToJSON, namesFromJSON),
	jsonCase("omitempty", omitemptyToJSON, omitemptyFromJSON),
	jsonCase("omitemptyOnly", omitemptyOnlyToJSON, omitemptyOnlyFromJSON),
	jsonCase("omitzero", omitzeroToJSON, omitzeroFromJSON),
	jsonCase("ownBytes", ownBytesToJSON, ownBytesFromJSON),
	jsonCase("packages", packagesToJSON, packagesFromJSON),
	jsonCase("pointers", pointersToJSON, pointersFromJSON),
	jsonCase("quoted", quotedToJSON, quotedFromJSON),
	jsonCase("recursive", recursiveToJSON, recursiveFromJSON),
	jsonCase("shadowed", shadowedToJSON, shadowedFromJSON),
	jsonCase("sliced", slicedToJSON, slicedFromJSON),
	jsonCase("times", timesToJSON, timesFromJSON),
	jsonCase("unreachable", unreachableToJSON, unreachableFromJSON),
	jsonCase("wide256", wide256ToJSON, wide256FromJSON),
	jsonCase("wide70", wide70ToJSON, wide70FromJSON),

	msgpackCase("arrays", arraysToMsgpack, arraysFromMsgpack),
	msgpackCase("basic", basicToMsgpack, basicFromMsgpack),
	msgpackCase("bytes", bytesToMsgpack, bytesFromMsgpack),
	msgpackCase("embeddedPack", embeddedPackToMsgpack, embeddedPackFromMsgpack),
	msgpackCase("empty", emptyToMsgpack, emptyFromMsgpack),
	msgpackCase("generic", genericToMsgpack, genericFromMsgpack),
	msgpackCase("hidden", hiddenToMsgpack, hiddenFromMsgpack),
	msgpackCase("holdsAsArray", holdsAsArrayToMsgpack, holdsAsArrayFromMsgpack),
	msgpackCase("holdsDrops", holdsDropsToMsgpack, holdsDropsFromMsgpack),
	msgpackCase("holdsWide", holdsWideToMsgpack, holdsWideFromMsgpack),
	msgpackCase("instance", instanceToMsgpack, instanceFromMsgpack),
	msgpackCase("maps", mapsToMsgpack, mapsFromMsgpack),
	msgpackCase("marshalers", marshalersToMsgpack, marshalersFromMsgpack),
	msgpackCase("marshalersPack2", marshalersPack2ToMsgpack, marshalersPack2FromMsgpack),
	msgpackCase("methodKeys", methodKeysToMsgpack, methodKeysFromMsgpack),
	msgpackCase("namesPack", namesPackToMsgpack, namesPackFromMsgpack),
	msgpackCase("omitempty", omitemptyToMsgpack, omitemptyFromMsgpack),
	msgpackCase("omitemptyOnly", omitemptyOnlyToMsgpack, omitemptyOnlyFromMsgpack),
	msgpackCase("omitzero", omitzeroToMsgpack, omitzeroFromMsgpack),
	msgpackCase("packages", packagesToMsgpack, packagesFromMsgpack),
	msgpackCase("pointers", pointersToMsgpack, pointersFromMsgpack),
	msgpackCase("quoted", quotedToMsgpack, quotedFromMsgpack),
	msgpackCase("recursive", recursiveToMsgpack, recursiveFromMsgpack),
	msgpackCase("sliced", slicedToMsgpack, slicedFromMsgpack),
	msgpackCase("times", timesToMsgpack, timesFromMsgpack),
	msgpackCase("wide256", wide256ToMsgpack, wide256FromMsgpack),
	msgpackCase("wide70", wide70ToMsgpack, wide70FromMsgpack),
	msgpackCase("zeroPack", zeroPackToMsgpack, zeroPackFromMsgpack),
}

// Every codec that a family of this package has is a case.
func TestCasesAreComplete(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("state_gen.go")
	require.NoError(t, err)
	var want, got []string
	for _, m := range regexp.MustCompile(`(?m)^\tCodec: +rt\.(JSON|Msgpack)\((\w+)To`).FindAllStringSubmatch(string(source), -1) {
		want = append(want, m[2]+" "+m[1])
	}
	for _, c := range cases {
		got = append(got, c.name+" "+c.format)
	}
	slices.Sort(want)
	slices.Sort(got)
	assert.Equal(t, want, got)
}

// What the library alone can do has no codec.
func TestWhatHasNoCodec(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("state_gen.go")
	require.NoError(t, err)
	for _, name := range []string{
		"quotedOwn", "rootMarshaler", "wide257", "refused", "holdsRefused", "embeddedUnguarded", "embeddedHidden", "old", "byPointer",
		"asArray", "drops",
	} {
		assert.NotRegexp(t, `func `+name+`(To|From)(JSON|Msgpack)\(`, string(source))
	}
}
