package strict

import (
	"bytes"
	"fmt"
	"reflect"
)

// AppendMsgpack appends the msgpack form of the value v points to and returns the
// extended slice. Structs are maps in order of declaration, under the name of the
// msgpack tag or else of the json tag; other maps are sorted by key, so that equal
// values are equal bytes; integers take the fewest bytes. What [DecodeMsgpack] would
// not read back is an [*Error]; dst is then returned in its old length.
func AppendMsgpack(dst []byte, v any) ([]byte, error) {
	t := reflect.TypeOf(v)
	if t == nil || t.Kind() != reflect.Pointer || reflect.ValueOf(v).IsNil() {
		return dst, &Error{Offset: -1, Reason: reasonTarget}
	}
	plan := msgpackPlanOf(t)
	if e := plan.fault(true); e != nil {
		return dst, e
	}
	if plan.dynamic {
		w := msgpackValuer{}
		if !w.value(reflect.ValueOf(v), plan, 0, 0) {
			return dst, w.error(plan.path(w.steps))
		}
	}
	out, err := encodeMsgpack(dst, v)
	if err != nil {
		return dst, encodeMsgpackError(v, plan)
	}
	written := out[len(dst):]
	var keys [linearNames]msgpackKey
	s := msgpackScanner{data: written, keys: keys[:0]}
	if !s.document() {
		return dst, s.error(plan.path(s.steps))
	}
	c := newMsgpackChecker(written, plan)
	if c.value(0, plan) < 0 {
		return dst, c.error(plan.path(c.steps))
	}
	if plan.unsorted {
		sortMsgpack(written, plan)
	}
	return out, nil
}

// encodeMsgpack does not pool encoders: they keep the last byte array they wrote.
func encodeMsgpack(dst []byte, v any) ([]byte, error) {
	buf := bytes.NewBuffer(dst)
	err := newMsgpackEncoder(buf).Encode(v)
	return buf.Bytes(), err
}

func encodeMsgpackError(v any, plan *msgpackPlan) *Error {
	w := msgpackValuer{trial: true}
	if !w.value(reflect.ValueOf(v), plan, 0, 0) {
		return w.error(plan.path(w.steps))
	}
	return &Error{Offset: -1, Reason: fmt.Sprintf("Go type %s has no msgpack form", plan.typ.Elem())}
}
