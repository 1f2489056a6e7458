package gen

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// familyNames returns the names of a family's declarations. They are exported if
// the stem is.
func familyNames(stem string) Names {
	constructor := "new"
	if ast.IsExported(stem) {
		constructor = "New"
	}
	return Names{
		Key:       stem + "Key",
		Reader:    stem + "Reader",
		NewReader: constructor + upperFirst(stem) + "Reader",
		Store:     stem + "Store",
		NewStore:  constructor + upperFirst(stem) + "Store",
		Params:    stem + "Params",
		Family:    lowerFirst(stem) + "Family",
		Filter:    stem + "Filter",
		Parse:     "parse" + upperFirst(stem) + "Key",
	}
}

// all returns the names that a family with so many parameters declares.
func (n Names) all(params int, scan bool) []string {
	names := []string{n.Key, n.Reader, n.NewReader, n.Store, n.NewStore, n.Family}
	if params > 1 {
		names = append(names, n.Params)
	}
	if scan {
		names = append(names, n.Filter, n.Parse)
	}
	return names
}

// limiterNames returns the names of a limiter's declarations. They are exported if the
// stem is.
func limiterNames(stem string) LimiterNames {
	constructor := "new"
	if ast.IsExported(stem) {
		constructor = "New"
	}
	return LimiterNames{
		Limiter:    stem + "Limiter",
		NewLimiter: constructor + upperFirst(stem) + "Limiter",
		Subject:    stem + "Subject",
		Limits:     lowerFirst(stem) + "Limits",
	}
}

// all returns the names that a limiter with so many parameters declares.
func (n LimiterNames) all(params int) []string {
	names := []string{n.Limiter, n.NewLimiter, n.Limits}
	if params > 1 {
		names = append(names, n.Subject)
	}
	return names
}

// trackerNames returns the names of a tracker's declarations. They are exported if the stem
// is.
func trackerNames(stem string) TrackerNames {
	constructor := "new"
	if ast.IsExported(stem) {
		constructor = "New"
	}
	return TrackerNames{
		Tracker:    stem + "Tracker",
		NewTracker: constructor + upperFirst(stem) + "Tracker",
		Run:        stem + "Run",
		Status:     stem + "Status",
		Key:        stem + "JobKey",
		Jobs:       lowerFirst(stem) + "Jobs",
	}
}

// all returns the names that a tracker with so many parameters declares.
func (n TrackerNames) all(params int) []string {
	names := []string{n.Tracker, n.NewTracker, n.Run, n.Status, n.Jobs}
	if params > 1 {
		names = append(names, n.Key)
	}
	return names
}

func upperFirst(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[size:]
}

// lowerFirst makes a name unexported as a person would: Session gives session,
// HTTPCache gives httpCache, ID gives id.
func lowerFirst(s string) string {
	runes := []rune(s)
	for i, r := range runes {
		if !unicode.IsUpper(r) || i > 0 && i+1 < len(runes) && unicode.IsLower(runes[i+1]) {
			break
		}
		runes[i] = unicode.ToLower(r)
	}
	return string(runes)
}

// initialisms are parameter names that Go writes in capitals when exported.
var initialisms = map[string]string{"id": "ID", "uid": "UID", "uuid": "UUID", "url": "URL", "uri": "URI", "ip": "IP", "api": "API"}

// fieldName returns the exported form of a parameter's name, or false if it has
// none.
func fieldName(param string) (string, bool) {
	name, ok := initialisms[param]
	if !ok {
		name = upperFirst(param)
	}
	return name, ast.IsExported(name)
}

// plural returns a name for several of what name is one of.
func plural(name string) string {
	vowelBefore := func() bool { return len(name) > 1 && strings.IndexByte("aeiou", name[len(name)-2]) >= 0 }
	switch {
	case strings.HasSuffix(name, "y") && !vowelBefore():
		return name[:len(name)-1] + "ies"
	case strings.HasSuffix(name, "s"), strings.HasSuffix(name, "x"), strings.HasSuffix(name, "ch"), strings.HasSuffix(name, "sh"):
		return name + "es"
	default:
		return name + "s"
	}
}

// locals are the names that generated functions use for their own. Nothing that
// such a function needs may be called the same.
var locals = []string{"a", "b", "change", "ctx", "err", "f", "found", "keys", "old", "opts", "p", "r", "rw", "s", "v", "values"}

// used are the predeclared names that generated code needs besides the types of
// parameters and fields.
var used = []string{"bool", "byte", "error", "int64", "len", "nil", "string", "true", "uint64"}

