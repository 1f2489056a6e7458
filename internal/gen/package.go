package gen

import (
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strings"
)

// Package is one package as far as [Analyze] needs it. The type checker may have
// found errors in it: they matter only where an annotated type reaches them.
type Package struct {
	Path, Name string
	// Dir is the directory of its files, absolute.
	Dir string
	// Module is the path of the module it belongs to.
	Module string
	Fset   *token.FileSet
	// Files are its files in the order of their names, without generated ones.
	Files []*ast.File
	Types *types.Package
	Info  *types.Info
	// TypeErrors is what the type checker found.
	TypeErrors []types.Error

	someBuilds map[string]bool // of files: whether they have a build constraint
}

// at returns the position of pos in the file that was read. Line directives
// count only in what cgo wrote, whose own positions mean nothing to anybody.
func (p *Package) at(pos token.Pos) token.Position {
	at := p.Fset.PositionFor(pos, false)
	if filepath.Dir(at.Filename) != p.Dir {
		return p.Fset.Position(pos)
	}
	return at
}

// owns reports whether obj is declared in this package.
func (p *Package) owns(obj types.Object) bool { return obj.Pkg() == p.Types }

// sameModule reports whether a package of that path belongs to p's module.
func (p *Package) sameModule(path string) bool {
	return path == p.Path || p.Module != "" && (path == p.Module || strings.HasPrefix(path, p.Module+"/"))
}

// mayImport reports whether p may import the package of that path, which only
// the rules for internal packages and for commands forbid.
func (p *Package) mayImport(pkg *types.Package) bool {
	if pkg.Name() == "main" {
		return false
	}
	elements := strings.Split(pkg.Path(), "/")
	if slices.Contains(elements, "vendor") {
		return false
	}
	last := -1
	for i, e := range elements {
		if e == "internal" {
			last = i
		}
	}
	if last < 0 {
		return true
	}
	parent := strings.Join(elements[:last], "/")
	return parent != "" && (p.Path == parent || strings.HasPrefix(p.Path, parent+"/"))
}

// typeError returns what the type checker found from pos to the end of its line,
// as the end of a message.
func (p *Package) typeError(pos token.Pos) string {
	at := p.at(pos)
	for _, e := range p.TypeErrors {
		if other := p.at(e.Pos); other.Filename == at.Filename && other.Line == at.Line && other.Column >= at.Column {
			return ": " + printable(e.Msg)
		}
	}
	return "; go build says why"
}

// printable keeps a text that holds names of the user's from doing anything to a
// terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, s)
}
