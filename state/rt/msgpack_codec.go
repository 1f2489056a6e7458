package rt

import (
	"reflect"
	"sync"

	"github.com/typedstate/typedstate/internal/strict"
)

// MsgpackCodec is the msgpack codec of one type. It has the meaning of the library
// codec and leaves to it all that it does not take itself.
type MsgpackCodec struct {
	encode func(e *MsgpackEncoder, v any)
	decode func(d *MsgpackDecoder, v any)
}

// Msgpack returns the codec of T that consists of two generated functions.
func Msgpack[T any](encode func(*MsgpackEncoder, *T), decode func(*MsgpackDecoder, *T)) MsgpackCodec {
	return MsgpackCodec{
		encode: func(e *MsgpackEncoder, v any) {
			if p, ok := v.(*T); ok && p != nil {
				encode(e, p)
				return
			}
			e.failed = true
		},
		decode: func(d *MsgpackDecoder, v any) {
			if p, ok := v.(*T); ok && p != nil {
				decode(d, p)
				return
			}
			d.fail()
		},
	}
}

var (
	msgpackEncoders = sync.Pool{New: func() any { return new(MsgpackEncoder) }}
	msgpackDecoders = sync.Pool{New: func() any { return new(MsgpackDecoder) }}
)

// Append appends the msgpack form of the value that v points to.
func (c MsgpackCodec) Append(dst []byte, v any) ([]byte, error) {
	e := msgpackEncoders.Get().(*MsgpackEncoder)
	e.out = dst
	c.encode(e, v)
	out, ok := e.out, e.done(len(dst))
	e.reset()
	msgpackEncoders.Put(e)
	if ok {
		return out, nil
	}
	return strict.AppendMsgpack(dst, v)
}

// Decode decodes data, which is not changed afterwards, into the zero value that v
// points to. After an error the value may be filled in part.
func (c MsgpackCodec) Decode(data []byte, v any) error {
	d := msgpackDecoders.Get().(*MsgpackDecoder)
	d.start(data)
	c.decode(d, v)
	ok := d.done()
	d.reset()
	msgpackDecoders.Put(d)
	if ok {
		return nil
	}
	if p := reflect.ValueOf(v); p.Kind() == reflect.Pointer && !p.IsNil() {
		p.Elem().SetZero()
	}
	return strict.DecodeMsgpack(data, v)
}
