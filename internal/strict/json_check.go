package strict

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
)

// jsonChecker walks a scanned document beside its Go type, for what encoding/json
// drops without a word. In a trial it decodes piece by piece instead, to find the
// piece that a decoder refused: its own error text may hold content.
type jsonChecker struct {
	fault
	data  []byte
	trial bool
}

func (c *jsonChecker) value(i int, p *jsonPlan) int {
	i = c.space(i)
	if c.trial && (p.kind == jsonOwn || p.kind == jsonBytes) {
		return c.try(i, p)
	}
	switch {
	case c.data[i] == '{' && (p.kind == jsonStruct || p.kind == jsonMap):
		return c.object(i, p)
	case c.data[i] == '[' && p.elem != nil && p.kind != jsonMap:
		return c.array(i, p)
	}
	return c.skip(i)
}

func (c *jsonChecker) try(i int, p *jsonPlan) int {
	end := c.skip(i)
	if json.Unmarshal(bytes.Clone(c.data[i:end]), reflect.New(p.typ).Interface()) == nil {
		return end
	}
	if p.kind == jsonBytes {
		return c.stop(i, "not the base64 form of bytes")
	}
	if hasMethod(p.typ, jsonUnmarshalerType) {
		return c.stop(i, fmt.Sprintf("UnmarshalJSON of %s failed", p.typ))
	}
	return c.stop(i, fmt.Sprintf("UnmarshalText of %s failed", p.typ))
}

func (c *jsonChecker) array(i int, p *jsonPlan) int {
	i = c.space(i + 1)
	for n := 0; c.data[i] != ']'; n++ {
		if c.data[i] == ',' {
			i = c.space(i + 1)
		}
		if p.kind == jsonArray && n == p.length {
			c.stop(i, fmt.Sprintf("JSON array is longer than Go type %s", p.typ))
			return c.under(step{index: n})
		}
		if i = c.value(i, p.elem); i < 0 {
			return c.under(step{index: n})
		}
		i = c.space(i)
	}
	return i + 1
}

func (c *jsonChecker) object(i int, p *jsonPlan) int {
	// Most structs fit one word; the rest pay for a slice.
	var word uint64
	var more []bool
	if len(p.fields) > 64 {
		more = make([]bool, len(p.fields))
	}
	i = c.space(i + 1)
	for c.data[i] != '}' {
		if c.data[i] == ',' {
			i = c.space(i + 1)
		}
		start := i
		i = c.skip(i)
		name := unescapeJSON(c.data[start+1 : i-1])
		here := step{name: name, keyed: true}
		i = c.space(i) + 1
		next := p.elem
		quoted := false
		if p.kind == jsonStruct {
			next = nil
			if f := p.field(name); f >= 0 {
				seen := word&(1<<(f&63)) != 0
				if more != nil {
					seen = more[f]
					more[f] = true
				}
				word |= 1 << (f & 63)
				if seen {
					c.stop(start, reasonTwice)
					return c.under(here)
				}
				next, quoted = p.fields[f].plan, p.fields[f].quoted
			}
		} else if p.intKeys && !isPlainInt(name) {
			c.stop(start, "map key is not a plain number")
			return c.under(here)
		}
		switch {
		case next == nil:
			i = c.skip(c.space(i))
		case c.trial && quoted:
			i = c.quoted(c.space(i), next)
		default:
			i = c.value(i, next)
		}
		if i < 0 {
			return c.under(here)
		}
		i = c.space(i)
	}
	return i + 1
}

// quoted tries the value of a field with the string option, whose errors in
// encoding/json quote the value.
func (c *jsonChecker) quoted(i int, p *jsonPlan) int {
	end := c.skip(i)
	if c.data[i] == 'n' {
		return end
	}
	var inner string
	if json.Unmarshal(c.data[i:end], &inner) == nil &&
		json.Unmarshal([]byte(inner), reflect.New(p.typ).Interface()) == nil {
		return end
	}
	return c.stop(i, fmt.Sprintf("not a string that holds Go type %s", p.typ))
}

// isPlainInt tells the one spelling of an integer from those that would collide
// with it in a map, such as "01" and "+1".
func isPlainInt(name []byte) bool {
	digits := name
	if len(digits) > 1 && digits[0] == '-' && digits[1] != '0' {
		digits = digits[1:]
	}
	for _, c := range digits {
		if !isDigit(c) {
			return false
		}
	}
	return len(digits) == 1 || len(digits) > 1 && digits[0] != '0'
}

func (c *jsonChecker) space(i int) int {
	for i < len(c.data) && c.data[i] <= ' ' {
		i++
	}
	return i
}

// skip returns the end of the scanned value at i.
func (c *jsonChecker) skip(i int) int {
	for depth := 0; ; {
		switch c.data[i] {
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case '"':
			for i++; c.data[i] != '"'; i++ {
				if c.data[i] == '\\' {
					i++
				}
			}
			i++
		case ',', ':', ' ', '\n', '\r', '\t':
			i++
			continue
		default:
			for i < len(c.data) && c.data[i] > ' ' && c.data[i] != ',' && c.data[i]|0x20 != '}' {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
}
