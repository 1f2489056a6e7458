package gen

import (
	"cmp"
	"fmt"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
)

// Diagnostic is one finding and where it is.
type Diagnostic struct {
	// Position has an absolute file name, or none if the finding is about no
	// file.
	Position token.Position
	Message  string
	// Warning marks a finding that stops nothing.
	Warning bool
	// Related are other places that the message is about.
	Related []Related
}

// Related is another place that a [Diagnostic] is about.
type Related struct {
	Position token.Position
	Message  string
}

// Format returns the finding as "file:line:col: message", and a further line for
// each related place. Files are named relative to base where they are below it.
func (d Diagnostic) Format(base string) string {
	var b strings.Builder
	b.WriteString(formatPosition(d.Position, base))
	if d.Warning {
		b.WriteString("warning: ")
	}
	b.WriteString(d.Message)
	for _, r := range d.Related {
		b.WriteString("\n\t" + formatPosition(r.Position, base) + r.Message)
	}
	return b.String()
}

func formatPosition(p token.Position, base string) string {
	if p.Filename == "" {
		return ""
	}
	p.Filename = relative(p.Filename, base)
	return p.String() + ": "
}

// relative names a file as a person in base would.
func relative(file, base string) string {
	if rel, err := filepath.Rel(base, file); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return file
}

// diagnostics collects findings.
type diagnostics []Diagnostic

func (d *diagnostics) errorf(at token.Position, format string, args ...any) {
	*d = append(*d, Diagnostic{Position: at, Message: fmt.Sprintf(format, args...)})
}

func (d *diagnostics) warnf(at token.Position, format string, args ...any) {
	*d = append(*d, Diagnostic{Position: at, Message: fmt.Sprintf(format, args...), Warning: true})
}

// relate adds another place to the latest finding.
func (d *diagnostics) relate(at token.Position, format string, args ...any) {
	last := &(*d)[len(*d)-1]
	last.Related = append(last.Related, Related{at, fmt.Sprintf(format, args...)})
}

// sorted returns the findings by position, each once.
func (d diagnostics) sorted() []Diagnostic {
	list := slices.Clone(d)
	slices.SortStableFunc(list, func(a, b Diagnostic) int {
		return cmp.Or(comparePositions(a.Position, b.Position), cmp.Compare(a.Message, b.Message))
	})
	return slices.CompactFunc(list, func(a, b Diagnostic) bool {
		return comparePositions(a.Position, b.Position) == 0 && a.Message == b.Message
	})
}

func comparePositions(a, b token.Position) int {
	return cmp.Or(cmp.Compare(a.Filename, b.Filename), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
}
