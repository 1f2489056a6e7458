package gen

import (
	"cmp"
	"context"
	"fmt"
	"go/ast"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/packages"
)

// Config says what a run is about.
type Config struct {
	// Dir is the directory in which patterns are resolved.
	Dir string
	// Patterns are packages as the go command takes them, such as "./...".
	Patterns []string
	// Tags are build tags, separated by commas.
	Tags string
	// Env is the environment of the go command, by default that of the process.
	Env []string
}

func (c Config) loader(ctx context.Context, mode packages.LoadMode) *packages.Config {
	config := &packages.Config{Context: ctx, Mode: mode, Dir: c.Dir, Env: c.Env}
	if c.Tags != "" {
		config.BuildFlags = []string{"-tags=" + c.Tags}
	}
	return config
}

// list finds the packages of the run and scans their files. Types are loaded
// afterwards for those alone that are concerned: the second run of the go
// command costs less than the types of a few packages that need none.
func list(ctx context.Context, c Config, found *diagnostics) ([]listed, error) {
	for _, p := range c.Patterns {
		if strings.HasSuffix(p, ".go") {
			return nil, fmt.Errorf("%q is a file, where packages such as ./... are meant", p)
		}
	}
	loaded, err := packages.Load(c.loader(ctx, packages.NeedName|packages.NeedFiles|packages.NeedModule), c.Patterns...)
	if err != nil {
		return nil, err
	}
	if len(loaded) == 0 {
		return nil, fmt.Errorf("no packages match %s", strings.Join(c.Patterns, " "))
	}
	var all []listed
	for _, p := range loaded {
		if p.Dir == "" || len(p.GoFiles)+len(p.IgnoredFiles) == 0 && len(p.Errors) > 0 && !hasOutput(p.Dir) {
			for _, e := range p.Errors {
				found.errorf(parsePosition(e.Pos), "%s", explain(e.Msg))
			}
			continue
		}
		all = append(all, scan(p, found))
	}
	slices.SortFunc(all, func(a, b listed) int { return cmp.Compare(a.dir, b.dir) })
	return all, nil
}

const typedMode = packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo

// load loads the types of the packages that are concerned. There is no NeedDeps,
// as imports are read from the build cache, and no Overlay, which would have
// every dependency checked from its source.
func load(ctx context.Context, c Config, all []listed, found *diagnostics) (_ []*Package, notes []string, err error) {
	names := make(map[string]string)
	modules := make(map[string]string)
	var paths []string
	for _, l := range all {
		names[l.dir] = l.name
		modules[l.path] = l.module
		if l.concerned {
			paths = append(paths, l.path)
		}
	}
	if len(paths) == 0 {
		return nil, nil, nil
	}
	config := c.loader(ctx, typedMode)
	config.ParseFile = (&sources{names}).parse
	loaded, err := packages.Load(config, paths...)
	if err != nil {
		return nil, nil, err
	}
	if outputs := misnamed(loaded, names); len(outputs) > 0 {
		notes = append(notes, "loaded again, more slowly: a "+OutputName+" names another package than the files beside it")
		config.Overlay = outputs
		if loaded, err = packages.Load(config, paths...); err != nil {
			return nil, nil, err
		}
	}
	var pkgs []*Package
	for _, p := range loaded {
		if report(p, found) {
			continue
		}
		pkgs = append(pkgs, &Package{
			Path: p.PkgPath, Name: p.Types.Name(), Dir: p.Dir, Module: modules[p.PkgPath],
			Fset: p.Fset, Files: userFiles(p), Types: p.Types, Info: p.TypesInfo, TypeErrors: p.TypeErrors,
		})
	}
	slices.SortFunc(pkgs, func(a, b *Package) int { return cmp.Compare(a.Dir, b.Dir) })
	return pkgs, notes, nil
}

// misnamed returns what to lay over the outputs that have the go command take
// their package for another one. It believes the first file of a directory,
// which ours is when its name sorts first. Overlays make a run several times
// slower, so this is for that case alone.
func misnamed(loaded []*packages.Package, names map[string]string) map[string][]byte {
	overlay := make(map[string][]byte)
	for _, p := range loaded {
		if name := names[p.Dir]; name != "" && name != p.Name && hasOutput(p.Dir) {
			overlay[filepath.Join(p.Dir, OutputName)] = []byte("package " + name + "\n")
		}
	}
	return overlay
}

// report reports what keeps a package from being analysed, and whether anything
// does. Errors of types do not: a package need not compile.
func report(p *packages.Package, found *diagnostics) bool {
	before := len(*found)
	for _, e := range p.Errors {
		at := parsePosition(e.Pos)
		switch {
		case filepath.Base(at.Filename) == OutputName:
		case e.Kind == packages.ParseError, e.Kind == packages.ListError && len(p.Syntax) == 0, outdated(e.Msg):
			found.errorf(at, "%s", explain(e.Msg))
		}
	}
	if len(*found) == before && p.Types == nil {
		found.errorf(token.Position{}, "package %s has no types", p.PkgPath)
	}
	return len(*found) > before
}

// userFiles returns the files of a package but our own, by name.
func userFiles(p *packages.Package) []*ast.File {
	name := func(f *ast.File) string { return p.Fset.PositionFor(f.Package, false).Filename }
	files := slices.DeleteFunc(slices.Clone(p.Syntax), func(f *ast.File) bool {
		return filepath.Base(name(f)) == OutputName && len(f.Decls) == 0
	})
	slices.SortFunc(files, func(a, b *ast.File) int { return cmp.Compare(name(a), name(b)) })
	return files
}

// outdated reports whether a message of the loader means that this program was
// built with an older Go version than the one that built the dependencies.
func outdated(message string) bool {
	for _, sign := range []string{
		"without types was imported", "expected complete types", "of the source-processing packages but runs version",
		"unsupported version: ", "package requires newer Go version",
	} {
		if strings.Contains(message, sign) {
			return true
		}
	}
	return false
}

// explain makes a message of the loader printable, and adds what to do where it
// does not say so.
func explain(message string) string {
	if outdated(message) {
		message += "; rebuild stategen with this Go version"
	}
	return printable(message)
}

// parsePosition reads "file:line:col", "file:line", or "-" for no position.
func parsePosition(text string) token.Position {
	var p token.Position
	var numbers []int
	for len(numbers) < 2 {
		i := strings.LastIndexByte(text, ':')
		if i < 0 {
			break
		}
		n, err := strconv.Atoi(text[i+1:])
		if err != nil {
			break
		}
		numbers = append(numbers, n)
		text = text[:i]
	}
	switch len(numbers) {
	case 2:
		p.Line, p.Column = numbers[1], numbers[0]
	case 1:
		p.Line = numbers[0]
	}
	if text != "-" {
		p.Filename = text
	}
	return p
}
