package strict

import "reflect"

// The functions of this file work on one value inside a document, which generated
// code reads and writes around it. They tell no reasons: where they fail, the whole
// document is given to [DecodeJSON] or [AppendJSON].

// SkipJSON returns the end of the value at the index at of data, which lies within
// depth arrays and objects; -1 where it is none that [DecodeJSON] accepts.
func SkipJSON(data []byte, at, depth int) int {
	var names [linearNames]jsonName
	s := newJSONScanner(data)
	s.names = names[:0]
	return s.value(at, depth)
}

// DecodeJSONPart decodes the value that [SkipJSON] would skip into v, a pointer to a
// zero value. It returns the end of it and how much memory it makes, at most left;
// the end is -1 where it fails.
func DecodeJSONPart(data []byte, at, depth, left int, v any) (end, used int) {
	var names [linearNames]jsonName
	s := newJSONScanner(data)
	s.names = names[:0]
	if end = s.value(at, depth); end < 0 {
		return -1, 0
	}
	plan := jsonPlanOf(reflect.TypeOf(v))
	if plan.lossy || s.folds {
		c := jsonChecker{data: data}
		if c.value(at, plan) < 0 {
			return -1, 0
		}
	}
	used, refused := weighJSON(data, at, end, plan, left)
	if refused != nil || unmarshal(data[at:end], plan, v) != nil {
		return -1, 0
	}
	return end, used
}

// AppendJSONPart appends the value v points to as [AppendJSON] does, for a place
// within depth arrays and objects. It returns how much memory its document makes.
func AppendJSONPart(dst []byte, v any, depth int) (out []byte, used int, err error) {
	out, refused := appendJSON(dst, v, depth)
	if refused != nil {
		return dst, 0, refused
	}
	if t := reflect.TypeOf(v); t != nil {
		used, refused = weighJSON(out, len(dst), len(out), jsonPlanOf(t), JSONMemory(len(out)))
		if refused != nil {
			return dst, 0, refused
		}
	}
	return out, used, nil
}
