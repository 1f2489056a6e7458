package keyspec

import (
	"fmt"
	"go/token"
	"strings"
	"unicode/utf8"
)

// MaxTemplateBytes is the length of the longest template. It is also the length
// of the longest key that a store can be told to accept.
const MaxTemplateBytes = 4096

// SyntaxError says where and why a text is not a key template.
type SyntaxError struct {
	// Offset is where the fault begins, in bytes from the template's start.
	Offset int
	// Reason says what is wrong and what to write instead.
	Reason string
}

// Error returns the reason and the offset.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("key template: %s (at byte %d)", e.Reason, e.Offset)
}

// Parse reads a key template: segments joined by ":", each a literal of letters,
// digits, "_", "." and "-", or a parameter "<name>" or "<name:type>". One run of
// segments may stand in braces as the hash tag of Redis Cluster. The first
// segment is a literal, and no literal begins with "__", which is kept for the
// library's own keys. The error is a [*SyntaxError].
func Parse(text string) (*Template, error) {
	if len(text) > MaxTemplateBytes {
		return nil, &SyntaxError{0, fmt.Sprintf("longer than %d bytes", MaxTemplateBytes)}
	}
	p := parser{text: text, tagAt: -1}
	for {
		if err := p.segment(); err != nil {
			return nil, err
		}
		if p.at == len(p.text) {
			break
		}
		if p.text[p.at] != ':' {
			return nil, p.fail(p.at, "%s cannot stand here; segments are joined by \":\"", p.char(p.at))
		}
		p.at++
	}
	if p.inTag {
		return nil, p.fail(p.tagAt, "unclosed \"{\"; end the hash tag with \"}\" after a segment")
	}
	return newTemplate(p.segments, p.params), nil
}

type parser struct {
	text     string
	at       int
	segments []Segment
	params   []Param
	tagAt    int // where the "{" stands, -1 before there is one
	inTag    bool
}

// segment reads one segment with the braces around it.
func (p *parser) segment() error {
	s := Segment{Param: -1}
	if p.has('{') {
		if p.tagAt >= 0 {
			return p.fail(p.at, "second \"{\"; a key has one hash tag")
		}
		s.Open, p.tagAt, p.inTag = true, p.at, true
		p.at++
	}
	var err error
	if p.has('<') {
		if len(p.segments) == 0 {
			return p.fail(p.at, "begins with a parameter; begin with a literal that names the family, such as \"session:<userID>\"")
		}
		s.Param = len(p.params)
		err = p.param()
	} else {
		s.Literal, err = p.literal()
	}
	if err != nil {
		return err
	}
	if p.has('}') {
		if !p.inTag {
			return p.fail(p.at, "\"}\" without \"{\"")
		}
		s.Close, p.inTag = true, false
		p.at++
	}
	p.segments = append(p.segments, s)
	return nil
}

func (p *parser) has(c byte) bool { return p.at < len(p.text) && p.text[p.at] == c }

func (p *parser) literal() (string, error) {
	start := p.at
	for p.at < len(p.text) && isLiteral(p.text[p.at]) {
		p.at++
	}
	literal := p.text[start:p.at]
	switch {
	case literal == "" && (p.at == len(p.text) || p.text[p.at] == ':' || p.text[p.at] == '}'):
		return "", p.fail(start, "empty segment")
	case literal == "":
		return "", p.fail(start, "%s is not allowed in a literal; use letters, digits, \"_\", \".\" and \"-\"", p.char(start))
	case strings.HasPrefix(literal, "__"):
		return "", p.fail(start, "literals that begin with \"__\" are kept for the library's own keys")
	}
	return literal, nil
}

func isLiteral(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '.' || c == '-'
}

// param reads "<name>" or "<name:type>".
func (p *parser) param() error {
	start := p.at
	length := strings.IndexByte(p.text[start:], '>')
	if length < 0 {
		return p.fail(start, "unclosed \"<\"; write a parameter as \"<name>\" or \"<name:type>\"")
	}
	name, typeName, typed := strings.Cut(p.text[start+1:start+length], ":")
	param := Param{Name: name, Type: "string", Kind: String, Offset: start, TypeOffset: start}
	if !isName(name) {
		return p.fail(start+1, "%+q is not a parameter name; use a Go identifier", name)
	}
	for _, other := range p.params {
		if other.Name == name {
			return p.fail(start+1, "parameter %q stands twice", name)
		}
	}
	if typed {
		param.TypeOffset = start + 1 + len(name) + 1
		if !isTypeName(typeName) {
			return p.fail(param.TypeOffset, "%+q is not the type of a key part; use string, bool, an integer, [16]byte or the name of a type", typeName)
		}
		param.Type = typeName
		param.Kind, _ = KindOf(typeName)
	}
	p.params = append(p.params, param)
	p.at = start + length + 1
	return nil
}

// isName also takes keywords: the generator gives those another Go name.
func isName(s string) bool {
	return s != "_" && (token.IsIdentifier(s) || token.IsKeyword(s))
}

func isTypeName(s string) bool {
	switch s {
	case "float32", "float64", "complex64", "complex128", "uintptr", "any", "error", "_":
		return false
	}
	if _, ok := KindOf(s); ok {
		return true
	}
	pkg, name, qualified := strings.Cut(s, ".")
	return token.IsIdentifier(pkg) && (!qualified || token.IsIdentifier(name))
}

func (p *parser) fail(offset int, format string, args ...any) error {
	return &SyntaxError{offset, fmt.Sprintf(format, args...)}
}

// char names the character at an offset so that no text of the template reaches
// a message unquoted.
func (p *parser) char(offset int) string {
	if offset >= len(p.text) {
		return "end of the template"
	}
	r, size := utf8.DecodeRuneInString(p.text[offset:])
	if r == utf8.RuneError && size == 1 {
		return fmt.Sprintf("byte %#02x", p.text[offset])
	}
	return fmt.Sprintf("%+q", r)
}
