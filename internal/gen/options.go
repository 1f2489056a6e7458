package gen

import (
	"go/ast"
	"go/token"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/typedstate/typedstate/internal/jobspec"
	"github.com/typedstate/typedstate/internal/limitspec"
)

// options are what a directive says after its template.
type options struct {
	ttl, max             time.Duration
	persist              string
	jitter               int // percent
	sliding, watch, scan bool
	codec                string
	name                 string
	limits               []limitspec.Limit
	job                  jobspec.Spec

	pos      map[string]token.Pos // where each option stands
	bad      map[string]bool      // those whose value cannot be read
	limitPos []token.Pos          // where the value of each limit stands
}

// arg is one argument of a directive: a word, or name=value where the value may
// be a quoted Go string.
type arg struct {
	raw         string
	name, value string
	hasValue    bool
	pos         token.Pos // of the argument
	valuePos    token.Pos
}

// splitArgs splits the arguments of a directive at spaces. It is not
// [ast.Directive.ParseArgs], which knows quotes only around a whole argument.
func splitArgs(text string, pos token.Pos) (args []arg, badQuote token.Pos) {
	for {
		trimmed := strings.TrimLeftFunc(text, unicode.IsSpace)
		pos += token.Pos(len(text) - len(trimmed))
		text = trimmed
		if text == "" {
			return args, token.NoPos
		}
		word := text
		if end := strings.IndexFunc(text, unicode.IsSpace); end >= 0 {
			word = text[:end]
		}
		a := arg{name: word, pos: pos}
		if eq := strings.IndexByte(word, '='); eq >= 0 {
			a.name, a.value, a.hasValue = word[:eq], word[eq+1:], true
			a.valuePos = pos + token.Pos(eq+1)
			if rest := text[eq+1:]; rest != "" && (rest[0] == '"' || rest[0] == '`') {
				quoted, err := strconv.QuotedPrefix(rest)
				if err != nil {
					return args, a.valuePos
				}
				a.value, _ = strconv.Unquote(quoted) // QuotedPrefix has checked it
				word = text[:eq+1+len(quoted)]
			}
		}
		a.raw = word
		args = append(args, a)
		text = text[len(word):]
		pos += token.Pos(len(word))
		if next := strings.TrimLeftFunc(text, unicode.IsSpace); next != "" && len(next) == len(text) {
			return args, pos
		}
	}
}

// parseOptions reads the arguments after the template of a directive.
func parseOptions(p *Package, d ast.Directive, args []arg, found *diagnostics) options {
	o := options{codec: "json", pos: make(map[string]token.Pos), bad: make(map[string]bool)}
	for _, a := range args {
		at := p.at(a.pos)
		known, ok := readers[d.Name][a.name]
		if !ok {
			found.errorf(at, "unknown option %q; there are %s", a.name, optionLists[d.Name])
			continue
		}
		if _, twice := o.pos[a.name]; twice && known.limit == 0 {
			found.errorf(at, "option %s stands twice", a.name)
			continue
		}
		o.pos[a.name] = a.pos
		if known.flag == a.hasValue {
			o.bad[a.name] = true
			found.errorf(at, "option %s %s", a.name, known.usage)
			continue
		}
		if known.limit != 0 {
			o.readLimit(p, known.limit, a, found)
			continue
		}
		if problem := known.read(&o, a.value); problem != "" {
			at := at
			if a.hasValue {
				at = p.at(a.valuePos)
			}
			o.bad[a.name] = true
			found.errorf(at, "option %s: %s", a.name, problem)
		}
	}
	switch d.Name {
	case limitDirective:
		o.checkLimits(p, d, found)
	case jobDirective:
		o.checkJob(p, d, found)
	default:
		o.check(p, d, found)
	}
	return o
}

// reader reads the value of one option and returns what is wrong with it.
type reader struct {
	flag  bool
	usage string
	read  func(o *options, value string) string
	// limit is the kind of an option that is a limit, which may stand several times.
	limit limitspec.Kind
}

