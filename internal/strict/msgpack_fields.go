package strict

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
)

// structure mirrors how vmihailenco/msgpack maps fields to names, and refuses what
// it would map otherwise than encoding/json does, or would map badly.
func (b *msgpackBuilder) structure(p *msgpackPlan, path string) {
	t := p.typ
	p.names = map[string]msgpackName{}
	omitAll := false
	for sf := range t.Fields() {
		tag := sf.Tag.Get("msgpack")
		fromJSON := tag == ""
		if fromJSON {
			tag = sf.Tag.Get("json")
		}
		name, options, simple := msgpackTag(tag)
		if sf.Name == "_msgpack" {
			omitAll = omitAll || slices.Contains(options, "omitempty")
		}
		visible := sf.IsExported() || sf.Anonymous
		if !visible || tag == "-" {
			continue
		}
		at := pathField(path, cmp.Or(name, sf.Name))
		jsonName, _ := jsonTag(tag)
		switch {
		case !simple, fromJSON && jsonName != name, name == "-":
			b.refusef(pathField(path, sf.Name), "the tag of field %s of %s gives msgpack another name", sf.Name, t)
			continue
		case slices.Contains(options, "intern"):
			// A later string refers to an earlier one by position in the document.
			b.refusef(at, "interned strings of %s", t)
			continue
		}
		if sf.Anonymous && !slices.Contains(options, "noinline") {
			if b.embedded(p, sf, name, slices.Contains(options, "inline"), path) {
				continue
			}
		}
		if !sf.IsExported() {
			b.refusef(at, "unexported embedded field %s of %s", sf.Name, t)
			continue
		}
		f := msgpackField{
			name:      cmp.Or(name, sf.Name),
			index:     sf.Index,
			plan:      b.plan(sf.Type, at),
			omitEmpty: omitAll || slices.Contains(options, "omitempty"),
		}
		b.dynamic = b.dynamic || f.drops()
		b.add(p, f, at)
		for _, option := range options {
			if alias, ok := strings.CutPrefix(option, "alias:"); ok {
				b.name(p, strings.TrimSpace(alias), msgpackName{plan: f.plan, covers: []int{len(p.fields) - 1}}, at)
			}
		}
	}
}

// drops tells that omitempty can lose a value: the library looks through a pointer
// with IsZero and through an interface.
func (f *msgpackField) drops() bool {
	if !f.omitEmpty {
		return false
	}
	_, isZeroer := f.plan.typ.MethodByName("IsZero")
	return f.plan.kind == msgpackPointer && isZeroer ||
		f.plan.kind == msgpackAny || f.plan.kind == msgpackError
}

func (b *msgpackBuilder) add(p *msgpackPlan, f msgpackField, path string) {
	p.fields = append(p.fields, f)
	b.name(p, f.name, msgpackName{plan: f.plan, covers: []int{len(p.fields) - 1}}, path)
}

func (b *msgpackBuilder) name(p *msgpackPlan, name string, to msgpackName, path string) {
	if _, taken := p.names[name]; taken {
		b.refusef(path, "two fields of %s have one name", p.typ)
	}
	p.names[name] = to
}

// embedded inlines a struct and tells whether it did; otherwise the embedded type is
// a field under its own name.
func (b *msgpackBuilder) embedded(p *msgpackPlan, sf reflect.StructField, name string, forced bool, path string) bool {
	t := sf.Type
	at := pathField(path, cmp.Or(name, sf.Name))
	if t.Kind() == reflect.Pointer {
		// A nil one comes back as a pointer to zeros.
		b.refusef(at, "embedded pointer %s in %s", sf.Name, p.typ)
		return true
	}
	plain := t.Kind() == reflect.Struct && t != timeType && encodeMethod(t) == "" && decodeMethod(t) == ""
	if !plain && !forced {
		return false
	}
	if !plain || name != "" {
		b.refusef(at, "embedded field %s of %s needs a msgpack tag with noinline", sf.Name, p.typ)
		return true
	}
	// The plan of the embedded type may still be under construction further up.
	inner := &msgpackPlan{typ: t, size: t.Size()}
	b.structure(inner, path)
	covers := make([]int, 0, len(inner.fields))
	for _, f := range inner.fields {
		covers = append(covers, len(p.fields))
		f.index = append(slices.Clone(sf.Index), f.index...)
		b.add(p, f, pathField(path, f.name))
	}
	b.name(p, sf.Name, msgpackName{b.plan(t, at), covers, !sf.IsExported()}, at)
	return true
}

// msgpackTag splits a tag as the library does; simple is false where its parser
// understands more than a name and options.
func msgpackTag(tag string) (name string, options []string, simple bool) {
	options = strings.Split(tag, ",")
	for i := range options {
		options[i] = strings.TrimSpace(options[i])
	}
	name = options[0]
	return name, options[1:], !strings.ContainsAny(tag, `'\()`) && !strings.Contains(name, ":")
}
