package strict

import (
	"fmt"
	"reflect"
	"strings"
)

// maxHops bounds pointers and interfaces in a row, which add no depth to the
// document but may lead back to themselves.
const maxHops = 1000

// msgpackValuer walks a value where its type does not tell what it holds. The
// library would follow a cycle until the stack ends the process. In a trial it
// encodes piece by piece instead, to find the encoder method that failed.
type msgpackValuer struct {
	fault
	trial bool
}

// value reports whether v can be stored and read back.
func (w *msgpackValuer) value(v reflect.Value, p *msgpackPlan, depth, hops int) bool {
	if hops > maxHops {
		return w.refusef("the value contains itself")
	}
	switch p.kind {
	case msgpackPointer:
		return v.IsNil() || w.value(v.Elem(), p.elem, depth, hops+1)
	case msgpackAny:
		if v.IsNil() {
			return true
		}
		inner := msgpackPlanOf(v.Elem().Type())
		if e := inner.fault(true); e != nil {
			return w.refusef(e.Reason)
		}
		return w.value(v.Elem(), inner, depth, hops+1)
	case msgpackIface:
		if !v.IsNil() {
			return w.refusef(fmt.Sprintf("Go type %s can be written but not read", p.typ))
		}
	case msgpackOwn, msgpackText:
		if w.trial && v.CanInterface() {
			if v.CanAddr() {
				v = v.Addr()
			}
			if _, err := encodeMsgpack(nil, v.Interface()); err != nil {
				reason := fmt.Sprintf("%s of %s failed", encodeMethod(p.typ), p.typ)
				if v.Kind() != reflect.Pointer && strings.Contains(err.Error(), "addressable") {
					reason = fmt.Sprintf("%s of %s needs a pointer, which a map or an interface does not give",
						encodeMethod(p.typ), p.typ)
				}
				return w.refusef(reason)
			}
		}
	case msgpackSlice, msgpackArray, msgpackMap, msgpackStruct:
		if depth == MaxDepth {
			return w.refusef(reasonDepth)
		}
		return w.inside(v, p, depth+1)
	}
	return true
}

func (w *msgpackValuer) refusef(reason string) bool {
	return w.stop(-1, reason) >= 0
}

func (w *msgpackValuer) inside(v reflect.Value, p *msgpackPlan, depth int) bool {
	switch p.kind {
	case msgpackMap:
		for entries := v.MapRange(); entries.Next(); {
			if !w.value(entries.Key(), p.key, depth, 0) || !w.value(entries.Value(), p.elem, depth, 0) {
				w.under(step{keyed: true})
				return false
			}
		}
	case msgpackStruct:
		for i := range p.fields {
			f := &p.fields[i]
			field := v.FieldByIndex(f.index)
			ok := w.value(field, f.plan, depth, 0)
			if ok && f.drops() && dropped(field) {
				ok = w.refusef("omitempty drops a value that is not nil")
			}
			if !ok {
				w.under(step{name: []byte(f.name), keyed: true})
				return false
			}
		}
	default:
		if leaf := p.elem.kind; leaf <= msgpackByteArray || leaf == msgpackTime {
			return true
		}
		for i := range v.Len() {
			if !w.value(v.Index(i), p.elem, depth, 0) {
				w.under(step{index: i})
				return false
			}
		}
	}
	return true
}

// dropped tells whether a pointer or interface that is not nil counts as empty.
func dropped(v reflect.Value) bool {
	if v.IsNil() {
		return false
	}
	if v.Kind() == reflect.Pointer {
		z, ok := reflect.TypeAssert[interface{ IsZero() bool }](v)
		return ok && z.IsZero()
	}
	for v.Kind() == reflect.Interface && !v.IsNil() {
		v = v.Elem()
	}
	if z, ok := reflect.TypeAssert[interface{ IsZero() bool }](v); ok {
		return z.IsZero()
	}
	switch v.Kind() {
	case reflect.Map, reflect.Slice:
		return v.Len() == 0
	}
	return v.IsZero()
}
