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
//
// It is written as gofmt would have it, since formatting it afterwards would take
// longer than all the rest of a run; only the few types that gofmt lays out by
// rules of its own go through it, each alone.
func Emit(m *Model) ([]byte, error) {
	// About what it comes to, so that little has to be copied as it grows.
	e := emitter{model: m, out: make([]byte, 0, 8<<10*(1+len(m.Families))+1<<10*len(m.Limiters)+2<<10*len(m.Trackers)+2<<10*len(m.Codecs))}
	e.preamble()
	for i := range m.Families {
		e.family(&m.Families[i])
	}
	for i := range m.Limiters {
		e.limiter(&m.Limiters[i])
	}
	for i := range m.Trackers {
		e.tracker(&m.Trackers[i])
	}
	e.codecs()
	e.guards()
	e.methodGuards()
	if e.err != nil {
		return nil, fmt.Errorf("the generated file for %s does not parse: %w", m.Dir, e.err)
	}
	return append(bytes.TrimRight(e.out, "\n"), '\n'), nil
}

type emitter struct {
	model *Model
	out   []byte
	err   error
}

// line writes one or more whole lines.
func (e *emitter) line(format string, args ...any) {
	e.out = append(fmt.Appendf(e.out, format, args...), '\n')
}

// put writes a line that is the parts together.
func (e *emitter) put(parts ...string) {
	for _, part := range parts {
		e.out = append(e.out, part...)
	}
	e.out = append(e.out, '\n')
}

// oneLine is how long the signature and the statement of a function may be together
// to stand on one line. In a declaration gofmt counts the space before a name too.
const oneLine = 100

// function writes a function of one statement.
func (e *emitter) function(header, statement string) {
	if len(header)+1+len(statement) <= oneLine && !strings.Contains(header, "\n") {
		e.put(header, " { ", statement, " }\n")
		return
	}
	e.put(header, " {")
	e.put("\t", statement)
	e.put("}\n")
}

// declared has what was written since from laid out by gofmt, if it holds a type
// that needs it.
func (e *emitter) declared(from int) {
	if text := e.out[from:]; !bytes.Contains(text, []byte("struct{")) && !bytes.Contains(text, []byte("interface{")) &&
		!bytes.Contains(text, []byte(looseStruct)) {
		return
	}
	text, err := format.Source(bytes.Clone(e.out[from:]))
	if err != nil {
		e.err = err
		return
	}
	e.out = append(e.out[:from], text...)
}

// docWidth is where lines of comments end.
const docWidth = 116

// doc writes a comment. Nothing that a person wrote gets here but names and
// templates, which hold letters, digits and a few marks.
func (e *emitter) doc(format string, args ...any) {
	width := 0
	for word := range strings.FieldsSeq(fmt.Sprintf(format, args...)) {
		switch {
		case width == 0:
			e.out = append(e.out, "//"...)
			width = len("//")
		case width+1+len(word) > docWidth:
			e.out = append(e.out, "\n//"...)
			width = len("//")
		}
		e.out = append(append(e.out, ' '), word...)
		width += 1 + len(word)
	}
	e.out = append(e.out, '\n')
}

func (e *emitter) preamble() {
	m := e.model
	e.put(header, "\n\npackage ", m.Package, "\n\nimport (")
	for _, std := range []bool{true, false} {
		for _, im := range m.Imports {
			if first, _, _ := strings.Cut(im.Path, "/"); strings.Contains(first, ".") == std {
				continue
			}
			name := im.Alias
			if name != "" {
				name += " "
			}
			e.line("\t%s%q", name, im.Path)
		}
		if std {
			e.put()
		}
	}
	e.put(")\n")
	e.put("// If this line does not compile, this file needs a later runtime: go get github.com/typedstate/typedstate@latest")
	e.put("const _ = ", m.RT, ".Version1\n")
}

