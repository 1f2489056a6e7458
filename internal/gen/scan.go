package gen

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/packages"
)

// What a file must hold to concern the generator. Reading the files for these
// texts costs next to nothing, and most packages of a module hold none.
const (
	directivePrefix = "//state:"
	spacedKey       = "state:key"
	spacedLimit     = "state:limit"
	spacedJob       = "state:job"
	runtimePath     = "github.com/typedstate/typedstate/state"
	limitsPath      = runtimePath + "/ratelimit"
	jobsPath        = runtimePath + "/jobs"
	defineName      = "Define"
)

// listed is a package of the run before its types are loaded.
type listed struct {
	path, name, dir string
	module          string
	// concerned reports whether its types are needed.
	concerned bool
	// generated reports whether it has a generated file.
	generated bool
}

// scan reads the files of a package for directives.
func scan(p *packages.Package, found *diagnostics) listed {
	l := listed{path: p.PkgPath, name: p.Name, dir: p.Dir}
	if p.Module != nil {
		l.module = p.Module.Path
	}
	named := false
	for _, name := range p.GoFiles {
		src, err := os.ReadFile(name)
		if err != nil {
			continue // the loader reports it if the package matters
		}
		if filepath.Base(name) == OutputName && isGenerated(src) {
			continue
		}
		if clause := clauseName(src); clause != "" && !named {
			l.name, named = clause, true
		}
		if concerns(src) {
			l.concerned = true
		}
	}
	for _, name := range p.IgnoredFiles {
		scanOutside(name, found, "this file is left out by its build constraint; "+constraintRemedy)
	}
	entries, _ := os.ReadDir(l.dir)
	for _, e := range entries {
		switch name := e.Name(); {
		case name == OutputName:
			content, err := os.ReadFile(filepath.Join(l.dir, name))
			l.generated = err == nil && isGenerated(content)
		case strings.HasSuffix(name, "_test.go"):
			scanOutside(filepath.Join(l.dir, name), found, "a test file cannot hold annotated types; move the type to another file")
		}
	}
	return l
}

// mayDefine tells a file that can call state.Define, or a function of package ratelimit or
// jobs that begins with the same word, from one that cannot, by what must stand in it whatever
// the import is called and however the call is written.
func mayDefine(src []byte) bool {
	return bytes.Contains(src, []byte(runtimePath)) && bytes.Contains(src, []byte(defineName))
}

func concerns(src []byte) bool {
	return bytes.Contains(src, []byte(directivePrefix)) || bytes.Contains(src, []byte(spacedKey)) ||
		bytes.Contains(src, []byte(spacedLimit)) || bytes.Contains(src, []byte(spacedJob)) || mayDefine(src)
}

// scanOutside reports the directives of a file that is no part of the package
// that would be generated for.
func scanOutside(name string, found *diagnostics, message string) {
	src, err := os.ReadFile(name)
	if err != nil || filepath.Ext(name) != ".go" || !bytes.Contains(src, []byte(directivePrefix)) {
		return
	}
	fset := token.NewFileSet()
	file, _ := parser.ParseFile(fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if file == nil {
		return
	}
	for _, group := range file.Comments {
		for _, c := range group.List {
			if _, ok := ast.ParseDirective(c.Slash, c.Text); ok && strings.HasPrefix(c.Text, directivePrefix) {
				found.errorf(fset.PositionFor(c.Slash, false), "%s", message)
			}
		}
	}
}
