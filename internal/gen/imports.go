package gen

import (
	"cmp"
	"fmt"
	"go/types"
	"maps"
	"slices"
	"strings"
)

// imports gives each package that the generated file needs a name of its own.
type imports struct {
	self   *types.Package
	taken  map[string]bool
	byPath map[string]Import
}

// newImports returns an importer for a package that leaves alone the names that
// are taken, the predeclared ones and those of local variables.
func newImports(self *types.Package, taken map[string]bool) *imports {
	i := &imports{self: self, taken: maps.Clone(taken), byPath: make(map[string]Import)}
	for _, names := range [][]string{types.Universe.Names(), locals} {
		for _, name := range names {
			i.taken[name] = true
		}
	}
	return i
}

// add returns the name of the package of that path, which calls itself name.
// Where that is taken the import gets the alias or a number.
func (i *imports) add(path, name, alias string) string {
	if known, ok := i.byPath[path]; ok {
		return known.Name
	}
	im := Import{Path: path, Name: name}
	for n := 1; i.taken[im.Name]; n++ {
		im.Name = alias
		if n > 1 {
			im.Name = fmt.Sprintf("%s%d", alias, n)
		}
		im.Alias = im.Name
	}
	if path[lastElement(path):] != name {
		im.Alias = im.Name
	}
	i.taken[im.Name] = true
	i.byPath[path] = im
	return im.Name
}

func lastElement(path string) int {
	for at := len(path); at > 0; at-- {
		if path[at-1] == '/' {
			return at
		}
	}
	return 0
}

// qualify is a [types.Qualifier] that imports what it names.
func (i *imports) qualify(pkg *types.Package) string {
	if pkg == i.self {
		return ""
	}
	return i.add(pkg.Path(), pkg.Name(), pkg.Name()+"pkg")
}

// text writes a type, and imports what it names.
func (i *imports) text(t types.Type) string {
	text := types.TypeString(t, i.qualify)
	if strings.Contains(text, ",") && !strings.Contains(text, "{") {
		// Type arguments come without the space that gofmt has between them.
		text = strings.ReplaceAll(strings.ReplaceAll(text, ", ", ","), ",", ", ")
	}
	return text
}

func (i *imports) sorted() []Import {
	list := make([]Import, 0, len(i.byPath))
	for _, im := range i.byPath {
		list = append(list, im)
	}
	slices.SortFunc(list, func(a, b Import) int { return cmp.Compare(a.Path, b.Path) })
	return list
}
