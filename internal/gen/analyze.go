package gen

import (
	"go/token"
	"go/types"
	"slices"
	"strings"

	"github.com/typedstate/typedstate/internal/keyspec"
)

// analysed is a directive with all that was read from it.
type analysed struct {
	directive
	options  options
	template *keyspec.Template
	at       token.Pos // of the template
	params   []resolved
	// names are those of a family, limiter those of a limiter, tracker those of a tracker.
	names   Names
	limiter LimiterNames
	tracker TrackerNames
	// values are what is stored: the struct of a family; the progress and the result of
	// jobs.
	values []value
}

// value is something that is stored.
type value struct {
	typ  types.Type // nil where there is nothing
	at   site
	plan *structPlan // of its codec, nil if the library has it
}

func (a *analysed) isKey() bool   { return a.Name == keyDirective }
func (a *analysed) isLimit() bool { return a.Name == limitDirective }
func (a *analysed) isJob() bool   { return a.Name == jobDirective }

// declares returns the names of what is generated for a.
func (a *analysed) declares() []string {
	switch {
	case a.isLimit():
		return a.limiter.all(len(a.params))
	case a.isJob():
		return a.tracker.all(len(a.params))
	default:
		return a.names.all(len(a.params), a.options.scan)
	}
}

// Analyze returns what the generated file of a package says, and what is wrong
// with the package's directives. The model is nil if there is nothing to generate
// and nothing to compare with other packages, and of no use if there is an error.
func Analyze(p *Package) (*Model, []Diagnostic) {
	var found diagnostics
	all := read(p, &found)
	structs := walk(p, all, &found)
	all = slices.DeleteFunc(all, func(a analysed) bool { return a.params == nil })
	places := defined(p, &found)
	if len(all) == 0 {
		if len(places) == 0 {
			return nil, found
		}
		return &Model{Package: p.Name, Dir: p.Dir, places: places}, found
	}
	shadowed(p, &found)
	var declared []declaration
	for _, a := range all {
		at := a.at
		if pos, ok := a.options.pos["name"]; ok {
			at = pos
		}
		for _, name := range a.declares() {
			declared = append(declared, declaration{name, a.directive, at})
		}
		places = append(places, place{a.template.Resolve(kinds(a.params)), p.at(a.at), a.isJob()})
	}
	tests := testNames(p)
	clashes(p, declared, tests, &found)
	codecs := newCodecs(p, declared, tests)
	for _, a := range all {
		for i := range a.values {
			if v := &a.values[i]; v.typ != nil && !hasErrors(found) { // a type that cannot be stored may have no end
				v.plan = codecs.root(v.typ, a.options.codec)
			}
		}
	}
	return model(p, all, codecs, structs, places), found
}

// read reads the directives of a package. Where a directive has an error that
// leaves no template with the types of its parameters, its params are nil.
func read(p *Package, found *diagnostics) []analysed {
	var all []analysed
	for _, d := range directives(p, found) {
		a := analysed{directive: d, options: options{codec: "json"}}
		switch name := a.spec.Name.Name; {
		case a.isKey():
			a.values = []value{{typ: a.named, at: site{pos: a.spec.Name.Pos(), from: name, path: name}}}
		case a.isJob():
			a.jobValues(p, found)
		}
		a.read(p, found)
		all = append(all, a)
	}
	return all
}

func (a *analysed) read(p *Package, found *diagnostics) {
	args, badQuote := splitArgs(a.Args, a.ArgsPos)
	if badQuote.IsValid() {
		found.errorf(p.at(badQuote), "a quoted value ends with a quote and a space after it")
		return
	}
	if len(args) == 0 || args[0].hasValue && readers[a.Name][args[0].name].usage != "" {
		found.errorf(p.at(a.ArgsPos), "no key template; write it first: %s", usages[a.Name])
		return
	}
	a.at = args[0].pos
	a.options = parseOptions(p, a.Directive, args[1:], found)
	if a.template = parseTemplate(p, args[0].raw, a.at, found); a.template == nil {
		return
	}
	params, ok := resolve(p, a.file, a.template, a.at, found)
	if !ok {
		return
	}
	a.params = params
	stem := a.options.name
	if stem == "" {
		stem = a.spec.Name.Name
	}
	switch {
	case a.isLimit():
		a.limiter = limiterNames(stem)
	case a.isJob():
		a.tracker = trackerNames(stem)
		if at := strings.IndexByte(args[0].raw, '{'); at >= 0 {
			found.errorf(p.at(a.at+token.Pos(at)), "key template: %s", leaveOut)
		}
		a.readable("a list of jobs cannot read a pointer back; use the type that it points to", p, found)
	default:
		a.names = familyNames(stem)
	}
	a.fieldClashes(p, found)
	if a.options.scan {
		a.walkable(p, found)
	}
}

// walkable reports what keeps the keys of a family from being walked over.
func (a *analysed) walkable(p *Package, found *diagnostics) {
	if len(a.params) == 0 {
		found.errorf(p.at(a.options.pos["scan"]), "option scan: the template makes one key, so there is nothing to walk over; leave scan out")
	}
	a.readable("a walk cannot read a pointer back; use the type that it points to, or leave scan out", p, found)
}

// readable reports parameters that cannot be made of the text in a key, and what to do.
func (a *analysed) readable(remedy string, p *Package, found *diagnostics) {
	for i, r := range a.params {
		if _, ok := types.Unalias(r.typ).(*types.Pointer); ok {
			param := a.template.Params()[i]
			found.errorf(p.at(a.at+token.Pos(param.TypeOffset)), "key template: parameter %s: %s", param.Name, remedy)
		}
	}
}

func kinds(params []resolved) []keyspec.Kind {
	kinds := make([]keyspec.Kind, len(params))
	for i, r := range params {
		kinds[i] = r.kind
	}
	return kinds
}

// walk visits what all values can hold, and returns the named structs among that.
func walk(p *Package, all []analysed, found *diagnostics) []*types.Named {
	walkers := make(map[string]*walker)
	var structs []*types.Named
	for _, a := range all {
		if a.isLimit() {
			continue
		}
		if a.isJob() && !slices.Contains(structs, a.named) {
			structs = append(structs, a.named) // its fields say what the jobs of the file are
		}
		w := walkers[a.options.codec]
		if w == nil {
			w = &walker{pkg: p, codec: a.options.codec, found: found, seen: make(map[types.Type]bool)}
			walkers[a.options.codec] = w
		}
		for _, v := range a.values {
			w.root = v.at.path
			switch {
			case v.typ == nil:
			case a.isJob():
				w.jobValue(v)
			default:
				w.typ(v.typ, v.at)
			}
		}
		for _, s := range w.structs {
			if !slices.Contains(structs, s) {
				structs = append(structs, s)
			}
		}
		w.structs = nil
	}
	return structs
}
