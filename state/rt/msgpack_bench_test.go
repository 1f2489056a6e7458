package rt_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/typedstate/typedstate/state/rt"
)

func BenchmarkMsgpackEncode(b *testing.B) {
	large, small := fullSession(), packedTiny{"a1b2", 7}
	benchmarkMsgpackEncode(b, "session", sessionMsgpack, &large)
	benchmarkMsgpackEncode(b, "tiny", tinyMsgpack, &small)
}

func benchmarkMsgpackEncode(b *testing.B, name string, codec rt.MsgpackCodec, v any) {
	b.Helper()
	b.Run(name+"/rt", func(b *testing.B) {
		b.ReportAllocs()
		buf := make([]byte, 0, 4<<10)
		for b.Loop() {
			if _, err := codec.Append(buf, v); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run(name+"/vmihailenco", func(b *testing.B) {
		b.ReportAllocs()
		var buf bytes.Buffer
		e := msgpack.NewEncoder(&buf)
		for b.Loop() {
			buf.Reset()
			e.Reset(&buf)
			e.SetCustomStructTag("json")
			e.UseCompactInts(true)
			if err := e.Encode(v); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkMsgpackDecode(b *testing.B) {
	large, small := fullSession(), packedTiny{"a1b2", 7}
	benchmarkMsgpackDecode(b, "session", sessionMsgpack, &large, func() any { return new(packedSession) })
	benchmarkMsgpackDecode(b, "tiny", tinyMsgpack, &small, func() any { return new(packedTiny) })
}

func benchmarkMsgpackDecode(b *testing.B, name string, codec rt.MsgpackCodec, v any, fresh func() any) {
	b.Helper()
	doc, err := codec.Append(nil, v)
	require.NoError(b, err)
	b.Run(name+"/rt", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := codec.Decode(doc, fresh()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run(name+"/vmihailenco", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			d := msgpack.NewDecoder(bytes.NewReader(doc))
			d.SetCustomStructTag("json")
			if err := d.Decode(fresh()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
