package gen

import (
	"fmt"
	"go/types"
	"slices"
)

// model turns what was read into plain data.
func model(p *Package, all []analysed, codecs *codecs, structs []*types.Named, places []place) *Model {
	im := newImports(p.Types, codecs.taken)
	m := &Model{
		Locals:  codecs.locals,
		Package: p.Name, Dir: p.Dir,
		places: places,
	}
	m.imports(im, all)
	for _, a := range all {
		for _, r := range a.params {
			// Imports come before parameters, so that none loses its name to one.
			part := Part{im.text(r.typ), r.kind}
			if _, named := types.Unalias(r.typ).(*types.Named); named && convert(r) && !slices.Contains(m.Parts, part) {
				m.Parts = append(m.Parts, part)
			}
		}
	}
	m.Guards, m.Notes = guards(p, structs, im)
	m.Notes = append(m.Notes, codecs.notes...)
	m.Codecs = codecs.model(im)
	m.MethodGuards = codecs.methodGuards(im)
	jobs := m.jobTypes(im, all)
	m.Imports = im.sorted()
	for i, a := range all {
		taken := make(map[string]bool)
		for _, im := range m.Imports {
			taken[im.Name] = true
		}
		for _, names := range [][]string{locals, a.declares(), {a.spec.Name.Name}} {
			for _, name := range names {
				taken[name] = true
			}
		}
		params := paramModels(a.template, a.params, im, taken)
		switch {
		case a.isLimit():
			m.Limiters = append(m.Limiters, Limiter{
				Names:    a.limiter,
				Template: a.template.String(),
				Literals: a.template.Literals(),
				Params:   params,
				Limits:   a.options.limits,
			})
		case a.isJob():
			m.Trackers = append(m.Trackers, Tracker{
				Names:         a.tracker,
				Template:      a.template.String(),
				Literals:      a.template.Literals(),
				Params:        params,
				Spec:          a.options.job,
				Progress:      jobs[i][0],
				Result:        jobs[i][1],
				ProgressCodec: m.codecText(a.values[0].plan, a.options.codec),
				ResultCodec:   m.codecText(a.values[1].plan, a.options.codec),
			})
		default:
			m.Families = append(m.Families, Family{
				Type:     a.spec.Name.Name,
				Names:    a.names,
				Template: a.template.String(),
				Literals: a.template.Literals(),
				Params:   params,
				TTL:      a.options.ttl,
				Max:      a.options.max,
				Persist:  a.options.persist,
				Jitter:   a.options.jitter,
				Sliding:  a.options.sliding,
				Watch:    a.options.watch,
				Scan:     a.options.scan,
				Codec:    m.codecText(a.values[0].plan, a.options.codec),
			})
		}
	}
	return m
}

// jobTypes returns how the file writes the types of the progress and the result of each
// directive with a job.
func (m *Model) jobTypes(im *imports, all []analysed) [][2]string {
	texts := make([][2]string, len(all))
	for i, a := range all {
		if !a.isJob() {
			continue
		}
		for j, v := range a.values {
			texts[i][j] = m.Jobs + ".None"
			if v.typ != nil {
				texts[i][j] = im.text(v.typ)
			}
		}
	}
	return texts
}

// imports adds what the file imports whatever types it names.
func (m *Model) imports(im *imports, all []analysed) {
	needs := func(what func(analysed) bool) bool { return slices.ContainsFunc(all, what) }
	if needs(func(a analysed) bool { return a.isKey() }) {
		m.Context = im.add("context", "context", "stdcontext")
	}
	m.State = im.add(runtimePath, "state", "typedstate")
	m.RT = im.add(runtimePath+"/rt", "rt", "typedrt")
	if needs(func(a analysed) bool { return a.options.ttl > 0 || a.options.max > 0 || !a.isKey() }) {
		m.Time = im.add("time", "time", "stdtime")
	}
	if needs(func(a analysed) bool { return a.options.scan || a.options.watch }) {
		m.Iter = im.add("iter", "iter", "stditer")
	}
	if needs(func(a analysed) bool { return a.isLimit() }) {
		m.RateLimit = im.add(limitsPath, "ratelimit", "typedratelimit")
	}
	if needs(func(a analysed) bool { return a.isJob() }) {
		m.Jobs = im.add(jobsPath, "jobs", "typedjobs")
	}
}

// codecText writes the codec of what is stored, which has that plan, if any.
func (m *Model) codecText(plan *structPlan, format string) string {
	switch {
	case plan == nil && format == "json":
		return ""
	case plan == nil:
		return m.State + ".Msgpack()"
	case format == "json":
		return fmt.Sprintf("%s.JSON(%sToJSON, %[2]sFromJSON)", m.RT, plan.stem)
	default:
		return fmt.Sprintf("%s.Msgpack(%sToMsgpack, %[2]sFromMsgpack)", m.RT, plan.stem)
	}
}
