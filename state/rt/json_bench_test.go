package rt_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state/rt"
)

func benchmarkDecode[T any](b *testing.B, codec rt.JSONCodec, in T) {
	doc, err := codec.Append(nil, &in)
	require.NoError(b, err)
	var spaced bytes.Buffer
	require.NoError(b, json.Indent(&spaced, doc, "", "  "))
	decode := func(name string, doc []byte, do func(data []byte, v any) error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(doc)))
			b.ReportAllocs()
			for b.Loop() {
				var v T
				if err := do(doc, &v); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	decode("rt", doc, codec.Decode)
	decode("encoding/json", doc, json.Unmarshal)
	decode("spaced/rt", spaced.Bytes(), codec.Decode)
	decode("spaced/encoding/json", spaced.Bytes(), json.Unmarshal)
}

func benchmarkEncode[T any](b *testing.B, codec rt.JSONCodec, in T) {
	b.Run("rt", func(b *testing.B) {
		buf := make([]byte, 0, 4096)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := codec.Append(buf, &in); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := json.Marshal(&in); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkDecodeSession(b *testing.B) { benchmarkDecode(b, sessionCodec, aSession()) }
func BenchmarkEncodeSession(b *testing.B) { benchmarkEncode(b, sessionCodec, aSession()) }

var aTiny = tiny{"01JCQ7ZK5R3N8V2W6X4Y9T0B1D", 42, true}

func BenchmarkDecodeTiny(b *testing.B) { benchmarkDecode(b, tinyCodec, aTiny) }
func BenchmarkEncodeTiny(b *testing.B) { benchmarkEncode(b, tinyCodec, aTiny) }