// guards writes what keeps the file from compiling when it is no longer true. A
// conversion of a key's part would compile with another type all the same: from
// an integer to a string, say, and give another key.
func (e *emitter) guards() {
	if len(e.model.Parts) > 0 {
		e.put("// If a line below does not compile, a type has changed since this file was generated: go generate")
		e.put("const (")
		for _, p := range e.model.Parts {
			e.put("\t_ = ", partGuard(p))
		}
		e.put(")\n")
	}
	if len(e.model.Guards) == 0 {
		return
	}
	e.put("// If a line below does not compile, a struct has changed since this file was generated: go generate")
	for _, g := range e.model.Guards {
		from := len(e.out)
		e.function(fmt.Sprintf("func _(%s %s) %s", g.Name, g.Struct, g.Type), "return "+g.Name)
		e.declared(from)
	}
}

// methodGuards writes what keeps the file from compiling once a type has methods that
// the codecs here do not call. Embedded side by side, the type's method and that of the
// interface are ambiguous, so that the struct has neither.
func (e *emitter) methodGuards() {
	if len(e.model.MethodGuards) == 0 {
		return
	}
	e.put("// If a line below does not compile, a type has got methods to encode itself with since this file was generated: go generate")
	for _, g := range e.model.MethodGuards {
		from, methods := len(e.out), e.model.RT+"."+g.Format+"Methods"
		e.put("func _(", g.Name, " struct {\n\t*", g.Type, "\n\t", methods, "\n}) ", methods, " {")
		e.put("\treturn ", g.Name, "\n}\n")
		e.declared(from)
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
	var o optionList
	o.add(f.TTL > 0, "TTL", e.duration(f.TTL))
	o.add(f.Persist != "", "Persist", strconv.Quote(f.Persist))
	o.add(f.Max > 0, "Max", e.duration(f.Max))
	o.add(f.Jitter > 0, "Jitter", strconv.FormatFloat(float64(f.Jitter)/100, 'g', -1, 64))
	o.add(f.Sliding, "Sliding", "true")
	o.add(f.Watch, "Watch", "true")
	o.add(f.Codec != "", "Codec", f.Codec)
	e.line("var %s = %s.Define(%q, %[2]s.FamilyOptions[%[4]s]{", f.Names.Family, e.model.State, f.Template, f.Type)
	e.options("\t", o)
	e.put("})\n")
}

// optionList are the fields of a literal that are not zero.
type optionList []struct{ key, value string }

func (o *optionList) add(set bool, key, value string) {
	if set {
		*o = append(*o, struct{ key, value string }{key + ":", value})
	}
}

// options writes fields of a literal, one to a line.
func (e *emitter) options(indent string, list optionList) {
	width := 0
	for _, o := range list {
		width = max(width, len(o.key))
	}
	for _, o := range list {
		e.put(indent, o.key, strings.Repeat(" ", width+1-len(o.key)), o.value, ",")
	}
}

// duration writes a duration as a person would.
func (e *emitter) duration(d time.Duration) string {
	for _, unit := range []struct {
		size time.Duration
		name string
	}{{time.Hour, "Hour"}, {time.Minute, "Minute"}, {time.Second, "Second"}, {time.Millisecond, "Millisecond"}, {time.Microsecond, "Microsecond"}} {
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
		e.function(fmt.Sprintf("func %s() %s.Key[%s]", f.Names.Key, state, f.Type),
			fmt.Sprintf("return %s.Make(%q)", f.Names.Family, f.Literals[0]))
		return
	}
	e.line("func %s(%s) %s.Key[%s] {", f.Names.Key, f.signature(), state, f.Type)
	e.parts("\t", f.Literals, f.Params)
	e.line("\treturn %s.Make(%s.End(b))\n}\n", f.Names.Family, rt)
}

func (e *emitter) params(f *Family) {
	e.doc("%s are the parts of a key made from %q.", f.Names.Params, f.Template)
	e.structOf(f.Names.Params, f.Params)
	fields := make([]string, len(f.Params))
	for i, p := range f.Params {
		fields[i] = "p." + p.Field
	}
	e.doc("Key returns the key that p names.")
	e.function(fmt.Sprintf("func (p %s) Key() %s.Key[%s]", f.Names.Params, e.model.State, f.Type),
		fmt.Sprintf("return %s(%s)", f.Names.Key, strings.Join(fields, ", ")))
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
