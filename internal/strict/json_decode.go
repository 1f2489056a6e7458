package strict

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// DecodeJSON decodes the one JSON value in data into v, a pointer to a zero value.
// It takes what encoding/json takes, with the same result, except that it returns an
// [*Error] for invalid UTF-8 and unpaired surrogates, two names for one thing, depth
// over 128, arrays longer than the Go array and more memory than [JSONMemory]. After an error v may be filled in part.
func DecodeJSON(data []byte, v any) error {
	t := reflect.TypeOf(v)
	if t == nil || t.Kind() != reflect.Pointer || reflect.ValueOf(v).IsNil() {
		return &Error{Offset: -1, Reason: reasonTarget}
	}
	var names [linearNames]jsonName
	s := newJSONScanner(data)
	s.names = names[:0]
	if !s.document() {
		return s.error(jsonPlanOf(t).path(s.steps))
	}
	plan := jsonPlanOf(t)
	if plan.lossy || s.folds {
		c := jsonChecker{data: data}
		if c.value(0, plan) < 0 {
			return c.error(plan.path(c.steps))
		}
	}
	if err := makeRoom(data, plan, v); err != nil {
		return err
	}
	if err := unmarshal(data, plan, v); err != nil {
		return decodeJSONError(data, plan, err)
	}
	return nil
}

// unmarshal has encoding/json decode data, which it hands to the decoder methods of the
// value as it is. They may change what they are given, and others read data too.
func unmarshal(data []byte, plan *jsonPlan, v any) error {
	if plan.own {
		data = bytes.Clone(data)
	}
	return json.Unmarshal(data, v)
}

// decodeJSONError puts a path and fixed text in place of what encoding/json or a
// decoder method says, which may quote the document.
func decodeJSONError(data []byte, plan *jsonPlan, err error) *Error {
	reason := fmt.Sprintf("JSON value does not fit Go type %s", plan.typ)
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		what, _, _ := strings.Cut(mismatch.Value, " ")
		if !jsonWords[what] {
			what = "value"
		}
		reason = fmt.Sprintf("JSON %s does not fit Go type %s", what, mismatch.Type)
		// A decoder method may have passed on an error about a document of its own;
		// the offset is believed only where it leads to the same field.
		s := newJSONScanner(data)
		s.halt = int(mismatch.Offset) - 1
		if s.halt >= 0 && !s.document() {
			path := plan.path(s.steps)
			if strings.Contains(path, mismatch.Field[strings.LastIndexByte(mismatch.Field, '.')+1:]) {
				return &Error{Path: path, Offset: int64(s.offset), Reason: reason}
			}
		}
	}
	c := jsonChecker{data: data, trial: true}
	if c.value(0, plan) < 0 {
		return c.error(plan.path(c.steps))
	}
	return &Error{Offset: -1, Reason: reason}
}

// jsonWords are the first words of UnmarshalTypeError.Value that are no content.
var jsonWords = map[string]bool{
	"array": true, "bool": true, "number": true, "object": true, "string": true, "null": true,
}
