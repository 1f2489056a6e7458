package gen

import (
	"go/ast"
	"go/build"
	"go/build/constraint"
	"go/token"
	"go/types"
	"io"
	"path/filepath"
	"regexp"
	"strings"
)

// directive is one //state: comment above the type it annotates.
type directive struct {
	ast.Directive
	file *ast.File
	spec *ast.TypeSpec
	// named is the annotated type, a struct unless it has a limit.
	named *types.Named
}

// The directives by their names.
const (
	keyDirective   = "key"
	limitDirective = "limit"
	jobDirective   = "job"
)

// usages are the directives with what they look like.
var usages = map[string]string{
	keyDirective:   "//state:key session:<userID> ttl=30m",
	limitDirective: "//state:limit calls:<userID> window=100/1m",
	jobDirective:   "//state:job import:<jobID> keep=24h",
}

const directiveList = "//state:key, //state:limit and //state:job"

const constraintRemedy = "the generated file would not be: move the annotated type to a file without one"

// spaced is a comment that was meant to be a directive.
var spaced = regexp.MustCompile(`^//[ \t]+(state:[a-z]+)([ \t]|$)`)

// directives returns the directives of a package that annotate a type as they must,
// in the order of its files, and reports all others.
func directives(p *Package, found *diagnostics) []directive {
	var all []directive
	for _, file := range p.Files {
		owners := owners(file)
		for _, group := range file.Comments {
			for _, c := range group.List {
				o := owners[group]
				if match := spaced.FindStringSubmatch(c.Text); match != nil && o.spec != nil {
					found.errorf(p.at(c.Slash), "a comment that looks like a directive; write it without a space: //%s", match[1])
				}
				if !strings.HasPrefix(c.Text, directivePrefix) {
					continue
				}
				d, ok := ast.ParseDirective(c.Slash, c.Text)
				if !ok || usages[d.Name] == "" {
					word, _, _ := strings.Cut(strings.TrimPrefix(c.Text, directivePrefix), " ")
					found.errorf(p.at(c.Slash+token.Pos(len(directivePrefix))), "unknown directive %q; there are %s", directivePrefix+word, directiveList)
					continue
				}
				if o.spec == nil {
					found.errorf(p.at(c.Slash), "%s%s %s", directivePrefix, d.Name, misplaced(file, c, o))
					continue
				}
				if named := annotated(p, o.spec, d, found); named != nil {
					if constrained(p.at(file.Package).Filename, file) {
						found.errorf(p.at(c.Slash), "this file has a build constraint and %s", constraintRemedy)
						continue
					}
					all = append(all, directive{d, file, o.spec, named})
				}
			}
		}
	}
	return all
}

// owner is the declaration that a comment group documents.
type owner struct {
	spec *ast.TypeSpec // a single type
	decl ast.Decl      // anything else
}

func owners(file *ast.File) map[*ast.CommentGroup]owner {
	owners := make(map[*ast.CommentGroup]owner)
	for _, decl := range file.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			owners[decl.Doc] = owner{decl: decl}
		case *ast.GenDecl:
			owners[decl.Doc] = owner{decl: decl}
			for _, spec := range decl.Specs {
				spec, ok := spec.(*ast.TypeSpec)
				if !ok {
					continue
				}
				if !decl.Lparen.IsValid() {
					owners[decl.Doc] = owner{spec: spec}
				} else {
					owners[spec.Doc] = owner{spec: spec}
				}
			}
		}
	}
	delete(owners, nil)
	return owners
}

// misplaced says what is wrong with the place of a directive.
func misplaced(file *ast.File, c *ast.Comment, o owner) string {
	if decl, ok := o.decl.(*ast.GenDecl); ok && decl.Tok == token.TYPE {
		return "stands on a group of types; move it to the type in the group"
	}
	if o.decl != nil {
		return "stands on a declaration that is no type"
	}
	for _, decl := range file.Decls {
		if decl.Pos() <= c.Slash && c.Slash < decl.End() {
			return "stands inside a declaration; it belongs in the comment directly above a package-level type"
		}
	}
	return "belongs to no type; it must stand in the comment directly above one, without an empty line between"
}

// annotated returns the type that a directive annotates, or nil if there is something
// wrong with it. Of one with a limit nothing is stored, so all that counts is its name.
func annotated(p *Package, spec *ast.TypeSpec, d ast.Directive, found *diagnostics) *types.Named {
	at, name := p.at(d.Slash), spec.Name.Name
	obj := p.Info.Defs[spec.Name]
	switch {
	case spec.Assign.IsValid():
		found.errorf(at, "%s is an alias; annotate the type it stands for", name)
		return nil
	case spec.TypeParams != nil:
		found.errorf(at, "%s is generic; annotate a type made from it, such as: type IntBox Box[int]", name)
		return nil
	case name == "_" && d.Name == keyDirective:
		found.errorf(at, "a type named _ cannot be stored")
		return nil
	case name == "_":
		found.errorf(at, "a type named _ gives no name to what is generated")
		return nil
	case obj == nil || p.Types.Scope().Lookup(name) != obj:
		found.errorf(at, "%s is declared twice", name)
		if other := p.Types.Scope().Lookup(name); other != nil {
			found.relate(p.at(other.Pos()), "%s is declared here", name)
		}
		return nil
	}
	named, ok := obj.Type().(*types.Named)
	if d.Name == limitDirective {
		return named
	}
	if ok && isInvalid(named.Underlying()) {
		found.errorf(p.at(spec.Type.Pos()), "the type of %s is not known%s", name, p.typeError(spec.Type.Pos()))
		return nil
	}
	if ok {
		_, ok = named.Underlying().(*types.Struct)
	}
	switch {
	case ok:
		return named
	case d.Name == jobDirective:
		found.errorf(at, "%s is no struct; a job stands above one with the fields %s and %s, or one of them", name, progressField, resultField)
	default:
		found.errorf(at, "%s is no struct; only structs can grow without breaking what is stored, so wrap it in one", name)
	}
	return nil
}

// constrained reports whether a file belongs to some builds only, by a comment
// or by its name.
func constrained(path string, file *ast.File) bool {
	for _, group := range file.Comments {
		if group.Pos() > file.Package {
			break
		}
		for _, c := range group.List {
			if constraint.IsGoBuild(c.Text) {
				return true
			}
		}
	}
	// No build has this system and architecture, so a name that matters for the
	// choice of files does not match.
	nowhere := build.Context{
		GOOS: "none", GOARCH: "none", Compiler: "gc",
		OpenFile: func(string) (io.ReadCloser, error) {
			return io.NopCloser(strings.NewReader("package p\n")), nil
		},
	}
	match, err := nowhere.MatchFile(filepath.Split(path))
	return err == nil && !match
}
