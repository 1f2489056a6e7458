package strict

import (
	"encoding"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/vmihailenco/msgpack/v5"
)

type msgpackKind uint8

const (
	msgpackBool msgpackKind = iota
	msgpackInt
	msgpackUint
	msgpackFloat32
	msgpackFloat64
	msgpackString
	msgpackBytes
	msgpackByteArray
	msgpackSlice
	msgpackArray
	msgpackMap
	msgpackStruct
	msgpackAny
	msgpackError
	// msgpackIface is an interface with methods: it can be written but never read.
	msgpackIface
	msgpackTime
	// msgpackOwn reads any msgpack value by itself.
	msgpackOwn
	// msgpackText is UnmarshalBinary or UnmarshalText: it reads one string or bytes.
	msgpackText
	msgpackPointer
)

// msgpackPlan is what vmihailenco/msgpack makes of one Go type.
type msgpackPlan struct {
	kind msgpackKind
	typ  reflect.Type
	size uintptr
	// elem belongs to slices, arrays, maps and pointers; key to maps.
	elem, key *msgpackPlan
	// noNil tells that the library panics on nil.
	noNil  bool
	fields []msgpackField
	names  map[string]msgpackName
	// refused tells why the type cannot be stored at all, unwritable why it
	// cannot be written.
	refused, unwritable *Error
	// dynamic and unsorted are meaningful at a root: only the value tells how deep
	// it is or what it holds; it may hold maps that the library writes unsorted.
	dynamic, unsorted bool
}

type msgpackField struct {
	name      string
	index     []int
	plan      *msgpackPlan
	omitEmpty bool
}

// msgpackName is what one name in a document fills: a field, or an inlined struct
// and thereby several.
type msgpackName struct {
	plan   *msgpackPlan
	covers []int
	// hidden is an inlined struct whose type is not exported: the library panics
	// where it sets one as a whole.
	hidden bool
}

var (
	timeType              = reflect.TypeFor[time.Time]()
	errorType             = reflect.TypeFor[error]()
	customEncoderType     = reflect.TypeFor[msgpack.CustomEncoder]()
	customDecoderType     = reflect.TypeFor[msgpack.CustomDecoder]()
	msgpackMarshalerType  = reflect.TypeFor[msgpack.Marshaler]()
	msgpackUnmarshalType  = reflect.TypeFor[msgpack.Unmarshaler]()
	binaryMarshalerType   = reflect.TypeFor[encoding.BinaryMarshaler]()
	binaryUnmarshalerType = reflect.TypeFor[encoding.BinaryUnmarshaler]()
)

// fault returns why a value of the type cannot be read, or written, or nil.
func (p *msgpackPlan) fault(writing bool) *Error {
	e := p.refused
	if e == nil && writing {
		e = p.unwritable
	}
	if e == nil {
		return nil
	}
	clone := *e
	return &clone
}

// codecMethod names the method the library would use, in its order of preference.
type codecMethod string

func encodeMethod(t reflect.Type) codecMethod {
	return firstMethod(t, []reflect.Type{customEncoderType, msgpackMarshalerType, binaryMarshalerType, textMarshalerType})
}

func decodeMethod(t reflect.Type) codecMethod {
	return firstMethod(t, []reflect.Type{customDecoderType, msgpackUnmarshalType, binaryUnmarshalerType, textUnmarshalerType})
}

func firstMethod(t reflect.Type, ifaces []reflect.Type) codecMethod {
	for _, iface := range ifaces {
		if t.Implements(iface) {
			return codecMethod(iface.Method(0).Name)
		}
	}
	for _, iface := range ifaces {
		if t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(iface) {
			return codecMethod(iface.Method(0).Name)
		}
	}
	return ""
}

// form tells methods apart by what they leave in the document.
func (m codecMethod) form() string {
	switch m {
	case "":
		return ""
	case "MarshalBinary", "UnmarshalBinary":
		return "binary"
	case "MarshalText", "UnmarshalText":
		return "text"
	}
	return "own"
}

var msgpackPlans sync.Map

func msgpackPlanOf(t reflect.Type) *msgpackPlan {
	if p, ok := msgpackPlans.Load(t); ok {
		return p.(*msgpackPlan)
	}
	b := msgpackBuilder{known: map[reflect.Type]*msgpackPlan{}, open: map[reflect.Type]bool{}}
	root := *b.plan(t, "")
	root.refused, root.unwritable = b.refused, b.unwritable
	root.dynamic, root.unsorted = b.dynamic, b.unsorted
	p, _ := msgpackPlans.LoadOrStore(t, &root)
	return p.(*msgpackPlan)
}

type msgpackBuilder struct {
	known map[reflect.Type]*msgpackPlan
	// open holds the types under construction: meeting one again is recursion.
	open                map[reflect.Type]bool
	refused, unwritable *Error
	dynamic, unsorted   bool
}

