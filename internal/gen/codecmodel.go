package gen

import (
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/types/typeutil"
)

// codecs plans the codecs of a package, and turns them into plain data.
type codecs struct {
	pkg      *Package
	planners map[string]*planner
	// order holds the plans that code is made for by format, in the order in which
	// the families reach them.
	order map[string][]*structPlan
	// taken are the names that declarations have, imported those that the files of
	// the package give to imports, which no declaration may have.
	taken    map[string]bool
	imported map[string]token.Pos
	// stems are what the names of the functions of a struct begin with, in any
	// format.
	stems  typeutil.Map
	locals Locals
	notes  []string
}

// The formats by their names in directives and in package rt.
var formats = []struct{ directive, rt string }{{"json", "JSON"}, {"msgpack", "Msgpack"}}

// suffixes are the ends of the names that the codecs of a struct can have.
var suffixes = []string{"ToJSON", "FromJSON", "ToMsgpack", "FromMsgpack", "Fields", "MsgpackFields"}

func newCodecs(p *Package, declared []declaration, tests map[string]token.Position) *codecs {
	c := &codecs{pkg: p, planners: make(map[string]*planner), order: make(map[string][]*structPlan), taken: make(map[string]bool), imported: importNames(p)}
	for _, f := range formats {
		c.planners[f.directive] = newPlanner(p, f.directive)
	}
	for _, name := range p.Types.Scope().Names() {
		c.taken[name] = true
	}
	for _, d := range declared {
		c.taken[d.name] = true
	}
	local := func(name string) string {
		for c.taken[name] {
			name += "_"
		}
		c.taken[name] = true
		return name
	}
	c.locals = Locals{Encoder: local("e"), Decoder: local("d"), Value: local("v"), Object: local("o"), Map: local("m")}
	for name := range tests { // local variables may be called the same
		c.taken[name] = true
	}
	return c
}

// root plans the codec of a type that is stored by itself, and returns nil if it has none.
func (c *codecs) root(t types.Type, format string) *structPlan {
	plan, why := c.planners[format].root(t)
	if plan == nil {
		name := types.TypeString(t, types.RelativeTo(c.pkg.Types))
		c.notes = append(c.notes, fmt.Sprintf("%s: no %s codec for %s: %s", c.pkg.Path, format, name, why))
		return nil
	}
	c.add(plan, format)
	return plan
}

// add puts a plan and all that its code calls in the order.
func (c *codecs) add(s *structPlan, format string) {
	if s.stem != "" {
		return
	}
	s.stem = c.stem(s)
	c.order[format] = append(c.order[format], s)
	for _, f := range s.fields {
		if f.form.kind == LibraryForm {
			c.notes = append(c.notes, fmt.Sprintf("%s: the %s library has field %s of %s: %s",
				c.pkg.Path, format, f.path[len(f.path)-1].Name(), types.TypeString(s.typ, types.RelativeTo(c.pkg.Types)), f.form.why))
		}
		for form := f.form; form != nil; form = form.elem {
			if form.plan != nil {
				c.add(form.plan, format)
			}
		}
	}
}

// stem chooses the names of a struct's functions, which nobody but the generated
// file needs to know: where one is taken there is a number.
func (c *codecs) stem(s *structPlan) string {
	if known, ok := c.stems.At(s.typ).(string); ok {
		return known
	}
	base := s.path
	if named, ok := s.typ.(*types.Named); ok && (named.TypeArgs().Len() == 0 || base == "") {
		base = lowerFirst(named.Obj().Name())
		if !c.pkg.owns(named.Obj()) {
			base = lowerFirst(named.Obj().Pkg().Name()) + upperFirst(named.Obj().Name())
		}
	}
	name := base
	for n := 2; slices.ContainsFunc(suffixes, func(end string) bool { return c.isTaken(name + end) }); n++ {
		name = fmt.Sprintf("%s%d", base, n)
	}
	for _, suffix := range suffixes {
		c.taken[name+suffix] = true
	}
	c.stems.Set(s.typ, name)
	return name
}

func (c *codecs) isTaken(name string) bool {
	_, imported := c.imported[name]
	return imported || c.taken[name]
}

// model returns the codecs as the generated file writes them.
func (c *codecs) model(im *imports) []Codec {
	var all []Codec
	owner := make(map[string]int) // of the variables, by name
	for _, f := range formats {
		for _, s := range c.order[f.directive] {
			codec := Codec{
				Format: f.rt, Encode: s.stem + "To" + f.rt, Decode: s.stem + "From" + f.rt,
				Fields: s.stem + "Fields", OwnsFields: true,
				Type: c.typeText(s.typ, im), Others: s.others,
			}
			for _, field := range s.fields {
				codec.List = append(codec.List, Field{
					Name: field.name, Path: field.access, Quoted: field.quoted,
					Present: c.presentText(field, im), Unwritten: field.present.never,
					Form: c.form(field.form, f.rt, im),
				})
			}
			if i, ok := owner[codec.Fields]; !ok {
				owner[codec.Fields] = len(all)
			} else if codec.OwnsFields = !sameNames(all[i], codec); codec.OwnsFields {
				codec.Fields = s.stem + "MsgpackFields"
			}
			all = append(all, codec)
		}
	}
	return all
}

func sameNames(a, b Codec) bool {
	return slices.EqualFunc(a.List, b.List, func(a, b Field) bool { return a.Name == b.Name }) && slices.Equal(a.Others, b.Others)
}

func (c *codecs) typeText(t types.Type, im *imports) string {
	if st, ok := t.(*types.Struct); ok {
		return structText(st, im)
	}
	return im.text(t)
}

func (c *codecs) presentText(f *fieldPlan, im *imports) string {
	zero, reflect := "", ""
	if f.present.zero != nil {
		zero = strings.ReplaceAll(c.typeText(f.present.zero, im), "\n", "\n\t") // it stands in a function
	}
	if strings.Contains(f.present.text, "$reflect") {
		reflect = im.add("reflect", "reflect", "stdreflect")
	}
	// In one pass, as the tags in a type can hold a $ too.
	return strings.NewReplacer("$T", zero, "$reflect", reflect, "$", c.locals.Value+"."+f.access).Replace(f.present.text)
}

// form writes a form as plain data.
func (c *codecs) form(f *formPlan, format string, im *imports) *Form {
	out := &Form{Kind: f.kind, Scalar: f.scalar, Basic: f.basic}
	if f.plan != nil {
		out.Encode, out.Decode = f.plan.stem+"To"+format, f.plan.stem+"From"+format
	}
	if f.elem != nil {
		out.Elem = c.form(f.elem, format, im)
		if f.elem.kind != StructForm {
			out.Elem.Type = c.typeText(f.elem.typ, im)
		}
	}
	return out
}
