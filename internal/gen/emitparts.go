package gen

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/typedstate/typedstate/internal/keyspec"
)

// parts writes what appends the literals and parameters of a template to b.
func (e *emitter) parts(indent string, literals []string, params []Param) {
	rt := e.model.RT
	e.line("%sb := %s.Start(%q)", indent, rt, literals[0])
	for i, p := range params {
		e.line("%sb = %s", indent, e.appendCall("b", p))
		if literal := literals[i+1]; literal != "" {
			e.line("%sb = %s.Literal(b, %q)", indent, rt, literal)
		}
	}
}

// namer writes the function that makes the name of a key of a value of that type: the one
// parameter, or a struct of several, which it calls by that name.
func (e *emitter) namer(name, typ string, literals []string, params []Param) {
	switch len(params) {
	case 0:
		e.line("\tfunc(%s) string { return %q },", typ, literals[0])
		return
	case 1:
		name = params[0].Name
	default:
		fields := make([]Param, len(params))
		for i, p := range params {
			p.Name = name + "." + p.Field
			fields[i] = p
		}
		params = fields
	}
	e.line("\tfunc(%s %s) string {", name, typ)
	e.parts("\t\t", literals, params)
	e.line("\t\treturn %s.End(b)\n\t},", e.model.RT)
}

// parse writes what sets p, the one parameter or a struct of several, from parts, and err.
func (e *emitter) parse(indent string, params []Param) {
	for i, p := range params {
		name, _ := runtimeKind(p.Kind)
		to, failure := "&p", ", &err"
		if len(params) > 1 {
			to += "." + p.Field
		}
		if name == "String" {
			failure = ""
		}
		e.line("%s%s.Parse%s(parts[%d], %s%s)", indent, e.model.RT, name, i, to, failure)
	}
	e.line("%sreturn p, err", indent)
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

// structOf writes a struct with a field for each parameter.
func (e *emitter) structOf(name string, params []Param) {
	e.line("type %s struct {", name)
	width := 0
	for _, p := range params {
		width = max(width, utf8.RuneCountInString(p.Field))
	}
	for _, p := range params {
		e.put("\t", p.Field, strings.Repeat(" ", width+1-utf8.RuneCountInString(p.Field)), p.Type)
	}
	e.put("}\n")
}
