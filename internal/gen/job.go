package gen

import (
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"github.com/typedstate/typedstate/internal/jobspec"
	"github.com/typedstate/typedstate/internal/keyspec"
)

var jobReaders = map[string]reader{
	"keep":      {usage: "needs a value, such as keep=24h", read: func(o *options, v string) string { return readDuration(&o.job.Keep, v) }},
	"lease":     {usage: "needs a value, such as lease=30s", read: func(o *options, v string) string { return readDuration(&o.job.Lease, v) }},
	"failed":    {usage: "needs a value, such as failed=168h", read: func(o *options, v string) string { return readDuration(&o.job.KeepFailed, v) }},
	"cancelled": {usage: "needs a value, such as cancelled=1h", read: func(o *options, v string) string { return readDuration(&o.job.KeepCancelled, v) }},
	"idle":      {usage: "needs a value, such as idle=720h", read: func(o *options, v string) string { return readDuration(&o.job.Idle, v) }},
	"attempts":  {usage: "needs a value, such as attempts=3", read: readAttempts},
	"retry":     {usage: "needs a value, such as retry=1s", read: func(o *options, v string) string { return readDuration(&o.job.RetryDelay, v) }},
	"maxretry":  {usage: "needs a value, such as maxretry=10m", read: func(o *options, v string) string { return readDuration(&o.job.MaxRetryDelay, v) }},
	"codec":     codecReader,
	"name":      nameReader,
}

// jobOptions are the options of a job by the fields of [jobspec.Spec].
var jobOptions = map[string]string{
	"Keep": "keep", "Lease": "lease", "KeepFailed": "failed", "KeepCancelled": "cancelled", "Idle": "idle",
	"RetryDelay": "retry", "MaxRetryDelay": "maxretry",
}

func readAttempts(o *options, value string) string {
	n, err := strconv.ParseUint(value, 10, 16)
	if err != nil || n < 1 || n > jobspec.MaxAttempts {
		return strconv.Quote(value) + " is no whole number from 1 to " + strconv.Itoa(jobspec.MaxAttempts)
	}
	o.job.Attempts = int(n)
	return ""
}

// checkJob reports each time of a job that is out of its bounds, and a directive that does
// not say how long jobs are kept.
func (o *options) checkJob(p *Package, d ast.Directive, found *diagnostics) {
	if _, ok := o.pos["keep"]; !ok {
		found.errorf(p.at(d.End()), "no keep; say how long a job is kept that has ended, such as keep=24h")
	}
	for _, e := range o.job.WithDefaults().Check() {
		name := jobOptions[e.Field]
		// What is not given follows from what is, and is wrong only together with that.
		if at, ok := o.pos[name]; ok && !o.bad[name] {
			found.errorf(p.at(at+token.Pos(len(name)+len("="))), "option %s: %v is out of bounds; give %v to %v", name, e.Value, e.Min, e.Max)
		}
	}
}

// The fields of a struct with a job.
const (
	progressField = "Progress"
	resultField   = "Result"
)

// jobValues sets what a has to store: the progress and the result of its jobs, with no type
// where a field is missing. It reports all other fields.
func (a *analysed) jobValues(p *Package, found *diagnostics) {
	a.values = []value{{}, {}}
	owner := a.spec.Name.Name
	st := a.named.Underlying().(*types.Struct)
	for i := range st.NumFields() {
		f, pos := st.Field(i), a.spec.Name.Pos()
		if p.owns(f) && f.Pos().IsValid() {
			pos = f.Pos()
		}
		path := owner + "." + f.Name()
		at := site{pos: pos, from: path, path: path}
		switch {
		case f.Name() != progressField && f.Name() != resultField:
			found.errorf(p.at(pos), "%s: a job has the fields %s and %s, or one of them, and no other; move it into the type of one of them",
				path, progressField, resultField)
		case st.Tag(i) != "":
			found.errorf(p.at(pos), "%s: a tag says nothing here, as the value is stored by itself; remove the tag, or the field if there is nothing to store", path)
		case f.Name() == progressField:
			a.values[0] = value{typ: f.Type(), at: at}
		default:
			a.values[1] = value{typ: f.Type(), at: at}
		}
	}
}

// jobValue visits what the progress or the result of a job can hold.
func (w *walker) jobValue(v value) {
	switch {
	case hasInvalid(v.typ):
		w.refuse(v.at, "its type is not known%s", w.pkg.typeError(v.at.pos))
		return
	case !expressible(w.pkg, v.typ):
		w.refuse(v.at, "its type cannot be named in this package; give the field a type that can")
		return
	case w.codec == "json" && isWide(v.typ):
		w.found.warnf(w.pkg.at(v.at.pos), `%s: values beyond 2^53 lose digits in JavaScript; wrap it in a struct whose field says json:",string" if there can be any`, v.at.path)
	}
	w.typ(v.typ, v.at)
}

// leaveOut is what to do about a hash tag in a template of jobs.
const leaveOut = "the keys of a job have a hash tag of their own; leave the braces out"

// shared reports the templates of jobs that differ in the types of their parameters alone,
// each pair at the later of the two. Those that can make the same key are reported already.
func shared(places []place, found *diagnostics) {
	first := make(map[string][]place)
	for _, p := range places {
		if !p.job {
			continue
		}
		shape := strings.Join(p.template.Literals(), "__")
		for _, other := range first[shape] {
			if _, overlaps := keyspec.Overlap(other.template, p.template); overlaps {
				continue
			}
			found.errorf(p.at, "key template %q differs from %q in the types of its parameters alone, so that both families would list the jobs of the other; "+
				"choose another literal", p.template, other.template)
			found.relate(other.at, "%q is here", other.template.String())
		}
		first[shape] = append(first[shape], p)
	}
}
