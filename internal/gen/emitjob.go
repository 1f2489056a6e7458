package gen

import "strconv"

// tracker writes the jobs of one template, and a tracker with the types of their keys,
// progress and results.
func (e *emitter) tracker(t *Tracker) {
	n, jobs, from := t.Names, e.model.Jobs, len(e.out)
	key := n.Key
	switch len(t.Params) {
	case 0:
		key = "struct{}"
	case 1:
		key = t.Params[0].Type
	default:
		e.doc("%s names a job of [%s]: the parts of a key made from %q.", n.Key, n.Tracker, t.Template)
		e.structOf(n.Key, t.Params)
	}

	e.line("var %s = %s.DefineKeyed[%s, %s, %s](%q,", n.Jobs, jobs, key, t.Progress, t.Result, t.Template)
	e.namer("k", key, t.Literals, t.Params)
	e.jobParser(t, key)
	e.line("\t%s.FamilyOptions{", jobs)
	e.options("\t\t", e.jobOptions(t))
	e.put("\t},\n)\n")

	e.doc("%s keeps the jobs of %q.", n.Tracker, t.Template)
	e.line("type %s = %s.Tracker[%s, %s, %s]\n", n.Tracker, jobs, key, t.Progress, t.Result)
	e.doc("%s is an attempt at a job of [%s] that is under way.", n.Run, n.Tracker)
	e.line("type %s = %s.Run[%s, %s]\n", n.Run, jobs, t.Progress, t.Result)
	e.doc("%s is what [%s] knows of a job.", n.Status, n.Tracker)
	e.line("type %s = %s.Status[%s, %s]\n", n.Status, jobs, t.Progress, t.Result)
	e.doc("%s returns a tracker of the jobs that are in store. See [%s.New].", n.NewTracker, jobs)
	e.line("func %s(store *%s.Store, o %s.Options) (*%s, error) {", n.NewTracker, e.model.State, jobs, n.Tracker)
	e.line("\treturn %s.New(store, %s, o)\n}\n", jobs, n.Jobs)
	e.declared(from)
}

// jobParser writes the function that makes the key of a job of the decoded parts of its name.
func (e *emitter) jobParser(t *Tracker, key string) {
	if len(t.Params) == 0 {
		e.line("\tfunc([]string) (p %s, err error) { return p, err },", key)
		return
	}
	e.line("\tfunc(parts []string) (p %s, err error) {", key)
	e.parse("\t\t", t.Params)
	e.put("\t},")
}

func (e *emitter) jobOptions(t *Tracker) (o optionList) {
	s := t.Spec
	o.add(s.Lease > 0, "Lease", e.duration(s.Lease))
	o.add(s.Keep > 0, "Keep", e.duration(s.Keep))
	o.add(s.KeepFailed > 0, "KeepFailed", e.duration(s.KeepFailed))
	o.add(s.KeepCancelled > 0, "KeepCancelled", e.duration(s.KeepCancelled))
	o.add(s.Idle > 0, "Idle", e.duration(s.Idle))
	o.add(s.Attempts > 0, "Attempts", strconv.Itoa(s.Attempts))
	o.add(s.RetryDelay > 0, "RetryDelay", e.duration(s.RetryDelay))
	o.add(s.MaxRetryDelay > 0, "MaxRetryDelay", e.duration(s.MaxRetryDelay))
	o.add(t.ProgressCodec != "", "Progress", t.ProgressCodec)
	o.add(t.ResultCodec != "", "Result", t.ResultCodec)
	return o
}
