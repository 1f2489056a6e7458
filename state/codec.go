package state

import (
	"errors"
	"fmt"

	"github.com/typedstate/typedstate/internal/strict"
)

// Codec turns values of type T into the bytes that Redis stores, and back. The
// codecs of this package are [JSON] and [Msgpack].
//
// An error that is no [*EncodeError] or [*DecodeError] is reported as one by its
// Go type alone, since its text may hold part of the value.
type Codec[T any] interface {
	// Append appends the encoding of v to dst.
	Append(dst []byte, v *T) ([]byte, error)
	// Decode stores the value that data encodes in v, which is zero before. It
	// does not keep data.
	Decode(data []byte, v *T) error
}

// JSON returns the codec that families have by default. It writes what
// encoding/json writes, but no HTML escapes, so that JavaScript's JSON.stringify
// and this codec agree. It refuses what encoding/json would change in silence:
// invalid UTF-8, names that stand twice in an object, and bytes after the value.
func JSON[T any]() Codec[T] { return library[T]{jsonLibrary{}} }

// Msgpack returns a codec for MessagePack. Structs become maps keyed by their
// json names, or by their msgpack names where a field has that tag. It refuses a
// number that does not fit its field, and lengths beyond the data.
func Msgpack[T any]() Codec[T] { return library[T]{msgpackLibrary{}} }

// erased is a codec without its type parameter: v is a pointer to a value. All
// behaviour stands on it once, as the compiler makes every method of a generic
// type anew for each type argument.
type erased interface {
	encode(dst []byte, v any) ([]byte, error)
	decode(data []byte, v any) error
}

type jsonLibrary struct{}

func (jsonLibrary) encode(dst []byte, v any) ([]byte, error) { return strict.AppendJSON(dst, v) }
func (jsonLibrary) decode(data []byte, v any) error          { return strict.DecodeJSON(data, v) }

type msgpackLibrary struct{}

func (msgpackLibrary) encode(dst []byte, v any) ([]byte, error) { return strict.AppendMsgpack(dst, v) }
func (msgpackLibrary) decode(data []byte, v any) error          { return strict.DecodeMsgpack(data, v) }

// library gives an erased codec its type back.
type library[T any] struct{ erased }

func (l library[T]) Append(dst []byte, v *T) ([]byte, error) { return l.encode(dst, v) }
func (l library[T]) Decode(data []byte, v *T) error          { return l.decode(data, v) }

// custom is a codec that is not of this package.
type custom struct {
	append func(dst []byte, v any) ([]byte, error)
	read   func(data []byte, v any) error
}

func (c custom) encode(dst []byte, v any) ([]byte, error) { return c.append(dst, v) }
func (c custom) decode(data []byte, v any) error          { return c.read(data, v) }

func erase[T any](c Codec[T]) erased {
	if c == nil {
		return jsonLibrary{}
	}
	if e, ok := c.(erased); ok {
		return e
	}
	return custom{
		func(dst []byte, v any) ([]byte, error) { return c.Append(dst, v.(*T)) },
		func(data []byte, v any) error { return c.Decode(data, v.(*T)) },
	}
}

// encode returns the bytes to store for the value that v points to.
func encode(c erased, v any, limit int) ([]byte, error) {
	data, err := c.encode(nil, v)
	if err != nil {
		return nil, encodeError(err)
	}
	if err := checkSize(len(data), limit); err != nil {
		return nil, err
	}
	return data, nil
}

// decode stores the value that data encodes in what v points to.
func decode(c erased, data []byte, v any, limit int) error {
	if err := checkSize(len(data), limit); err != nil {
		return err
	}
	if err := c.decode(data, v); err != nil {
		return decodeError(err)
	}
	return nil
}

func checkSize(size, limit int) error {
	if size > limit {
		return fmt.Errorf("%w: %d bytes, and Options.MaxValueBytes is %d", ErrTooLarge, size, limit)
	}
	return nil
}

func encodeError(err error) error {
	if e, ok := errors.AsType[*strict.Error](err); ok {
		return &EncodeError{Path: e.Path, Reason: e.Reason}
	}
	if e, ok := errors.AsType[*EncodeError](err); ok {
		return e
	}
	return &EncodeError{Reason: fmt.Sprintf("the codec failed with a %T", err)}
}

func decodeError(err error) error {
	if e, ok := errors.AsType[*strict.Error](err); ok {
		return &DecodeError{Path: e.Path, Offset: e.Offset, Reason: e.Reason}
	}
	if e, ok := errors.AsType[*DecodeError](err); ok {
		return e
	}
	return &DecodeError{Offset: -1, Reason: fmt.Sprintf("the codec failed with a %T", err)}
}
