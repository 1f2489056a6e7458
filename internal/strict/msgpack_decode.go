package strict

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
)

// errUnread tells that a decoder method stopped before the end of its value, or
// went past it.
var errUnread = errors.New("unread bytes")

// DecodeMsgpack decodes the one msgpack value in data into v, a pointer to a zero
// value. Names are those of the msgpack tag, or else of the json tag. It returns an
// [*Error] for everything that v would not hold exactly, before the library sees a
// byte of it; nil leaves a zero value and unknown fields are ignored. After an error
// of a decoder method v may be filled in part.
func DecodeMsgpack(data []byte, v any) error {
	t := reflect.TypeOf(v)
	if t == nil || t.Kind() != reflect.Pointer || reflect.ValueOf(v).IsNil() {
		return &Error{Offset: -1, Reason: reasonTarget}
	}
	plan := msgpackPlanOf(t)
	if e := plan.fault(false); e != nil {
		return e
	}
	var keys [linearNames]msgpackKey
	s := msgpackScanner{data: data, keys: keys[:0]}
	if !s.document() {
		return s.error(plan.path(s.steps))
	}
	c := newMsgpackChecker(data, plan)
	if c.value(0, plan) < 0 {
		return c.error(plan.path(c.steps))
	}
	if err := decodeMsgpack(data, v); err != nil {
		// What is left to fail is a decoder method, and its text may hold content.
		c = newMsgpackChecker(data, plan)
		c.trial = true
		if c.value(0, plan) < 0 {
			return c.error(plan.path(c.steps))
		}
		return &Error{Offset: -1, Reason: fmt.Sprintf("msgpack value does not fit Go type %s", t.Elem())}
	}
	return nil
}

// decodeMsgpack hands checked bytes to the library. The decoder is not pooled: it
// keeps the last long string it read, and has no way to forget it.
func decodeMsgpack(data []byte, v any) error {
	r := bytes.NewReader(data)
	if err := newMsgpackDecoder(r).Decode(v); err != nil {
		return err
	}
	if r.Len() > 0 {
		return errUnread
	}
	return nil
}
