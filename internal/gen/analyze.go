package gen

import (
	"fmt"
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
	names    Names
}

// Analyze returns what the generated file of a package says, and what is wrong
// with the package's directives. The model is nil if there is nothing to generate
// and nothing to compare with other packages, and of no use if there is an error.
func Analyze(p *Package) (*Model, []Diagnostic) {
	var found diagnostics
	all := families(p, &found)
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
		for _, name := range a.names.all(len(a.params), a.options.scan) {
			declared = append(declared, declaration{name, a.directive, at})
		}
		places = append(places, place{a.template.Resolve(kinds(a.params)), p.at(a.at)})
	}
	tests := testNames(p)
	clashes(p, declared, tests, &found)
	codecs := newCodecs(p, declared, tests)
	plans := make([]*structPlan, len(all))
	for i, a := range all {
		if !hasErrors(found) { // a type that cannot be stored may have no end
			plans[i] = codecs.family(a.named, a.options.codec)
		}
	}
	return model(p, all, codecs, plans, structs, places), found
}

// families reads the directives of a package. Where a directive has an error that
// leaves no template with the types of its parameters, its params are nil.
func families(p *Package, found *diagnostics) []analysed {
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
	if len(args) == 0 || args[0].hasValue && readers[args[0].name].read != nil {
		found.errorf(p.at(a.ArgsPos), "no key template; write it first: //state:key session:<userID> ttl=30m")
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
	a.names = familyNames(stem)
	fieldClashes(p, a.template, a.names, a.options.scan, a.at, found)
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

// model turns what was read into plain data.
func model(p *Package, all []analysed, codecs *codecs, plans []*structPlan, structs []*types.Named, places []place) *Model {
	im := newImports(p.Types, codecs.taken)
	m := &Model{
		Locals:  codecs.locals,
		Package: p.Name, Dir: p.Dir,
		Context: im.add("context", "context", "stdcontext"),
		State:   im.add(runtimePath, "state", "typedstate"),
		RT:      im.add(runtimePath+"/rt", "rt", "typedrt"),
		places:  places,
	}
	for _, a := range all {
		if a.options.ttl > 0 || a.options.max > 0 {
			m.Time = im.add("time", "time", "stdtime")
		}
	}
	for _, a := range all {
		if a.options.scan || a.options.watch {
			m.Iter = im.add("iter", "iter", "stditer")
		}
	}
	for _, a := range all {
		for _, r := range a.params {
			// Imports come before parameters, so that none loses its name to one.
			part := Part{im.text(r.typ), r.kind}
			if _, named := types.Unalias(r.typ).(*types.Named); named && convert(r) && !slices.Contains(m.Parts, part) {
				m.Parts = append(m.Parts, part)
			}
		}
	}
	m.Guards, m.Notes = guards(p, structs, im)
	m.Notes = append(m.Notes, codecs.notes...)
	m.Codecs = codecs.model(im)
	m.MethodGuards = codecs.methodGuards(im)
	m.Imports = im.sorted()
	for i, a := range all {
		taken := make(map[string]bool)
		for _, im := range m.Imports {
			taken[im.Name] = true
		}
		for _, names := range [][]string{locals, a.names.all(len(a.params), a.options.scan), {a.spec.Name.Name}} {
			for _, name := range names {
				taken[name] = true
			}
		}
		m.Families = append(m.Families, Family{
			Type:     a.spec.Name.Name,
			Names:    a.names,
			Template: a.template.String(),
			Literals: a.template.Literals(),
			Params:   paramModels(a.template, a.params, im, taken),
			TTL:      a.options.ttl,
			Max:      a.options.max,
			Persist:  a.options.persist,
			Jitter:   a.options.jitter,
			Sliding:  a.options.sliding,
			Watch:    a.options.watch,
			Scan:     a.options.scan,
			Codec:    m.codecText(plans[i], a.options.codec),
		})
	}
	return m
}

// codecText writes the codec of a family, whose struct has that plan, if any.
func (m *Model) codecText(plan *structPlan, format string) string {
	switch {
	case plan == nil && format == "json":
		return ""
	case plan == nil:
		return m.State + ".Msgpack()"
	case format == "json":
		return fmt.Sprintf("%s.JSON(%sToJSON, %[2]sFromJSON)", m.RT, plan.stem)
	default:
		return fmt.Sprintf("%s.Msgpack(%sToMsgpack, %[2]sFromMsgpack)", m.RT, plan.stem)
	}
}
