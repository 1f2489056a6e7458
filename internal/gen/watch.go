package gen

var watching = []accessor{{
	name: "Watch", results: "$iter.Seq2[$state.Event[$T], error]", call: "return $state.Watch(ctx, $r, $k)",
	doc: "returns an iterator over the $T at $K, as it is now and as it is whenever it has changed. Where there is " +
		"none, the event says so. It ends with the loop, with ctx or with an error. See [$state.Watch] for its errors and its cost.",
}}

// watches writes the methods of a reader or store that watch. Families that are not
// watched have none, as each costs the compiler.
func (e *emitter) watches(f *Family, receiver string) {
	if !f.Watch {
		return
	}
	if receiver == f.Names.Store {
		e.accessors(f, receiver, "s.reader", through(watching))
	} else {
		e.accessors(f, receiver, "s.r", watching)
	}
	if !f.Scan {
		return
	}
	m := e.model
	e.doc("WatchAll is Watch for all keys that f selects at once, with %s of each. See [%s.WatchAll] for its errors and its cost.",
		f.what(), m.State)
	e.line("func (s *%s) WatchAll(ctx %s.Context, f %s) %s.Seq2[%s.FoundEvent[%s, %s], error] {",
		receiver, m.Context, f.Names.Filter, m.Iter, m.State, f.found(), f.Type)
	e.walk(f, receiver, "WatchAll", "WatchEach")
}
