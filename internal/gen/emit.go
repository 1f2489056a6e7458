package gen

import (
	"bytes"
	"fmt"
	"go/format"
	"strconv"
	"strings"
	"time"

	"github.com/typedstate/typedstate/internal/keyspec"
)

// Emit returns the generated file of a model.
func Emit(m *Model) ([]byte, error) {
	e := emitter{model: m}
	e.preamble()
	for i := range m.Families {
		e.family(&m.Families[i])
	}
	e.guards()
	formatted, err := format.Source(e.out.Bytes())
	if err != nil {
		return nil, fmt.Errorf("the generated file for %s does not parse: %w", m.Dir, err)
	}
	return formatted, nil
}

type emitter struct {
	model *Model
	out   bytes.Buffer
}

func (e *emitter) line(format string, args ...any) {
	fmt.Fprintf(&e.out, format, args...)
	e.out.WriteByte('\n')
}

// docWidth is where lines of comments end.
const docWidth = 116

// doc writes a comment. Nothing that a person wrote gets here but names and
// templates, which hold letters, digits and a few marks.
func (e *emitter) doc(format string, args ...any) {
	line := "//"
	for word := range strings.FieldsSeq(fmt.Sprintf(format, args...)) {
		if len(line)+1+len(word) > docWidth && line != "//" {
			e.line("%s", line)
			line = "//"
		}
		line += " " + word
	}
	e.line("%s", line)
}

func (e *emitter) preamble() {
	m := e.model
	e.line("%s\n\npackage %s\n\nimport (", header, m.Package)
	for _, std := range []bool{true, false} {
		for _, im := range m.Imports {
			if first, _, _ := strings.Cut(im.Path, "/"); strings.Contains(first, ".") != std {
				e.line("%s %q", im.Alias, im.Path)
			}
		}
		e.line("")
	}
	e.line(")\n")
	e.line("// If this line does not compile, this file needs a later runtime: go get github.com/typedstate/typedstate@latest")
	e.line("const _ = %s.Version1\n", m.RT)
}

// guards writes what keeps the file from compiling when it is no longer true. A
// conversion of a key's part would compile with another type all the same: from
// an integer to a string, say, and give another key.
func (e *emitter) guards() {
	if len(e.model.Parts) > 0 {
		e.line("// If a line below does not compile, a type has changed since this file was generated: go generate")
		e.line("const (")
		for _, p := range e.model.Parts {
			e.line("_ = %s", partGuard(p))
		}
		e.line(")\n")
	}
	if len(e.model.Guards) == 0 {
		return
	}
	e.line("// If a line below does not compile, a struct has changed since this file was generated: go generate")
	for _, g := range e.model.Guards {
		e.line("func _(%[1]s %[2]s) %[3]s { return %[1]s }\n", g.Name, g.Struct, g.Type)
	}
}

// partGuard returns a constant expression that is valid for types of that kind
// and no other.
func partGuard(p Part) string {
	switch {
	case p.Kind.Signed():
		return p.Type + "(-1) % 2"
	case p.Kind.Unsigned():
		return "uint64(^" + p.Type + "(0))"
	case p.Kind == keyspec.Bool:
		return p.Type + "(true)"
	default:
		return p.Type + `("")`
	}
}

func (e *emitter) family(f *Family) {
	e.definition(f)
	e.key(f)
	if len(f.Params) > 1 {
		e.params(f)
	}
	if f.Scan {
		e.filter(f)
	}
	e.reader(f)
	e.store(f)
}

func (e *emitter) definition(f *Family) {
	e.line("var %s = %s.Define(%q, %[2]s.FamilyOptions[%[4]s]{", f.Names.Family, e.model.State, f.Template, f.Type)
	if f.TTL > 0 {
		e.line("TTL: %s,", e.duration(f.TTL))
	}
	if f.Persist != "" {
		e.line("Persist: %s,", strconv.Quote(f.Persist))
	}
	if f.Max > 0 {
		e.line("Max: %s,", e.duration(f.Max))
	}
	if f.Jitter > 0 {
		e.line("Jitter: %s,", strconv.FormatFloat(float64(f.Jitter)/100, 'g', -1, 64))
	}
	if f.Sliding {
		e.line("Sliding: true,")
	}
	if f.Watch {
		e.line("Watch: true,")
	}
	if f.Msgpack {
		e.line("Codec: %s.Msgpack(),", e.model.State)
	}
	e.line("})\n")
}