// optionLists are the options of the directives, for messages.
var optionLists = map[string]string{
	keyDirective:   "ttl, persist, jitter, sliding, max, watch, scan, codec and name",
	limitDirective: "window, bucket and name",
	jobDirective:   "keep, failed, cancelled, lease, idle, attempts, retry, maxretry, codec and name",
}

var (
	codecReader = reader{usage: "needs a value, codec=json or codec=msgpack", read: readCodec}
	nameReader  = reader{usage: "needs a value, such as name=Basket", read: readName}
)

// readers are the options of the directives.
var readers = map[string]map[string]reader{keyDirective: keyReaders, limitDirective: limitReaders, jobDirective: jobReaders}

var keyReaders = map[string]reader{
	"ttl":     {usage: "needs a value, such as ttl=30m", read: func(o *options, v string) string { return readDuration(&o.ttl, v) }},
	"max":     {usage: "needs a value, such as max=24h", read: func(o *options, v string) string { return readDuration(&o.max, v) }},
	"persist": {usage: `needs a reason, such as persist="one row per country"`, read: readPersist},
	"jitter":  {usage: "needs a value, such as jitter=10%", read: readJitter},
	"sliding": {flag: true, usage: "takes no value", read: func(o *options, _ string) string { o.sliding = true; return "" }},
	"watch":   {flag: true, usage: "takes no value", read: func(o *options, _ string) string { o.watch = true; return "" }},
	"scan":    {flag: true, usage: "takes no value", read: func(o *options, _ string) string { o.scan = true; return "" }},
	"codec":   codecReader,
	"name":    nameReader,
}

func readDuration(to *time.Duration, value string) string {
	d, err := time.ParseDuration(value)
	switch {
	case err != nil:
		return strconv.Quote(value) + " is no Go duration, such as 90s, 30m or 24h"
	case d < time.Millisecond || d%time.Millisecond != 0:
		return value + " is not a positive number of whole milliseconds, as Redis keeps them"
	}
	*to = d
	return ""
}

func readPersist(o *options, value string) string {
	if strings.TrimSpace(value) == "" {
		return "say why the values may stay for ever"
	}
	o.persist = value
	return ""
}

func readJitter(o *options, value string) string {
	digits, ok := strings.CutSuffix(value, "%")
	n, err := strconv.ParseUint(digits, 10, 8)
	if !ok || err != nil || n == 0 || n > 99 {
		return strconv.Quote(value) + " is not from 1% to 99%"
	}
	o.jitter = int(n)
	return ""
}

func readCodec(o *options, value string) string {
	if value != "json" && value != "msgpack" {
		return strconv.Quote(value) + " is neither json nor msgpack"
	}
	o.codec = value
	return ""
}

func readName(o *options, value string) string {
	if !token.IsIdentifier(value) || value == "_" {
		return strconv.Quote(value) + " is no Go identifier"
	}
	o.name = value
	return ""
}

// check reports options that contradict each other or are missing.
func (o *options) check(p *Package, d ast.Directive, found *diagnostics) {
	has := func(name string) bool { _, ok := o.pos[name]; return ok }
	switch {
	case has("ttl") && has("persist"):
		found.errorf(p.at(o.pos["persist"]), "both ttl and persist; give one")
	case !has("ttl") && !has("persist"):
		found.errorf(p.at(d.End()), `neither ttl nor persist; give ttl=30m, or persist="why" for values that may stay for ever`)
	}
	for _, name := range [...]string{"jitter", "sliding"} {
		if has(name) && !has("ttl") {
			found.errorf(p.at(o.pos[name]), "option %s needs a ttl", name)
		}
	}
	if o.max > 0 && o.max < o.ttl {
		found.errorf(p.at(o.pos["max"]), "option max: %v is below the ttl of %v", o.max, o.ttl)
	}
}
