package rt

import (
	"reflect"
	"sync"

	"github.com/typedstate/typedstate/internal/strict"
)

// JSONCodec is the codec of one type, as package state takes it.
type JSONCodec struct {
	encode func(e *JSONEncoder, v any) bool
	decode func(d *JSONDecoder, v any) bool
}

// JSON returns the codec that writes and reads a T with two generated functions, and
// with the library codec where they fail.
func JSON[T any](encode func(*JSONEncoder, *T), decode func(*JSONDecoder, *T)) JSONCodec {
	return JSONCodec{
		encode: func(e *JSONEncoder, v any) bool {
			p, ok := v.(*T)
			if ok = ok && p != nil; ok {
				encode(e, p)
			}
			return ok
		},
		decode: func(d *JSONDecoder, v any) bool {
			p, ok := v.(*T)
			if ok = ok && p != nil; ok {
				decode(d, p)
			}
			return ok
		},
	}
}

var (
	jsonEncoders = sync.Pool{New: func() any { return new(JSONEncoder) }}
	jsonDecoders = sync.Pool{New: func() any { return new(JSONDecoder) }}
)

// Append returns dst with the JSON form of what v points to behind it.
func (c JSONCodec) Append(dst []byte, v any) ([]byte, error) {
	e := jsonEncoders.Get().(*JSONEncoder)
	e.buf, e.depth, e.failed, e.copies, e.memory = dst, 0, false, false, 0
	ok := c.encode(e, v) && !e.failed && e.memory <= strict.JSONMemory(len(e.buf)-len(dst))
	out := e.buf
	e.buf = nil
	if cap(e.keys) > keptEntries {
		e.keys = nil
	}
	jsonEncoders.Put(e)
	if !ok {
		return strict.AppendJSON(dst, v)
	}
	return out, nil
}

// Decode stores the value of the document data, which does not change afterwards, in
// what v points to, which is zero before.
func (c JSONCodec) Decode(data []byte, v any) error {
	d := jsonDecoders.Get().(*JSONDecoder)
	d.start(data)
	known := c.decode(d, v)
	taken := d.done()
	jsonDecoders.Put(d)
	switch {
	case !known:
		return strict.DecodeJSON(data, v)
	case taken:
		return nil
	}
	reflect.ValueOf(v).Elem().SetZero()
	return strict.DecodeJSON(data, v)
}
