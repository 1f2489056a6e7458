package gen

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"

	"github.com/typedstate/typedstate/internal/limitspec"
)

var limitReaders = map[string]reader{
	"window": {usage: "needs a value, such as window=100/1m", limit: limitspec.Window},
	"bucket": {usage: "needs a value, such as bucket=1000/1h", limit: limitspec.Bucket},
	"name":   nameReader,
}

// readLimit reads the value of an option that is a limit. It is read as it is written:
// nothing in it can need quotes.
func (o *options) readLimit(p *Package, kind limitspec.Kind, a arg, found *diagnostics) {
	text := strings.TrimPrefix(a.raw, a.name+"=")
	l, at, err := limitspec.Parse(kind, text)
	if err != nil {
		found.errorf(p.at(a.valuePos+token.Pos(at)), "option %s: %v", a.name, err)
		return
	}
	o.limits, o.limitPos = append(o.limits, l), append(o.limitPos, a.valuePos)
}

// checkLimits reports each limit that breaks a rule, alone or beside those that break
// none, and a directive without a limit.
func (o *options) checkLimits(p *Package, d ast.Directive, found *diagnostics) {
	_, windows := o.pos["window"]
	_, buckets := o.pos["bucket"]
	if !windows && !buckets {
		found.errorf(p.at(d.End()), "no limit; give window=100/1m, bucket=1000/1h or several of them")
	}
	limits, pos := slices.Clone(o.limits), slices.Clone(o.limitPos)
	for len(limits) > 0 {
		at, err := limitspec.Check(limits)
		if err == nil {
			return
		}
		found.errorf(p.at(pos[at]), "option %v: %v", limits[at].Kind, err)
		end := at + 1
		if len(limits) > limitspec.MaxLimits {
			end = len(limits) // one message for all that are too many
		}
		limits, pos = slices.Delete(limits, at, end), slices.Delete(pos, at, end)
	}
}