func (b *msgpackBuilder) refusef(path, format string, args ...any) {
	if b.refused == nil {
		b.refused = &Error{Path: path, Offset: -1, Reason: fmt.Sprintf(format, args...)}
	}
}

func (b *msgpackBuilder) plan(t reflect.Type, path string) *msgpackPlan {
	if p, ok := b.known[t]; ok {
		b.dynamic = b.dynamic || b.open[t]
		return p
	}
	p := &msgpackPlan{typ: t, size: t.Size()}
	b.known[t] = p
	b.open[t] = true
	b.fill(p, path)
	delete(b.open, t)
	return p
}

func (b *msgpackBuilder) fill(p *msgpackPlan, path string) {
	t := p.typ
	if t == timeType {
		// The library panics on nil where it expects a time.
		p.kind, p.noNil = msgpackTime, true
		return
	}
	if t.Kind() != reflect.Interface && t.Kind() != reflect.Pointer && b.method(p, path) {
		return
	}
	switch k := t.Kind(); k {
	case reflect.Bool:
		p.kind = msgpackBool
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		p.kind = msgpackInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		p.kind = msgpackUint
	case reflect.Float32:
		p.kind = msgpackFloat32
	case reflect.Float64:
		p.kind = msgpackFloat64
	case reflect.String:
		p.kind = msgpackString
	case reflect.Slice, reflect.Array:
		p.kind = msgpackSlice
		bytes := msgpackBytes
		if k == reflect.Array {
			p.kind, bytes = msgpackArray, msgpackByteArray
		}
		if t.Elem().Kind() == reflect.Uint8 {
			p.kind = bytes
			return
		}
		p.elem = b.plan(t.Elem(), path+"[]")
	case reflect.Map:
		p.kind = msgpackMap
		p.key = b.plan(t.Key(), path+pathKey)
		p.elem = b.plan(t.Elem(), path+pathKey)
		b.mapOrder(p, path)
	case reflect.Struct:
		p.kind = msgpackStruct
		b.structure(p, path)
	case reflect.Pointer:
		p.kind = msgpackPointer
		p.elem = b.plan(t.Elem(), path)
		// A type such as `type P *P` has no end.
		end := t
		for hops := 0; end.Kind() == reflect.Pointer; hops++ {
			if end = end.Elem(); hops == MaxDepth {
				b.refusef(path, "Go type %s has no msgpack form", t)
				return
			}
		}
	case reflect.Interface:
		b.dynamic = true
		switch {
		case t == errorType:
			p.kind = msgpackError
		case t.NumMethod() == 0:
			p.kind = msgpackAny
			b.unsorted = true
		default:
			p.kind = msgpackIface
		}
	default:
		// For a uintptr the library calls a nil function.
		b.refusef(path, "Go type %s has no msgpack form", t)
	}
}

// method handles a type that reads itself, and tells whether it does.
func (b *msgpackBuilder) method(p *msgpackPlan, path string) bool {
	t := p.typ
	enc, dec := encodeMethod(t), decodeMethod(t)
	if enc.form() != dec.form() && b.unwritable == nil {
		// What such a type writes, it reads as something else, maybe in silence.
		b.unwritable = &Error{Path: path, Offset: -1,
			Reason: fmt.Sprintf("Go type %s has %s without a decoder for it", t, enc)}
		if enc == "" {
			b.unwritable.Reason = fmt.Sprintf("Go type %s has %s without an encoder for it", t, dec)
		}
	}
	if dec == "" {
		return false
	}
	p.kind = msgpackText
	if dec.form() == "own" {
		p.kind = msgpackOwn
	}
	for _, iface := range []reflect.Type{customDecoderType, msgpackUnmarshalType, binaryUnmarshalerType, textUnmarshalerType} {
		if !t.Implements(iface) {
			continue
		}
		// A decoder on the value cannot set it, and where the value may be nil the
		// library sets the wrong type.
		switch p.noNil = true; t.Kind() {
		case reflect.Map, reflect.Slice, reflect.Chan, reflect.Func:
			b.refusef(path, "%s of Go type %s has a value receiver", dec, t)
		}
	}
	return true
}

func (b *msgpackBuilder) mapOrder(p *msgpackPlan, path string) {
	t := p.typ
	switch p.key.kind {
	case msgpackSlice, msgpackArray, msgpackMap, msgpackStruct, msgpackPointer, msgpackIface, msgpackError, msgpackOwn:
		b.refusef(path+pathKey, "Go type %s as a map key", t.Key())
	}
	// SetSortMapKeys covers these two; of map[string]any it sorts the top only.
	sorted := t.Key() == reflect.TypeFor[string]() &&
		(t.Elem() == reflect.TypeFor[string]() || t.Elem() == reflect.TypeFor[bool]())
	b.unsorted = b.unsorted || !sorted
}