// duration writes a duration as a person would.
func (e *emitter) duration(d time.Duration) string {
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{time.Hour, "Hour"}, {time.Minute, "Minute"}, {time.Second, "Second"}, {time.Millisecond, "Millisecond"}} {
		if d%unit.size == 0 {
			if d == unit.size {
				return e.model.Time + "." + unit.name
			}
			return fmt.Sprintf("%d * %s.%s", d/unit.size, e.model.Time, unit.name)
		}
	}
	return fmt.Sprintf("%s.Duration(%d)", e.model.Time, d)
}

func (e *emitter) key(f *Family) {
	state, rt := e.model.State, e.model.RT
	e.doc("%s returns the key of the [%s] at %q.", f.Names.Key, f.Type, f.Template)
	if len(f.Params) == 0 {
		e.line("func %s() %s.Key[%s] { return %s.Make(%q) }\n", f.Names.Key, state, f.Type, f.Names.Family, f.Literals[0])
		return
	}
	e.line("func %s(%s) %s.Key[%s] {", f.Names.Key, f.signature(), state, f.Type)
	e.line("b := %s.Start(%q)", rt, f.Literals[0])
	for i, p := range f.Params {
		e.line("b = %s", e.appendCall("b", p))
		if literal := f.Literals[i+1]; literal != "" {
			e.line("b = %s.Literal(b, %q)", rt, literal)
		}
	}
	e.line("return %s.Make(%s.End(b))\n}\n", f.Names.Family, rt)
}

// runtimeKind returns how package rt calls a kind, and the basic type that its
// function for it takes.
func runtimeKind(k keyspec.Kind) (name, basic string) {
	switch {
	case k == keyspec.String:
		return "String", "string"
	case k == keyspec.Bool:
		return "Bool", "bool"
	case k.Signed():
		return "Int", "int64"
	case k.Unsigned():
		return "Uint", "uint64"
	case k == keyspec.UUID:
		return "UUID", ""
	default:
		return "Text", ""
	}
}

// appendCall returns the call that appends a parameter to a key.
func (e *emitter) appendCall(to string, p Param) string {
	name, basic := runtimeKind(p.Kind)
	value := p.Name
	switch {
	case p.Convert:
		value = basic + "(" + value + ")"
	case p.Address:
		value = "&" + value
	}
	return fmt.Sprintf("%s.Append%s(%s, %s)", e.model.RT, name, to, value)
}

func (e *emitter) params(f *Family) {
	e.doc("%s are the parts of a key made from %q.", f.Names.Params, f.Template)
	e.line("type %s struct {", f.Names.Params)
	fields := make([]string, len(f.Params))
	for i, p := range f.Params {
		e.line("%s %s", p.Field, p.Type)
		fields[i] = "p." + p.Field
	}
	e.line("}\n")
	e.doc("Key returns the key that p names.")
	e.line("func (p %s) Key() %s.Key[%s] { return %s(%s) }\n",
		f.Names.Params, e.model.State, f.Type, f.Names.Key, strings.Join(fields, ", "))
}

// signature returns the parameters of a family as those of a function, with
// neighbours of one type together.
func (f *Family) signature() string {
	var b strings.Builder
	for i, p := range f.Params {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(p.Name)
		if i+1 == len(f.Params) || f.Params[i+1].Type != p.Type {
			b.WriteString(" " + p.Type)
		}
	}
	return b.String()
}

// arguments returns the names of a family's parameters.
func (f *Family) arguments() string {
	names := make([]string, len(f.Params))
	for i, p := range f.Params {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}
