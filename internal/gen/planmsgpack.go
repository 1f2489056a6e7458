package gen

import (
	"cmp"
	"go/types"
	"reflect"
	"slices"
	"strings"
)

// msgpackFields plans the fields of a struct in msgpack, as vmihailenco/msgpack
// maps them to names with the tag json in second place, and marks as refused what
// package strict refuses of that.
func (pl *planner) msgpackFields(s *structPlan) {
	names := make(map[string]bool)
	name := func(n string) {
		s.refused = s.refused || names[n]
		names[n] = true
	}
	for i := range s.st.NumFields() {
		f := s.st.Field(i)
		st := reflect.StructTag(s.st.Tag(i))
		tag := st.Get("msgpack")
		fromJSON := tag == ""
		if fromJSON {
			tag = st.Get("json")
		}
		if f.Name() == "_msgpack" && tag != "-" {
			s.giveUp("it has options for all its fields")
		}
		if tag == "-" || !f.Exported() && !f.Embedded() {
			continue
		}
		options := strings.Split(tag, ",")
		for i := range options {
			options[i] = strings.TrimSpace(options[i])
		}
		given, options := options[0], options[1:]
		pl.checkBuilds(s, f, options)
		switch {
		case strings.ContainsAny(tag, `'\()`), strings.Contains(given, ":"), given == "-",
			fromJSON && given != "" && !validName(given), slices.Contains(options, "intern"):
			s.refused = true
			continue
		}
		if f.Embedded() && !slices.Contains(options, "noinline") && pl.inline(s, f, given, slices.Contains(options, "inline"), name) {
			continue
		}
		if !f.Exported() {
			s.refused = true
			continue
		}
		p := &fieldPlan{name: cmp.Or(given, f.Name()), path: []*types.Var{f}, access: f.Name()}
		if slices.Contains(options, "omitempty") {
			present, ok := pl.msgpackPresent(f.Type())
			if !ok {
				s.giveUp("omitempty of its field %s depends on how that is encoded", f.Name())
			}
			p.present.and(present)
		}
		s.fields = append(s.fields, p)
		name(p.name)
		for _, option := range options {
			if alias, ok := strings.CutPrefix(option, "alias:"); ok {
				alias = strings.TrimSpace(alias)
				name(alias)
				s.others = append(s.others, alias)
			}
		}
	}
}

// inline plans the fields of an embedded struct as those of s, and reports whether
// it did; otherwise it is a field under its own name.
func (pl *planner) inline(s *structPlan, f *types.Var, given string, forced bool, name func(string)) bool {
	t := types.Unalias(f.Type())
	if isPointer(t) {
		s.refused = true
		return true
	}
	_, isStruct := t.Underlying().(*types.Struct)
	plain := isStruct && !isTime(t) && !hasCoding(t, pl.format)
	if !plain && !forced {
		return false
	}
	if !plain || given != "" {
		s.refused = true
		return true
	}
	inner := &structPlan{typ: t, st: t.Underlying().(*types.Struct)}
	inner.why = pl.unguarded(f.Type())
	pl.msgpackFields(inner)
	if s.refused = s.refused || inner.refused; inner.why != "" {
		s.giveUp("the embedded %s: %s", f.Name(), inner.why)
	}
	for _, field := range inner.fields {
		p := *field
		p.path = append([]*types.Var{f}, field.path...)
		p.access = selector(p.path)
		s.fields = append(s.fields, &p)
		name(p.name)
	}
	name(f.Name())
	s.others = append(s.others, f.Name())
	return true
}
