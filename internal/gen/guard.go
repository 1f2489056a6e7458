package gen

import (
	"fmt"
	"go/parser"
	"go/token"
	"go/types"
	"strconv"
	"strings"
	"unicode"
)

// guards returns a guard for each struct that can be written down in the
// generated file. Structs of other modules have none: a field that is added to
// one must not break the build of somebody who cannot generate this file anew.
func guards(p *Package, structs []*types.Named, im *imports) (list []Guard, notes []string) {
	for _, named := range structs {
		st := named.Underlying().(*types.Struct)
		if !guardable(p, named, st) {
			notes = append(notes, fmt.Sprintf("%s: no guard for %s: it is of another module or of some builds only, generic, or holds what cannot be named here",
				p.Path, types.TypeString(named, nil)))
			continue
		}
		list = append(list, Guard{
			Name:   lowerFirst(named.Obj().Name()) + "_changed__run_go_generate",
			Type:   types.TypeString(named, im.qualify),
			Struct: structText(st, im),
		})
	}
	return list, notes
}

func guardable(p *Package, named *types.Named, st *types.Struct) bool {
	return named.TypeArgs().Len() == 0 && !declaredForSomeBuilds(p, named) && named.Obj().Pkg() != nil &&
		p.sameModule(named.Obj().Pkg().Path()) &&
		named.Obj().Parent() == named.Obj().Pkg().Scope() &&
		expressible(p, named) && expressible(p, st)
}

// declaredForSomeBuilds reports whether the file of a type has a build constraint,
// so that another build can have other fields.
func declaredForSomeBuilds(p *Package, named *types.Named) bool {
	path := p.Fset.PositionFor(named.Obj().Pos(), false).Filename
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.PackageClauseOnly|parser.ParseComments)
	return err == nil && constrained(path, file)
}

// structText writes a struct type with one field to a line.
func structText(st *types.Struct, im *imports) string {
	if st.NumFields() == 0 {
		return "struct{}"
	}
	var b strings.Builder
	b.WriteString("struct {\n")
	for i := range st.NumFields() {
		f := st.Field(i)
		if !f.Embedded() {
			b.WriteString(f.Name() + " ")
		}
		b.WriteString(types.TypeString(f.Type(), im.qualify))
		if tag := st.Tag(i); tag != "" {
			b.WriteString(" " + quoteTag(tag))
		}
		b.WriteString("\n")
	}
	b.WriteString("}")
	return b.String()
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
