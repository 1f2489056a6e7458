package keyspec

import "strings"

// Template is a parsed key template.
type Template struct {
	segments []Segment
	params   []Param
	literals []string
	text     string
}

// Segment is what stands between two colons of a template: a literal or one
// parameter.
type Segment struct {
	// Literal is the segment's text, empty for a parameter.
	Literal string
	// Param is the parameter's index in [Template.Params], -1 for a literal.
	Param int
	// Open and Close report whether the hash tag begins before this segment
	// or ends after it.
	Open, Close bool
}

// Param is one parameter of a template.
type Param struct {
	// Name is a Go identifier or keyword.
	Name string
	// Type is the Go type as the template writes it, "string" by default.
	Type string
	// Kind is the kind of a predeclared type, and Opaque for all others until
	// [Template.Resolve] says more.
	Kind Kind
	// Offset is where the parameter's "<" stands in the template, in bytes;
	// TypeOffset is where its type stands, or its "<" if it names none.
	Offset, TypeOffset int
}

// Params returns the template's parameters from left to right. The caller must
// not change them.
func (t *Template) Params() []Param { return t.params }

// Segments returns the template's segments from left to right. The caller must
// not change them.
func (t *Template) Segments() []Segment { return t.segments }

// String returns the template as Parse takes it, with the default type left
// out.
func (t *Template) String() string { return t.text }

// Resolve returns a copy of t in which parameter i has kinds[i].
func (t *Template) Resolve(kinds []Kind) *Template {
	resolved := *t
	resolved.params = make([]Param, len(t.params))
	for i, p := range t.params {
		p.Kind = kinds[i]
		resolved.params[i] = p
	}
	return &resolved
}

// Literals returns the text before the first parameter, between each two, and
// after the last: one more than there are parameters. The caller must not change
// them.
func (t *Template) Literals() []string { return t.literals }

// ParseKey returns the decoded parts of a key, one for each parameter. It
// returns false for a key that the template does not make, which includes every
// part that is not the canonical encoding of a value of its parameter's kind.
func (t *Template) ParseKey(key string) (parts []string, ok bool) {
	parts = make([]string, 0, len(t.params))
	rest, more := key, true
	for _, s := range t.segments {
		if !more {
			return nil, false
		}
		var segment string
		segment, rest, more = strings.Cut(rest, ":")
		if s.Open {
			if segment, ok = strings.CutPrefix(segment, "{"); !ok {
				return nil, false
			}
		}
		if s.Close {
			if segment, ok = strings.CutSuffix(segment, "}"); !ok {
				return nil, false
			}
		}
		if s.Param < 0 {
			if segment != s.Literal {
				return nil, false
			}
			continue
		}
		part, ok := DecodePart(segment)
		if !ok || !t.params[s.Param].Kind.Accepts(part) {
			return nil, false
		}
		parts = append(parts, part)
	}
	return parts, !more
}

// newTemplate returns the template of those segments.
func newTemplate(segments []Segment, params []Param) *Template {
	t := &Template{segments: segments, params: params}
	t.text = t.join(func(i int) string {
		if p := params[i]; p.Type != "string" {
			return "<" + p.Name + ":" + p.Type + ">"
		}
		return "<" + params[i].Name + ">"
	})
	// No literal holds a NUL.
	const gap = "\x00"
	t.literals = strings.Split(t.join(func(int) string { return gap }), gap)
	return t
}

// join writes the template with a text in place of each parameter.
func (t *Template) join(param func(i int) string) string {
	var b strings.Builder
	for i, s := range t.segments {
		if i > 0 {
			b.WriteByte(':')
		}
		if s.Open {
			b.WriteByte('{')
		}
		if s.Param < 0 {
			b.WriteString(s.Literal)
		} else {
			b.WriteString(param(s.Param))
		}
		if s.Close {
			b.WriteByte('}')
		}
	}
	return b.String()
}
