package gen

import (
	"fmt"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/tools/go/types/typeutil"
)

// guards returns a guard for each struct that can be written down in the
// generated file. Structs of other modules have none: a field that is added to
// one must not break the build of somebody who cannot generate this file anew.
func guards(p *Package, structs []*types.Named, im *imports) (list []Guard, notes []string) {
	for _, named := range structs {
		st := named.Underlying().(*types.Struct)
		if !guardable(p, named, st) {
			notes = append(notes, fmt.Sprintf("%s: no guard for %s: it is of another module or of some builds only, or holds what cannot be named here",
				p.Path, types.TypeString(named, nil)))
			continue
		}
		list = append(list, Guard{
			Name:   lowerFirst(named.Obj().Name()) + "_changed__run_go_generate",
			Type:   im.text(named),
			Struct: structText(st, im),
		})
	}
	return list, notes
}

func guardable(p *Package, named *types.Named, st *types.Struct) bool {
	return named.Obj().Pkg() != nil && p.sameModule(named.Obj().Pkg().Path()) &&
		named.Obj().Parent() == named.Obj().Pkg().Scope() &&
		expressible(p, named) && expressible(p, st) && !declaredForSomeBuilds(p, named.Obj())
}

// methodGuards returns a guard for each type that a codec writes and reads by what it
// is made of, as the library would do that no more once it has methods for it. Types of
// other modules have none, for the same reason as with structs: most of these are basic
// ones such as time.Duration, which would be slow if they were left to the library.
func (c *codecs) methodGuards(im *imports) (list []MethodGuard) {
	for _, f := range formats {
		var seen typeutil.Map
		add := func(t types.Type) {
			named, ok := types.Unalias(t).(*types.Named)
			if !ok || seen.At(named) != nil {
				return
			}
			seen.Set(named, true)
			if methodGuardable(c.pkg, named, f.directive, f.rt+"Methods") {
				list = append(list, MethodGuard{
					Name:   lowerFirst(named.Obj().Name()) + "_encodes_itself__run_go_generate",
					Format: f.rt,
					Type:   im.text(named),
				})
			}
		}
		for _, s := range c.order[f.directive] {
			add(s.typ)
			for _, field := range s.fields {
				for _, embedded := range field.path[:len(field.path)-1] {
					add(embedded.Type())
				}
				for form := field.form; form != nil && form.kind != LibraryForm; form = form.elem {
					add(form.typ)
					if m, ok := form.typ.Underlying().(*types.Map); ok {
						add(m.Key())
					}
				}
			}
		}
	}
	return list
}

// methodGuardable reports whether a guard would compile now: not beside a field, or a
// method of another type, that is called like one of those methods.
func methodGuardable(p *Package, named *types.Named, format, guard string) bool {
	obj := named.Obj()
	if obj.Pkg() == nil || !p.sameModule(obj.Pkg().Path()) || !expressible(p, named) || obj.Name() == guard {
		return false
	}
	return !slices.ContainsFunc(codings[format], func(c coding) bool {
		return hasOwn(named, c.encode.name) || hasOwn(named, c.decode.name)
	})
}

// hasOwn reports whether a type has a field or a method of that name which does not
// come from an embedded field.
func hasOwn(named *types.Named, name string) bool {
	obj, index, _ := types.LookupFieldOrMethod(named, true, nil, name)
	return obj != nil && len(index) == 1
}

// declaredForSomeBuilds reports whether the file of a type has a build constraint,
// so that another build can have another type.
func declaredForSomeBuilds(p *Package, obj *types.TypeName) bool {
	if obj.Pkg() == nil { // predeclared
		return false
	}
	path := p.Fset.PositionFor(obj.Pos(), false).Filename
	some, known := p.someBuilds[path]
	if !known {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly|parser.ParseComments)
		some = err == nil && constrained(path, file)
		if p.someBuilds == nil {
			p.someBuilds = make(map[string]bool)
		}
		p.someBuilds[path] = some
	}
	return some
}

// variesByBuild reports whether a type, which may be behind aliases, can be another
// one in another build.
func variesByBuild(p *Package, t types.Type) bool {
	for {
		switch named := t.(type) {
		case *types.Alias:
			if declaredForSomeBuilds(p, named.Obj()) {
				return true
			}
			t = named.Rhs()
		case *types.Named:
			return declaredForSomeBuilds(p, named.Obj())
		default:
			return false
		}
	}
}

// looseStruct begins a struct type that gofmt has still to lay out.
const looseStruct = "struct  {\n"

// structText writes a struct type with one field to a line, in columns as gofmt
// has them: the names, and the types of each run of fields with tags.
func structText(st *types.Struct, im *imports) string {
	n := st.NumFields()
	if n == 0 {
		return "struct{}"
	}
	names, texts, tags := make([]string, n), make([]string, n), make([]string, n)
	nameWidth, begin := 0, "struct {\n"
	for i := range n {
		f := st.Field(i)
		names[i], texts[i] = f.Name(), im.text(f.Type())
		if tag := st.Tag(i); tag != "" {
			tags[i] = quoteTag(tag)
		}
		if f.Embedded() {
			names[i], begin = "", looseStruct
		}
		nameWidth = max(nameWidth, utf8.RuneCountInString(names[i]))
	}
	b := []byte(begin)
	for i := 0; i < n; {
		end, typeWidth := i, 0
		for ; end == i || end < n && tags[i] != "" && tags[end] != ""; end++ {
			typeWidth = max(typeWidth, utf8.RuneCountInString(texts[end]))
		}
		for ; i < end; i++ {
			b = append(b, '\t')
			b = appendPadded(b, names[i], nameWidth+1)
			if tags[i] == "" {
				b = append(b, texts[i]...)
			} else {
				b = append(appendPadded(b, texts[i], typeWidth+1), tags[i]...)
			}
			b = append(b, '\n')
		}
	}
	return string(append(b, '}'))
}

func appendPadded(b []byte, s string, width int) []byte {
	b = append(b, s...)
	for range width - utf8.RuneCountInString(s) {
		b = append(b, ' ')
	}
	return b
}

// quoteTag writes a tag as people do if nothing in it could be misread.
func quoteTag(tag string) string {
	if strings.ContainsFunc(tag, func(r rune) bool { return r == '`' || r == unicode.ReplacementChar || !strconv.IsPrint(r) }) {
		return strconv.Quote(tag)
	}
	return "`" + tag + "`"
}

// expressible reports whether the package can write a type down.
func expressible(p *Package, t types.Type) bool {
	return every(t, func(t types.Type) bool {
		switch t := t.(type) {
		case *types.Alias:
			return reachable(p, t.Obj())
		case *types.Named:
			return reachable(p, t.Obj())
		case *types.Basic:
			return t.Kind() != types.Invalid
		case *types.Struct:
			for f := range t.Fields() {
				if !f.Exported() && !p.owns(f) {
					return false
				}
			}
		case *types.Interface:
			for m := range t.ExplicitMethods() {
				if !m.Exported() && !p.owns(m) {
					return false
				}
			}
		case *types.TypeParam, *types.Union:
			return false
		}
		return true
	})
}

// reachable reports whether the package can name an object.
func reachable(p *Package, obj *types.TypeName) bool {
	switch {
	case obj.Pkg() == nil: // predeclared
		return true
	case p.owns(obj):
		return obj.Parent() == p.Types.Scope()
	case obj.Pkg().Path() == "C" || obj.Pkg() == types.Unsafe:
		return obj.Pkg() == types.Unsafe
	default:
		return obj.Exported() && p.mayImport(obj.Pkg())
	}
}
