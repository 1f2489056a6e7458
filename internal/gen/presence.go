package gen

import (
	"go/types"
	"strings"
)

// presence is the condition under which a field is written. In its text $ is the
// field's value. $T is the type of a zero to compare it with and $reflect package
// reflect, since only the end of the analysis knows how to write those.
type presence struct {
	text string
	zero types.Type
	// never is the presence of a field that is always empty.
	never bool
}

func (p *presence) and(other presence) { p.join(other, " && ") }

func (p *presence) join(other presence, operator string) {
	p.never = p.never || other.never
	if other.zero != nil {
		p.zero = other.zero
	}
	switch {
	case p.text == other.text: // vet has no liking for conditions that repeat themselves
	case p.text == "" || other.text == "":
		p.text += other.text
	default:
		p.text += operator + other.text
	}
}

// whole makes a condition of several fit among others.
func (p presence) whole() presence {
	if strings.Contains(p.text, "||") {
		p.text = "(" + p.text + ")"
	}
	return p
}

var isZero = signature{"IsZero", "()", "(bool)"}

// jsonPresent is what omitempty means to encoding/json.
func jsonPresent(t types.Type) presence {
	switch u := types.Unalias(t).Underlying().(type) {
	case *types.Basic:
		return basicPresent(u)
	case *types.Array:
		return presence{never: u.Len() == 0}
	case *types.Slice, *types.Map:
		return presence{text: "len($) > 0"}
	case *types.Pointer:
		return presence{text: "$ != nil"}
	}
	return presence{}
}

func basicPresent(u *types.Basic) presence {
	switch info := u.Info(); {
	case info&types.IsString != 0:
		return presence{text: `$ != ""`}
	case info&types.IsBoolean != 0:
		return presence{text: "$"}
	default:
		return presence{text: "$ != 0"}
	}
}

// nonZero is what omitzero means to encoding/json.
func nonZero(t types.Type) presence {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		if mayHaveMethods(p.Elem()) {
			if m, _ := method(p.Elem(), isZero); m != nil {
				return presence{text: "$ != nil && !$.IsZero()"}
			}
		}
		return presence{text: "$ != nil"}
	}
	if mayHaveMethods(t) {
		if m, _ := method(t, isZero); m != nil {
			return presence{text: "!$.IsZero()"}
		}
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return basicPresent(u)
	case *types.Struct, *types.Array:
		if types.Comparable(t) {
			return presence{text: "$ != ($T{})", zero: t}
		}
		return presence{text: "!$reflect.ValueOf(&$).Elem().IsZero()"}
	default:
		return presence{text: "$ != nil"}
	}
}

// msgpackPresent is what omitempty means to vmihailenco/msgpack, and false where
// that depends on more than the value.
func (pl *planner) msgpackPresent(t types.Type) (presence, bool) {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		if mayHaveMethods(p.Elem()) {
			obj, _, _ := types.LookupFieldOrMethod(p.Elem(), true, nil, isZero.name)
			if _, drops := obj.(*types.Func); drops { // package strict refuses what that drops
				return presence{}, false
			}
		}
		return presence{text: "$ != nil"}, true
	}
	if mayHaveMethods(t) {
		if m, pointer := method(t, isZero); m != nil && !pointer {
			switch t.Underlying().(type) {
			case *types.Slice, *types.Map:
				return presence{text: "$ != nil && !$.IsZero()"}, true
			}
			return presence{text: "!$.IsZero()"}, true
		}
	}
	if st, ok := t.Underlying().(*types.Struct); ok {
		return pl.structPresent(t, st)
	}
	return jsonPresent(t), true
}

// structPresent is msgpackPresent of a struct, which is empty if all its fields
// are, of those that have omitempty themselves.
func (pl *planner) structPresent(t types.Type, st *types.Struct) (presence, bool) {
	if hasCoding(t, pl.format) {
		return presence{}, false
	}
	s := &structPlan{typ: t, st: st}
	pl.msgpackFields(s)
	if s.why != "" || s.refused {
		return presence{}, false
	}
	all := presence{never: len(s.fields) == 0}
	for _, f := range s.fields {
		switch {
		case f.present.never:
			continue
		case f.present.text == "":
			return presence{}, true
		}
		inner := f.present.whole()
		inner.text = strings.ReplaceAll(inner.text, "$", "$."+f.access)
		all.join(inner, " || ")
	}
	all.never = all.text == ""
	return all, true
}
