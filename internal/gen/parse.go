package gen

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
)

// sources parses the files of a run.
type sources struct {
	// names holds the package names of the directories that were listed.
	names map[string]string
}

// parse is the ParseFile hook of the loader. Of our own output it keeps nothing
// but a package clause, made up rather than read, so that no state of that file
// can stand in the way. All other files lose the bodies of their functions,
// which say nothing about types but cost most of the type checker's time.
func (s *sources) parse(fset *token.FileSet, name string, src []byte) (*ast.File, error) {
	if filepath.Base(name) == OutputName && isGenerated(src) {
		clause := "package " + s.packageName(name, src) + "\n"
		return parser.ParseFile(fset, name, clause, parser.PackageClauseOnly)
	}
	file, err := parser.ParseFile(fset, name, src, parser.AllErrors|parser.ParseComments|parser.SkipObjectResolution)
	if file != nil && !mayDefine(src) {
		for _, decl := range file.Decls {
			if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil {
				f.Body.List = nil
			}
		}
	}
	return file, err
}

// packageName returns the name of the package that our output belongs to: what
// its siblings say, and only without any what the file says itself.
func (s *sources) packageName(output string, src []byte) string {
	dir := filepath.Dir(output)
	if name, ok := s.names[dir]; ok {
		return name
	}
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		name := e.Name()
		if name == OutputName || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		if ok, err := build.Default.MatchFile(dir, name); !ok || err != nil {
			continue
		}
		if text, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
			if name := clauseName(text); name != "" {
				return name
			}
		}
	}
	if name := clauseName(src); name != "" {
		return name
	}
	return "p"
}

// clauseName returns the name in the package clause of a file, or "".
func clauseName(src []byte) string {
	file, err := parser.ParseFile(token.NewFileSet(), "", src, parser.PackageClauseOnly)
	if err != nil {
		return ""
	}
	return file.Name.Name
}
