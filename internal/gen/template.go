package gen

import (
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"slices"

	"github.com/typedstate/typedstate/internal/keyspec"
)

// place is a template of the run and where it stands.
type place struct {
	template *keyspec.Template
	at       token.Position
}

// parseTemplate reads a template that begins at pos.
func parseTemplate(p *Package, text string, pos token.Pos, found *diagnostics) *keyspec.Template {
	t, err := keyspec.Parse(text)
	if err != nil {
		offset, reason := 0, err.Error()
		if e, ok := errors.AsType[*keyspec.SyntaxError](err); ok {
			offset, reason = e.Offset, e.Reason
		}
		found.errorf(p.at(pos+token.Pos(offset)), "key template: %s", reason)
		return nil
	}
	return t
}

// defined returns the templates that a package passes by hand to state.Define and the
// functions of package ratelimit that take one, as far as they are constants.
func defined(p *Package, found *diagnostics) []place {
	var places []place
	for _, file := range p.Files {
		for n := range ast.Preorder(file) {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 || !isDefine(p, call.Fun) {
				continue
			}
			arg := call.Args[0]
			value := p.Info.Types[arg].Value
			if value == nil || value.Kind() != constant.String {
				continue
			}
			// Offsets hold in a literal that is written as it reads.
			text, start := constant.StringVal(value), arg.Pos()
			if lit, ok := arg.(*ast.BasicLit); ok && len(lit.Value) == len(text)+2 {
				start++
			} else if _, err := keyspec.Parse(text); err != nil {
				found.errorf(p.at(start), "%s", err)
				continue
			}
			if t := parseTemplate(p, text, start, found); t != nil {
				places = append(places, place{t, p.at(arg.Pos())})
			}
		}
	}
	return places
}

// limitDefiners are the functions of package ratelimit that take a template.
var limitDefiners = []string{defineName, defineName + "Keyed", defineName + "Semaphore"}

func isDefine(p *Package, fun ast.Expr) bool {
	switch f := fun.(type) {
	case *ast.IndexExpr: // Define[Session](...)
		fun = f.X
	case *ast.ParenExpr:
		return isDefine(p, f.X)
	}
	var id *ast.Ident
	switch f := fun.(type) {
	case *ast.SelectorExpr:
		id = f.Sel
	case *ast.Ident:
		id = f
	default:
		return false
	}
	obj := p.Info.Uses[id]
	if obj == nil || obj.Pkg() == nil {
		return false
	}
	switch obj.Pkg().Path() {
	case runtimePath:
		return obj.Name() == defineName
	case limitsPath:
		return slices.Contains(limitDefiners, obj.Name())
	}
	return false
}

// overlaps reports the templates that can make the same key, each pair at the
// later of the two.
func overlaps(places []place, found *diagnostics) {
	templates := make([]*keyspec.Template, len(places))
	for i, p := range places {
		templates[i] = p.template
	}
	for _, c := range keyspec.Conflicts(templates) {
		first, second := places[c.First], places[c.Second]
		found.errorf(second.at, "key template %q overlaps %q: both make %q",
			second.template, first.template, c.Witness)
		found.relate(first.at, "%s is here", fmt.Sprintf("%q", first.template))
	}
}
