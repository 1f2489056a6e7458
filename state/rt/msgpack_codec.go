package rt

import (
	"reflect"
	"unsafe"

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

// Append appends the msgpack form of the value that v points to.
func (c MsgpackCodec) Append(dst []byte, v any) ([]byte, error) {
	// A literal would be made elsewhere and copied.
	var e MsgpackEncoder
	e.out = dst
	c.encode(onStack(&e), v)
	if e.scratch != nil {
		e.scratch.release()
	}
	if e.done(len(dst)) {
		return e.out, nil
	}
	return strict.AppendMsgpack(dst, v)
}

// Decode decodes data, which is not changed afterwards, into the zero value that v
// points to. After an error the value may be filled in part.
func (c MsgpackCodec) Decode(data []byte, v any) error {
	var d MsgpackDecoder
	d.data, d.texts.document = data, textsOf(data).document
	c.decode(onStack(&d), v)
	if d.scratch != nil {
		d.scratch.release()
	}
	if d.done() {
		return nil
	}
	if p := reflect.ValueOf(v); p.Kind() == reflect.Pointer && !p.IsNil() {
		p.Elem().SetZero()
	}
	return strict.DecodeMsgpack(data, v)
}

// onStack returns p in a way that lets what it points to stay on the stack. Generated
// code keeps no encoder and no decoder, which the compiler cannot see through the
// functions that it is given; a small value would take as long to allocate as to read.
func onStack[T any](p *T) *T {
	hidden := uintptr(unsafe.Pointer(p))   //nolint:gosec // p is in use until the caller returns
	return *(**T)(unsafe.Pointer(&hidden)) //nolint:gosec // as above
}
