package peer

import (
	"github.com/typedstate/typedstate/bench/internal/block"
	"github.com/typedstate/typedstate/bench/internal/suite"
	"github.com/typedstate/typedstate/state"
)

// documents is how many values a loop over a codec goes through in turn, enough
// that the processor does not know a document by heart, and few enough to stay
// near it.
const documents = 16

// Codec is one way to encode and decode a T.
type Codec[T any] struct {
	Name string
	// Encode encodes the values n times in turn.
	Encode func(values []T, n int) error
	// Decode decodes the documents n times in turn, each into a new T.
	Decode func(documents [][]byte, n int) error
	// Marshal and Unmarshal do it once.
	Marshal   func(*T) ([]byte, error)
	Unmarshal func([]byte, *T) error
}

// OursCodec is a codec of this SDK, which encodes into a buffer that it uses
// again, as a store does.
func OursCodec[T any](codec state.Codec) Codec[T] {
	var buffer []byte
	return Codec[T]{
		Name: suite.Ours,
		Encode: func(values []T, n int) (err error) {
			for i := range n {
				if buffer, err = codec.Append(buffer[:0], &values[i%documents]); err != nil {
					return err
				}
			}
			return nil
		},
		Decode: func(docs [][]byte, n int) error {
			for i := range n {
				var v T
				if err := codec.Decode(docs[i%documents], &v); err != nil {
					return err
				}
			}
			return nil
		},
		Marshal:   func(v *T) ([]byte, error) { return codec.Append(nil, v) },
		Unmarshal: func(data []byte, v *T) error { return codec.Decode(data, v) },
	}
}

// StdJSON is encoding/json.
func StdJSON[T any]() Codec[T] { return libraryCodec[T]("stdjson", stdJSON) }

// Goccy is goccy/go-json.
func Goccy[T any]() Codec[T] { return libraryCodec[T]("goccy", goccyJSON) }

// VMsgpack is vmihailenco/msgpack.
func VMsgpack[T any]() Codec[T] { return libraryCodec[T]("vmsgpack", vMsgpack) }

// libraryCodec uses a library as most programs do: Marshal returns new bytes.
func libraryCodec[T any](name string, l library) Codec[T] {
	return Codec[T]{
		Name: name,
		Encode: func(values []T, n int) error {
			for i := range n {
				if _, err := l.marshal(&values[i%documents]); err != nil {
					return err
				}
			}
			return nil
		},
		Decode: func(docs [][]byte, n int) error {
			for i := range n {
				var v T
				if err := l.unmarshal(docs[i%documents], &v); err != nil {
					return err
				}
			}
			return nil
		},
		Marshal:   func(v *T) ([]byte, error) { return l.marshal(v) },
		Unmarshal: func(data []byte, v *T) error { return l.unmarshal(data, v) },
	}
}

// Encoding is encoding with a codec.
func (u Users[T]) Encoding(c Codec[T]) suite.Side {
	return suite.Side{Name: c.Name, Check: u.checkCodec(c), Work: block.Loop(func(n int) error {
		return c.Encode(u.values, n)
	})}
}

// Decoding is decoding with a codec what that codec has encoded.
func (u Users[T]) Decoding(c Codec[T]) suite.Side {
	docs := make([][]byte, documents)
	return suite.Side{Name: c.Name, Check: func() (err error) {
		for i := range docs {
			if docs[i], err = c.Marshal(&u.values[i]); err != nil {
				return err
			}
		}
		return u.checkCodec(c)()
	}, Work: block.Loop(func(n int) error { return c.Decode(docs, n) })}
}

func (u Users[T]) checkCodec(c Codec[T]) func() error {
	return func() error {
		for i := range u.values {
			data, err := c.Marshal(&u.values[i])
			if err != nil {
				return err
			}
			var v T
			if err := c.Unmarshal(data, &v); err != nil {
				return err
			}
			if !v.Equal(u.values[i]) {
				return errWrong
			}
		}
		return nil
	}
}
