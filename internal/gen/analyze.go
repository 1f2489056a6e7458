package gen

import (
	"go/token"
	"go/types"
	"slices"

	"github.com/typedstate/typedstate/internal/keyspec"
)

// analysed is a directive with all that was read from it.
type analysed struct {
	directive
	options  options
	template *keyspec.Template
	at       token.Pos // of the template
	params   []resolved
	// names are those of a family, limiter those of a limiter.
	names   Names
	limiter LimiterNames
}

func (a *analysed) isLimit() bool { return a.Name == limitDirective }

// declares returns the names of what is generated for a.
func (a *analysed) declares() []string {
	if a.isLimit() {
		return a.limiter.all(len(a.params))
	}
	return a.names.all(len(a.params), a.options.scan)
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
		places = append(places, place{a.template.Resolve(kinds(a.params)), p.at(a.at)})
	}
	tests := testNames(p)
	clashes(p, declared, tests, &found)
	codecs := newCodecs(p, declared, tests)
	plans := make([]*structPlan, len(all))
	for i, a := range all {
		if !a.isLimit() && !hasErrors(found) { // a type that cannot be stored may have no end
			plans[i] = codecs.family(a.named, a.options.codec)
		}
	}
	return model(p, all, codecs, plans, structs, places), found
}

// read reads the directives of a package. Where a directive has an error that
// leaves no template with the types of its parameters, its params are nil.
func read(p *Package, found *diagnostics) []analysed {
	var all []analysed
	for _, d := range directives(p, found) {
		a := analysed{directive: d, options: options{codec: "json"}}
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
	if a.isLimit() {
		a.limiter = limiterNames(stem)
	} else {
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
	for i, r := range a.params {
		if _, ok := types.Unalias(r.typ).(*types.Pointer); ok {
			param := a.template.Params()[i]
			found.errorf(p.at(a.at+token.Pos(param.TypeOffset)),
				"key template: parameter %s: a walk cannot read a pointer back; use the type that it points to, or leave scan out", param.Name)
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

// walk visits what the values of all families can hold, and returns the named
// structs among that.
func walk(p *Package, all []analysed, found *diagnostics) []*types.Named {
	walkers := make(map[string]*walker)
	var structs []*types.Named
	for _, a := range all {
		if a.isLimit() {
			continue
		}
		w := walkers[a.options.codec]
		if w == nil {
			w = &walker{pkg: p, codec: a.options.codec, found: found, seen: make(map[types.Type]bool)}
			walkers[a.options.codec] = w
		}
		w.root = a.spec.Name.Name
		w.typ(a.named, site{pos: a.spec.Name.Pos(), from: w.root, path: w.root})
		for _, s := range w.structs {
			if !slices.Contains(structs, s) {
				structs = append(structs, s)
			}
		}
		w.structs = nil
	}
	return structs
}
