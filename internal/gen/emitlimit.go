package gen

import (
	"fmt"
	"strings"

	"github.com/typedstate/typedstate/internal/limitspec"
)

// limiter writes the limits of one template, and a limiter with the type of its
// subjects.
func (e *emitter) limiter(l *Limiter) {
	n, ratelimit := l.Names, e.model.RateLimit
	subject := n.Subject
	switch len(l.Params) {
	case 0:
		subject = ratelimit + ".Global"
	case 1:
		subject = l.Params[0].Type
	default:
		e.doc("%s is what a [%s] limits: the parts of a key made from %q.", n.Subject, n.Limiter, l.Template)
		e.structOf(n.Subject, l.Params)
	}

	e.line("var %s = %s.DefineKeyed(%q,", n.Limits, ratelimit, l.Template)
	e.namer("s", subject, l.Literals, l.Params)
	for _, limit := range l.Limits {
		e.put("\t", e.limit(limit), ",")
	}
	e.put(")\n")

	e.doc("%s limits the subjects of %q:", n.Limiter, l.Template)
	for _, limit := range l.Limits {
		e.line("//   - %s: %v", limit.Name, limit)
	}
	e.line("type %s = %s.Limiter[%s]\n", n.Limiter, ratelimit, subject)
	e.doc("%s returns a limiter whose subjects are in store. See [%s.New].", n.NewLimiter, ratelimit)
	e.line("func %s(store *%s.Store, o %s.Options) (*%s, error) {", n.NewLimiter, e.model.State, ratelimit, n.Limiter)
	e.line("\treturn %s.New(store, %s, o)\n}\n", ratelimit, n.Limits)
}

// limit returns the call that makes a limit.
func (e *emitter) limit(l limitspec.Limit) string {
	kind := "Window"
	if l.Kind == limitspec.Bucket {
		kind = "Bucket"
	}
	per := strings.ReplaceAll(e.duration(l.Per), " ", "") // as gofmt has it among several arguments
	call := fmt.Sprintf("%s.%s(%q, %d, %s)", e.model.RateLimit, kind, l.Name, l.N, per)
	if l.Burst != 0 {
		call += fmt.Sprintf(".WithBurst(%d)", l.Burst)
	}
	if l.Slots != 0 {
		call += fmt.Sprintf(".WithSlots(%d)", l.Slots)
	}
	if l.Shadow {
		call += ".AsShadow()"
	}
	return call
}
