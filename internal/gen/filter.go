package gen

// filter writes the filter of a family that is walked over, and the function that
// makes its parameters of the decoded parts of a key.
func (e *emitter) filter(f *Family) {
	n, rt := f.Names, e.model.RT
	e.doc("%s selects keys made from %q. Its zero value selects all of them.", n.Filter, f.Template)
	e.line("type %s struct{ parts [%d]string }\n", n.Filter, len(f.Params))
	for i, p := range f.Params {
		e.doc("%s returns f limited to keys with that <%s>.", p.Field, p.Name)
		e.line("func (f %[1]s) %s(%s %s) %[1]s {", n.Filter, p.Field, p.Name, p.Type)
		// What is wrong with a part leaves a mark, as in a key.
		e.line("\tf.parts[%d] = %s.End(%s)", i, rt, e.appendCall(rt+`.Start("")`, p))
		e.line("\treturn f\n}\n")
	}
	e.doc("%s returns what the decoded parts of a key stand for.", n.Parse)
	// No type is named in the body, where one could have the name of a variable.
	e.line("func %s(parts []string) (p %s, err error) {", n.Parse, f.found())
	e.parse("\t", f.Params)
	e.put("}\n")
}

// found is the type of what a walk finds of a key: all its parts, or the one.
func (f *Family) found() string {
	if len(f.Params) == 1 {
		return f.Params[0].Type
	}
	return f.Names.Params
}

// what says in a comment what is found of a key.
func (f *Family) what() string {
	if len(f.Params) == 1 {
		return "the <" + f.Params[0].Name + ">"
	}
	return "the parts"
}

// walks writes the methods of a reader or store that walk over keys.
func (e *emitter) walks(f *Family, receiver string) {
	if !f.Scan {
		return
	}
	m := e.model
	e.doc("Keys returns an iterator over %s of each key that exists and that f selects, in no order. It needs "+
		"Options.EnableScan. See [%s.Keys] for its errors and its cost.", f.what(), m.State)
	e.line("func (s *%s) Keys(ctx %s.Context, f %s) %s.Seq2[%s, error] {", receiver, m.Context, f.Names.Filter, m.Iter, f.found())
	e.walk(f, receiver, "Keys", "KeysEach")
	e.doc("All is Keys with the %s at each key. See [%s.All].", f.Type, m.State)
	e.line("func (s *%s) All(ctx %s.Context, f %s) %s.Seq2[%s.Found[%s, %s], error] {",
		receiver, m.Context, f.Names.Filter, m.Iter, m.State, f.found(), f.Type)
	e.walk(f, receiver, "All", "AllEach")
}

// walk writes the body of a method over the keys that a filter selects. As for all
// reading, a store calls its reader.
func (e *emitter) walk(f *Family, receiver, method, function string) {
	if receiver == f.Names.Store {
		e.line("\treturn s.reader.%s(ctx, f)\n}\n", method)
		return
	}
	e.line("\treturn %s.%s(ctx, s.r, %s, f.parts[:], %s)\n}\n", e.model.State, function, f.Names.Family, f.Names.Parse)
}

func (e *emitter) removeAll(f *Family) {
	if !f.Scan {
		return
	}
	m := e.model
	e.doc("RemoveAll removes the %s values at the keys that f selects and returns how many it removed. It is not atomic, "+
		"and needs Options.EnableScan. See [%s.RemoveAll].", f.Type, m.State)
	e.line("func (s *%s) RemoveAll(ctx %s.Context, f %s) (int, error) {", f.Names.Store, m.Context, f.Names.Filter)
	e.line("\treturn %s.RemoveEach(ctx, s.access.Remover, %s, f.parts[:], %s)\n}\n", m.State, f.Names.Family, f.Names.Parse)
}
