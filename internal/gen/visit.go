package gen

import "go/types"

// every reports whether ok holds for t and all types that it is written with.
// What a named type is made of is no part of that, its type arguments are.
func every(t types.Type, ok func(types.Type) bool) bool {
	if !ok(t) {
		return false
	}
	each := func(t types.Type) bool { return every(t, ok) }
	switch t := t.(type) {
	case *types.Alias:
		return everyArg(t.TypeArgs(), each)
	case *types.Named:
		return everyArg(t.TypeArgs(), each)
	case *types.Pointer:
		return each(t.Elem())
	case *types.Slice:
		return each(t.Elem())
	case *types.Array:
		return each(t.Elem())
	case *types.Chan:
		return each(t.Elem())
	case *types.Map:
		return each(t.Key()) && each(t.Elem())
	case *types.Struct:
		for f := range t.Fields() {
			if !each(f.Type()) {
				return false
			}
		}
	case *types.Signature:
		return everyVar(t.Params(), each) && everyVar(t.Results(), each)
	case *types.Interface:
		for m := range t.ExplicitMethods() {
			if !each(m.Type()) {
				return false
			}
		}
		for e := range t.EmbeddedTypes() {
			if !each(e) {
				return false
			}
		}
	}
	return true
}

func everyArg(args *types.TypeList, ok func(types.Type) bool) bool {
	for t := range args.Types() {
		if !ok(t) {
			return false
		}
	}
	return true
}

func everyVar(vars *types.Tuple, ok func(types.Type) bool) bool {
	for v := range vars.Variables() {
		if !ok(v.Type()) {
			return false
		}
	}
	return true
}

// isInvalid reports whether the type checker could not resolve a type.
func isInvalid(t types.Type) bool {
	basic, ok := t.(*types.Basic)
	return ok && basic.Kind() == types.Invalid
}

// hasInvalid reports whether a type that could not be resolved is part of t, or
// all there is behind a name in it.
func hasInvalid(t types.Type) bool {
	return !every(t, func(t types.Type) bool { return !isInvalid(types.Unalias(t)) && !isInvalid(t.Underlying()) })
}
