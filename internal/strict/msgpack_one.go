package strict

import (
	"bytes"
	"math"
	"reflect"

	"github.com/vmihailenco/msgpack/v5"
)

// DecodeMsgpackField decodes the value at the start of data into what v points to,
// as [DecodeMsgpack] does with a field of a struct that stands below so many open
// arrays and maps. It returns how long the value is and how much memory it takes;
// where ok is false [DecodeMsgpack] has to decide.
func DecodeMsgpackField(data []byte, v any, depth int) (length int, memory uint64, ok bool) {
	to := reflect.ValueOf(v)
	plan := msgpackPlanOf(to.Type())
	if plan.fault(false) != nil {
		return 0, 0, false
	}
	var keys [linearNames]msgpackKey
	s := msgpackScanner{data: data, keys: keys[:0]}
	end := s.value(0, depth)
	if end < 0 {
		return 0, 0, false
	}
	data = data[:end]
	c := msgpackChecker{data: data, most: MsgpackMemory(len(s.data))}
	if c.value(0, plan.elem) < 0 {
		return 0, 0, false
	}
	r := bytes.NewReader(data)
	d := newMsgpackDecoder(r)
	if d.DecodeValue(to.Elem()) != nil || r.Len() > 0 {
		return 0, 0, false
	}
	return end, c.memory, true
}

// AppendMsgpackField appends what v points to, as [AppendMsgpack] does with a field
// of a struct that stands below so many open arrays and maps. It returns how much
// memory the value takes once it is decoded; where ok is false [AppendMsgpack] has to
// decide.
func AppendMsgpackField(dst []byte, v any, depth int) (out []byte, memory uint64, ok bool) {
	from := reflect.ValueOf(v)
	plan := msgpackPlanOf(from.Type())
	if plan.fault(true) != nil {
		return dst, 0, false
	}
	if plan.dynamic {
		w := msgpackValuer{}
		if !w.value(from.Elem(), plan.elem, depth, 0) {
			return dst, 0, false
		}
	}
	buf := bytes.NewBuffer(dst)
	if newMsgpackEncoder(buf).EncodeValue(from.Elem()) != nil {
		return dst, 0, false
	}
	out = buf.Bytes()
	written := out[len(dst):]
	var keys [linearNames]msgpackKey
	s := msgpackScanner{data: written, keys: keys[:0]}
	if s.value(0, depth) != len(written) {
		return dst, 0, false
	}
	c := msgpackChecker{data: written, most: math.MaxUint64}
	if c.value(0, plan.elem) < 0 {
		return dst, 0, false
	}
	if plan.unsorted {
		sortMsgpack(written, plan.elem)
	}
	return out, c.memory, true
}

func newMsgpackDecoder(r *bytes.Reader) *msgpack.Decoder {
	d := msgpack.NewDecoder(r)
	d.SetCustomStructTag("json")
	// The document is checked. Without this, what it allocates for lengths beyond a
	// million grows step by step, and each step is garbage.
	d.DisableAllocLimit(r.Len() > 1e6)
	return d
}

func newMsgpackEncoder(buf *bytes.Buffer) *msgpack.Encoder {
	e := msgpack.NewEncoder(buf)
	e.SetCustomStructTag("json")
	e.SetSortMapKeys(true)
	e.UseCompactInts(true)
	return e
}
