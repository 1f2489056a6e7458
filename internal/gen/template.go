package gen

import (
	"errors"
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"slices"
	"strings"

	"github.com/typedstate/typedstate/internal/keyspec"
)

// place is a template of the run and where it stands.
type place struct {
	template *keyspec.Template
	at       token.Position
	job      bool
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
// functions of packages ratelimit and jobs that take one, as far as they are constants.
func defined(p *Package, found *diagnostics) []place {
	var places []place
	for _, file := range p.Files {
		for n := range ast.Preorder(file) {
			call, ok := n.(*ast.CallExpr)
			if !ok || len(call.Args) == 0 {
				continue
			}
			pkg := definer(p, call.Fun)
			if pkg == "" {
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
			t, job := parseTemplate(p, text, start, found), pkg == jobsPath
			switch brace := strings.IndexByte(text, '{'); {
			case t == nil:
				continue
			case job && brace >= 0:
				if start == arg.Pos() { // it is not written as it reads
					brace = 0
				}
				found.errorf(p.at(start+token.Pos(brace)), "key template: %s", leaveOut)
			}
			places = append(places, place{t, p.at(arg.Pos()), job})
		}
	}
	return places
}

// definers are the functions that take a template, by the paths of their packages.
var definers = map[string][]string{
	runtimePath: {defineName},
	limitsPath:  {defineName, defineName + "Keyed", defineName + "Semaphore"},
	jobsPath:    {defineName, defineName + "Keyed"},
}

// definer returns the path of the package whose function that takes a template fun is, or "".
func definer(p *Package, fun ast.Expr) string {
	switch f := fun.(type) {
	case *ast.IndexExpr: // Define[Session](...)
		fun = f.X
	case *ast.IndexListExpr: // Define[string, Progress, Report](...)
		fun = f.X
	case *ast.ParenExpr:
		return definer(p, f.X)
	}
	var id *ast.Ident
	switch f := fun.(type) {
	case *ast.SelectorExpr:
		id = f.Sel
	case *ast.Ident:
		id = f
	default:
		return ""
	}
	obj := p.Info.Uses[id]
	if obj == nil || obj.Pkg() == nil || !slices.Contains(definers[obj.Pkg().Path()], obj.Name()) {
		return ""
	}
	return obj.Pkg().Path()
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
