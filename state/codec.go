package state

import (
	"errors"
	"fmt"

	"github.com/typedstate/typedstate/internal/strict"
)

// Codec turns values into the bytes that Redis stores, and back. [JSON] and
// [Msgpack] return those of this package.
//
// It is not generic, since the compiler would make it anew for every family; it
// is given a pointer to a value of the family's type.
//
// An error that is no [*EncodeError] or [*DecodeError] is reported as one by its
// Go type alone, since its text may hold part of the value.
type Codec interface {
	// Append appends the encoding of what v points to, and returns the
	// extended dst, which it does not keep.
	Append(dst []byte, v any) ([]byte, error)
	// Decode stores the value that data encodes in what v points to, which is
	// zero before. Nobody changes data after the call, so what it stores may
	// refer to data; Decode itself may not change it either. It does not keep v.
	Decode(data []byte, v any) error
}

// JSON returns the codec that families have by default. It writes what
// encoding/json writes, but no HTML escapes, so that JavaScript's JSON.stringify
// and this codec agree. It refuses what encoding/json would change in silence:
// invalid UTF-8, names that stand twice in an object, and bytes after the value.
func JSON() Codec { return jsonCodec{} }

// Msgpack returns a codec for MessagePack. Structs become maps keyed by their
// json names, or by their msgpack names where a field has that tag. It refuses a
// number that does not fit its field, and lengths beyond the data.
func Msgpack() Codec { return msgpackCodec{} }

type jsonCodec struct{}

func (jsonCodec) Append(dst []byte, v any) ([]byte, error) { return strict.AppendJSON(dst, v) }
func (jsonCodec) Decode(data []byte, v any) error          { return strict.DecodeJSON(data, v) }

type msgpackCodec struct{}

func (msgpackCodec) Append(dst []byte, v any) ([]byte, error) { return strict.AppendMsgpack(dst, v) }
func (msgpackCodec) Decode(data []byte, v any) error          { return strict.DecodeMsgpack(data, v) }

// encode appends the bytes to store for the value that v points to.
func encode(c Codec, dst []byte, v any, limit int) ([]byte, error) {
	data, err := c.Append(dst, v)
	if err != nil {
		return nil, encodeError(err)
	}
	if err := checkSize(len(data), limit); err != nil {
		return nil, err
	}
	return data, nil
}

// decode stores the value that data encodes in what v points to.
func decode(c Codec, data []byte, v any, limit int) error {
	if err := checkSize(len(data), limit); err != nil {
		return err
	}
	if err := c.Decode(data, v); err != nil {
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
