package gen

import (
	"fmt"
	"go/types"
	"strings"

	"golang.org/x/tools/go/types/typeutil"
)

// maxFields is the number of fields up to which package rt keeps count of them.
const maxFields = 256

// planner plans the codecs of a package in one format: how each struct that a
// value can hold is written and read.
//
// The code must mean what the library codec means, as package strict has it,
// since both may have to read what the other has written. What it cannot say as
// exactly it leaves to the library, at the field.
type planner struct {
	pkg    *Package
	format string // json or msgpack, as directives have it
	known  typeutil.Map
	// open are the named types that a form is being made for, other than structs.
	open map[*types.Named]bool
	// from is the struct whose fields are being planned.
	from *structPlan
}

// structPlan is the plan of one struct.
type structPlan struct {
	typ types.Type
	st  *types.Struct
	// path names a struct that has no name of its own.
	path string
	// why says why the struct is left to the library, if it is.
	why string
	// refused reports that the library codec refuses it, and with it everything
	// that can hold it.
	refused bool
	fields  []*fieldPlan
	others  []string
	// holds are the structs that its fields can hold.
	holds []*structPlan
	// stem is what the names of its functions begin with, once it has one.
	stem string
}

// fieldPlan is the plan of one field.
type fieldPlan struct {
	name    string
	path    []*types.Var // from the struct, through those that are embedded
	access  string       // path as a selector
	quoted  bool
	present presence
	form    *formPlan
}

// formPlan is how the values of a type are written and read.
type formPlan struct {
	kind   FormKind
	typ    types.Type
	scalar string
	basic  string
	elem   *formPlan
	plan   *structPlan
	why    string // of the library's
}

func newPlanner(p *Package, format string) *planner {
	return &planner{pkg: p, format: format, open: make(map[*types.Named]bool)}
}

// root returns the plan of a type that is stored by itself, and why it has no codec, if
// it has none.
func (pl *planner) root(t types.Type) (plan *structPlan, why string) {
	named, ok := types.Unalias(t).(*types.Named)
	if ok {
		_, ok = named.Underlying().(*types.Struct)
	}
	switch {
	case !ok:
		return nil, "it is no struct with a name"
	case hasCoding(named, pl.format):
		return nil, "it encodes itself"
	}
	plan = pl.structure(named, "")
	if plan.why != "" {
		return nil, plan.why
	}
	if plan.reaches(func(s *structPlan) bool { return s.refused }, make(map[*structPlan]bool)) {
		return nil, "the library codec refuses it"
	}
	return plan, ""
}

// reaches reports whether ok holds for a struct that s can hold, or for s.
func (s *structPlan) reaches(ok func(*structPlan) bool, seen map[*structPlan]bool) bool {
	if seen[s] {
		return false
	}
	seen[s] = true
	if ok(s) {
		return true
	}
	for _, held := range s.holds {
		if held.reaches(ok, seen) {
			return true
		}
	}
	return false
}

// structure returns the plan of a struct. Where that is not known yet, path says
// how it was reached.
func (pl *planner) structure(t types.Type, path string) *structPlan {
	if s, ok := pl.known.At(t).(*structPlan); ok {
		return s
	}
	s := &structPlan{typ: t, st: t.Underlying().(*types.Struct), path: path, why: pl.unguarded(t)}
	pl.known.Set(t, s)
	if pl.format == "msgpack" {
		pl.msgpackFields(s)
	} else {
		pl.jsonFields(s, s.st, nil)
	}
	if len(s.fields) > maxFields && s.why == "" {
		s.why = fmt.Sprintf("it has more than %d fields", maxFields)
	}
	from := pl.from
	pl.from = s
	for _, f := range s.fields {
		v := f.path[len(f.path)-1]
		f.form = pl.form(v.Type(), s.pathTo(v))
	}
	pl.from = from
	return s
}

// unguarded returns why no guard would notice that a field is added to a struct,
// which a codec would then lose. The guard of the struct around it covers one
// without a name, if that is written there.
func (pl *planner) unguarded(t types.Type) (why string) {
	switch t := t.(type) {
	case *types.Named:
		if !guardable(pl.pkg, t, t.Underlying().(*types.Struct)) {
			return "it has no guard, so that a new field could be lost"
		}
	case *types.Alias:
		if _, ok := types.Unalias(t).(*types.Struct); ok {
			return "an alias of a struct without a name has no guard"
		}
		return pl.unguarded(types.Unalias(t))
	default:
		if !expressible(pl.pkg, t) {
			return "it holds what cannot be named here"
		}
	}
	return ""
}

// checkBuilds leaves the struct to the library if more than the form of a field
// would depend on a type that other builds can have otherwise: where it is embedded
// its fields, and with options when it is empty or written as a string.
func (pl *planner) checkBuilds(s *structPlan, f *types.Var, options []string) {
	if (f.Embedded() || len(options) > 0) && variesByBuild(pl.pkg, f.Type()) {
		s.giveUp("its field %s is embedded or has options, and another type in another build", f.Name())
	}
}

// pathTo names a field for what has no name of its own.
func (s *structPlan) pathTo(f *types.Var) string {
	if named, ok := s.typ.(*types.Named); ok {
		return lowerFirst(named.Obj().Name()) + upperFirst(f.Name())
	}
	return s.path + upperFirst(f.Name())
}

// giveUp leaves the struct to the library, for the first reason of several.
func (s *structPlan) giveUp(format string, args ...any) {
	if s.why == "" {
		s.why = fmt.Sprintf(format, args...)
	}
}

// selector writes the path to a field. Each name on it can be used, as the struct
// has a guard that uses them too.
func selector(path []*types.Var) string {
	names := make([]string, len(path))
	for i, f := range path {
		names[i] = f.Name()
	}
	return strings.Join(names, ".")
}
