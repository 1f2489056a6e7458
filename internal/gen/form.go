package gen

import (
	"go/types"
	"slices"
)

// hasCoding reports whether a type, or a pointer to it, has a method with which it
// encodes or decodes itself under a format. One alone is enough for the library
// not to look at what it is made of.
func hasCoding(t types.Type, format string) bool {
	if !mayHaveMethods(t) {
		return false
	}
	return slices.ContainsFunc(codings[format], func(c coding) bool {
		encode, _ := method(t, c.encode)
		decode, _ := method(t, c.decode)
		return encode != nil || decode != nil
	})
}

// mayHaveMethods spares the types that cannot have any the search for them.
func mayHaveMethods(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		return true
	case *types.Struct:
		return slices.ContainsFunc(slices.Collect(t.Fields()), (*types.Var).Embedded)
	default:
		return false
	}
}

// form returns how the values of a type are written and read. path names structs
// in it that have no name.
func (pl *planner) form(t types.Type, path string) *formPlan {
	why := hidden(t)
	if variesByBuild(pl.pkg, t) {
		why = "another build can have another type"
	}
	t = types.Unalias(t)
	switch {
	case isTime(t):
		return &formPlan{kind: TimeForm, typ: t}
	case hasCoding(t, pl.format):
		return library("it encodes itself")
	case pl.format == "json" && isJSONNumber(t):
		return library("json.Number is a string that is written as a number")
	case why != "":
		return pl.aside(t, t.Underlying(), path, why)
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return scalar(t, u)
	case *types.Struct:
		s := pl.structure(t, path)
		pl.from.holds = append(pl.from.holds, s)
		if s.why != "" {
			return library(s.why)
		}
		return &formPlan{kind: StructForm, typ: t, plan: s}
	case *types.Pointer:
		if named, ok := t.(*types.Named); ok {
			pl.from.refused = pl.from.refused || endless(t)
			return pl.aside(named, u.Elem(), path, "a pointer type with a name")
		}
		return pl.container(t, PointerForm, u.Elem(), path)
	case *types.Slice:
		if elem, ok := u.Elem().Underlying().(*types.Basic); ok && elem.Kind() == types.Uint8 {
			if variesByBuild(pl.pkg, u.Elem()) {
				return library("another build can have other bytes")
			}
			return bytesForm(t, u)
		}
		return pl.container(t, SliceForm, u.Elem(), path)
	case *types.Array:
		if elem, ok := u.Elem().Underlying().(*types.Basic); ok && elem.Kind() == types.Uint8 && pl.format == "msgpack" {
			return library("an array of bytes")
		}
		return pl.container(t, ArrayForm, u.Elem(), path)
	case *types.Map:
		return pl.mapForm(t, u, path)
	}
	return library("no code is known for it")
}

func library(why string) *formPlan { return &formPlan{kind: LibraryForm, why: why} }

func scalar(t types.Type, u *types.Basic) *formPlan {
	f := &formPlan{kind: ScalarForm, typ: t, scalar: upperFirst(types.Typ[u.Kind()].Name())}
	if _, basic := t.(*types.Basic); !basic {
		f.basic = types.Typ[u.Kind()].Name()
	}
	return f
}

func bytesForm(t types.Type, u *types.Slice) *formPlan {
	if !types.Identical(u.Elem(), types.Typ[types.Uint8]) {
		return library("its bytes have a type of their own")
	}
	f := &formPlan{kind: BytesForm, typ: t}
	if _, plain := t.(*types.Slice); !plain {
		f.basic = "[]byte"
	}
	return f
}

// container returns the form of a type with elements, which is the library's if
// theirs is: for one value in it, it costs no more.
func (pl *planner) container(t types.Type, kind FormKind, elem types.Type, path string) *formPlan {
	if named, ok := t.(*types.Named); ok {
		if pl.open[named] {
			return library("a type that holds itself without a struct")
		}
		pl.open[named] = true
		defer delete(pl.open, named)
	}
	e := pl.form(elem, path)
	if e.kind == LibraryForm {
		return e
	}
	return &formPlan{kind: kind, typ: t, elem: e}
}

func (pl *planner) mapForm(t types.Type, u *types.Map, path string) *formPlan {
	kind := MapForm
	key, ok := u.Key().Underlying().(*types.Basic)
	if ok && key.Info()&types.IsInteger != 0 {
		kind = IntMapForm
	}
	f := pl.container(t, kind, u.Elem(), path)
	switch {
	case f.kind == LibraryForm:
		return f
	case !ok || hasCoding(u.Key(), pl.format):
		return library("its keys encode themselves")
	case variesByBuild(pl.pkg, u.Key()):
		return library("another build can have other keys")
	case pl.needsAddress(u.Elem(), nil):
		return library("its values have methods of pointers, which the library does not find in a map")
	}
	return f
}

// needsAddress reports whether a value of that type is encoded otherwise where it
// has no address, as in a map: a method of its pointer is not used there.
func (pl *planner) needsAddress(t types.Type, seen []types.Type) bool {
	t = types.Unalias(t)
	if slices.Contains(seen, t) {
		return false
	}
	if mayHaveMethods(t) {
		for _, c := range codings[pl.format] {
			if m, pointer := method(t, c.encode); m != nil {
				return pointer
			}
		}
	}
	switch u := t.Underlying().(type) {
	case *types.Array:
		return pl.needsAddress(u.Elem(), append(seen, t))
	case *types.Struct:
		for f := range u.Fields() {
			if pl.needsAddress(f.Type(), append(seen, t)) {
				return true
			}
		}
	}
	return false
}

// hidden returns why the guard of the struct around a type would not notice that a
// field is added to a struct without a name in it: it shows none behind a name.
func hidden(t types.Type) (why string) {
	if alias, ok := t.(*types.Alias); ok {
		t = types.Unalias(alias)
		if holdsAnonymous(t) {
			return "a struct without a name has no guard behind an alias"
		}
	}
	if named, ok := t.(*types.Named); ok {
		if _, isStruct := named.Underlying().(*types.Struct); !isStruct && holdsAnonymous(named.Underlying()) {
			return "a struct without a name has no guard behind the name of another type"
		}
	}
	return ""
}

// holdsAnonymous reports whether a type is written with a struct without a name.
func holdsAnonymous(t types.Type) bool {
	return !every(t, func(t types.Type) bool { _, ok := t.(*types.Struct); return !ok })
}

// aside returns the library's form for t, after a look at the structs in it, which
// the library may refuse.
func (pl *planner) aside(t, in types.Type, path, why string) *formPlan {
	if named, ok := t.(*types.Named); ok {
		if pl.open[named] {
			return library(why)
		}
		pl.open[named] = true
		defer delete(pl.open, named)
	}
	pl.form(in, path)
	return library(why)
}

// endless reports whether a pointer leads to nothing but pointers.
func endless(t types.Type) bool {
	for range maxDepth {
		p, ok := t.Underlying().(*types.Pointer)
		if !ok {
			return false
		}
		t = p.Elem()
	}
	return true
}
