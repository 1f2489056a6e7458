package gen

import (
	"go/types"
	"reflect"
	"slices"
	"strings"
)

// jsonFields plans the fields of a struct in JSON, those of embedded structs
// included. No two have one name: the walk over what can be stored refuses that.
func (pl *planner) jsonFields(s *structPlan, st *types.Struct, above []*types.Var) {
	for i := range st.NumFields() {
		f := st.Field(i)
		value := reflect.StructTag(st.Tag(i)).Get("json")
		embedded, isStruct := types.Unalias(f.Type()).Underlying().(*types.Struct)
		if value == "-" || !f.Exported() && (!f.Embedded() || !isStruct) {
			continue
		}
		options := strings.Split(value, ",")[1:]
		pl.checkBuilds(s, f, options)
		tag := readTag(st.Tag(i), pl.format)
		path := append(slices.Clone(above), f)
		if f.Embedded() && isStruct && tag.name == "" {
			if len(path) > maxDepth {
				s.giveUp("structs are embedded too deep")
				continue
			}
			if why := pl.unguarded(f.Type()); why != "" {
				s.giveUp("the embedded %s: %s", f.Name(), why)
			}
			pl.jsonFields(s, embedded, path)
			continue
		}
		p := &fieldPlan{name: storedName(f, tag), path: path, access: selector(path)}
		s.fields = append(s.fields, p)
		if slices.Contains(options, "string") && isQuotable(f.Type()) {
			p.quoted = true
			if t := deref(f.Type()); hasCoding(t, pl.format) || isJSONNumber(t) {
				s.giveUp("its field %s has the option string and a type that encodes itself", f.Name())
			}
		}
		if slices.Contains(options, "omitempty") {
			p.present.and(jsonPresent(f.Type()))
		}
		if slices.Contains(options, "omitzero") {
			p.present.and(nonZero(f.Type()))
		}
	}
}

// deref returns what a pointer without a name points to, or t.
func deref(t types.Type) types.Type {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		return types.Unalias(p.Elem())
	}
	return t
}

// isQuotable reports whether the option string has a meaning for a type.
func isQuotable(t types.Type) bool {
	b, ok := deref(t).Underlying().(*types.Basic)
	return ok && b.Info()&(types.IsString|types.IsBoolean|types.IsInteger|types.IsFloat) != 0
}

// isJSONNumber reports whether t is json.Number, a string that is written as a
// number.
func isJSONNumber(t types.Type) bool { return isNamed(t, "encoding/json", "Number") }

func isTime(t types.Type) bool { return isNamed(t, "time", "Time") }

func isNamed(t types.Type, path, name string) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Name() == name && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == path
}