// safeName returns name, with as many underscores after it as it takes to be no
// keyword, no predeclared name and not taken, and takes it.
func safeName(name string, taken map[string]bool) string {
	for token.IsKeyword(name) || types.Universe.Lookup(name) != nil || taken[name] {
		name += "_"
	}
	taken[name] = true
	return name
}

// shadowed reports what the package declares under names that generated code
// needs with their predeclared meaning.
func shadowed(p *Package, found *diagnostics) {
	for _, name := range p.Types.Scope().Names() {
		_, isType := types.Universe.Lookup(name).(*types.TypeName)
		if !isType && !slices.Contains(used, name) {
			continue
		}
		found.errorf(p.at(p.Types.Scope().Lookup(name).Pos()),
			"generated code needs the predeclared %s; give this declaration another name", name)
	}
}

// declaration is a name that generated code declares, and for what.
type declaration struct {
	name string
	d    directive
	at   token.Pos
}

// clashes reports names of declarations that the package or a test in it declares
// itself, that a file uses for an import, or that two families declare.
func clashes(p *Package, declared []declaration, tests map[string]token.Position, found *diagnostics) {
	imports := importNames(p)
	first := make(map[string]declaration)
	reported := make(map[token.Pos]bool) // families that clash as a whole need one message
	for _, d := range declared {
		const remedy = "choose other names with name=Ident"
		if obj := p.Types.Scope().Lookup(d.name); obj != nil {
			found.errorf(p.at(d.at), "generated name %s is declared in the package; rename that, or %s", d.name, remedy)
			found.relate(p.at(obj.Pos()), "%s is declared here", d.name)
		}
		if at, ok := tests[d.name]; ok {
			found.errorf(p.at(d.at), "generated name %s is declared in a test of the package; rename that, or %s", d.name, remedy)
			found.relate(at, "%s is declared here", d.name)
		}
		if spec, ok := imports[d.name]; ok {
			found.errorf(p.at(d.at), "generated name %s is the name of an import; rename that, or %s", d.name, remedy)
			found.relate(p.at(spec), "%s is imported here", d.name)
		}
		if other, ok := first[d.name]; ok {
			if !reported[d.at] {
				found.errorf(p.at(d.at), "generated name %s is generated for another template already; %s", d.name, remedy)
				found.relate(p.at(other.at), "%s is generated for this one", d.name)
			}
			reported[d.at] = true
			continue
		}
		first[d.name] = d
	}
}

// testNames returns what the tests inside a package declare, with which the generated
// file is compiled too. They are parsed alone: their types would take a second load.
func testNames(p *Package) map[string]token.Position {
	names := make(map[string]token.Position)
	entries, _ := os.ReadDir(p.Dir)
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		fset := token.NewFileSet()
		file, _ := parser.ParseFile(fset, filepath.Join(p.Dir, e.Name()), nil, parser.SkipObjectResolution)
		if file == nil || file.Name.Name != p.Name {
			continue
		}
		add := func(id *ast.Ident) {
			if id != nil {
				names[id.Name] = fset.PositionFor(id.Pos(), false)
			}
		}
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Recv == nil {
					add(decl.Name)
				}
			case *ast.GenDecl:
				for _, spec := range decl.Specs {
					switch spec := spec.(type) {
					case *ast.ImportSpec:
						add(spec.Name)
					case *ast.TypeSpec:
						add(spec.Name)
					case *ast.ValueSpec:
						for _, name := range spec.Names {
							add(name)
						}
					}
				}
			}
		}
	}
	return names
}

// importNames returns the names that the files of a package give to imports, and
// those that a dot import brings.
func importNames(p *Package) map[string]token.Pos {
	names := make(map[string]token.Pos)
	for _, file := range p.Files {
		scope := p.Info.Scopes[file]
		if scope == nil {
			continue
		}
		for _, name := range scope.Names() {
			if obj := scope.Lookup(name); p.owns(obj) {
				names[name] = obj.Pos()
			} else if _, ok := names[name]; !ok {
				names[name] = dotImport(file, obj)
			}
		}
	}
	return names
}

// dotImport returns where a file imports the package of obj.
func dotImport(file *ast.File, obj types.Object) token.Pos {
	for _, spec := range file.Imports {
		if obj.Pkg() != nil && strings.Trim(spec.Path.Value, "`\"") == obj.Pkg().Path() {
			return spec.Pos()
		}
	}
	return file.Package
}
