package gen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// accessor is a method of a reader or store. In its texts $T is the type, $K the
// template without types in quotes, and $state and $iter the names of those packages;
// in its call, $k is the key, $a the context and the parts of the key, $r what the method
// reads from, and $w, $rw and $d what it writes to, changes and removes from.
//
// They are few, and have pointers as receivers: each costs the compiler about
// 2 ms for every family, and one of a value a wrapper on top. What is done less
// often is a function of package state. A store hands reading on to the reader
// that it holds, and keeps what it works on as each of the interfaces that it
// needs, as turning one interface into another is code that the compiler would
// make for every method.
type accessor struct {
	name string
	doc  string
	// params are what it takes after the parts of the key.
	params  string
	results string
	call    string
}

const orNotFound = " If there is none, the error matches [$state.ErrNotFound]."

var reading = []accessor{
	{
		name: "Get", results: "($T, error)", call: "return $k.Get(ctx, $r)",
		doc: "returns the $T at $K." + orNotFound,
	},
	{
		name: "Lookup", results: "($T, bool, error)", call: "return $state.Lookup(ctx, $r, $k)",
		doc: "returns the $T at $K and true, or false if there is none.",
	},
}

var writing = []accessor{
	{
		name: "Set", params: "v $T, opts ...$state.SetOption", results: "error", call: "return $k.Set(ctx, $w, v, opts...)",
		doc: "stores v at $K, in place of what is there.",
	},
	{
		name: "Update", params: "change func(*$T) error, opts ...$state.UpdateOption", results: "(v $T, err error)",
		call: "err = $state.UpdateInto(ctx, $rw, $k, &v, change, opts)\n\treturn v, err",
		doc: "calls change with the $T at $K, stores what becomes of it, and returns that." + orNotFound +
			" Where another has written meanwhile, change runs again, on the new value. See [$state.Update].",
	},
	{
		name: "Touch", params: "opts ...$state.TouchOption", results: "error", call: "return $state.Touch(ctx, $w, $k, opts...)",
		doc: "has the $T at $K live for the family's TTL from now on." + orNotFound,
	},
	{
		name: "Remove", results: "error", call: "_, err := $state.Remove(ctx, $d, $k)\n\treturn err",
		doc: "removes the $T at $K. It is no error if there is none.",
	},
}

func (e *emitter) reader(f *Family) {
	n, state := f.Names, e.model.State
	e.doc("%s reads the [%s] values of a store.", n.Reader, f.Type)
	e.line("type %s struct{ r %s.Reader }\n", n.Reader, state)
	e.doc("%s returns a reader of the [%s] values in r.", n.NewReader, f.Type)
	e.function(fmt.Sprintf("func %s(r %s.Reader) *%s", n.NewReader, state, n.Reader), fmt.Sprintf("return &%s{r}", n.Reader))
	e.accessors(f, n.Reader, "s.r", reading)
	e.getMany(f, n.Reader)
	e.walks(f, n.Reader)
	e.watches(f, n.Reader)
}

func (e *emitter) store(f *Family) {
	n, state := f.Names, e.model.State
	e.doc("%s reads, writes and removes the [%s] values of a store. What it has no method for, such as "+
		"[%s.SetIfAbsent] and [%[3]s.Take], is a function that takes a key of [%[4]s].", n.Store, f.Type, state, n.Key)
	e.line("type %s struct {\n\treader %s\n\taccess %s.Access\n}\n", n.Store, n.Reader, state)
	e.doc("%s returns a store of the [%s] values in rw.", n.NewStore, f.Type)
	e.line("func %[1]s(rw %[2]s.ReadWriteRemover) *%[3]s {\n\ta := %[2]s.AccessTo(rw)\n\treturn &%[3]s{%[4]s{a.Reader}, a}\n}\n",
		n.NewStore, state, n.Store, n.Reader)
	e.doc("Reader returns the reading half of s.")
	e.function(fmt.Sprintf("func (s *%s) Reader() *%s", n.Store, n.Reader), fmt.Sprintf("return &%s{s.reader.r}", n.Reader))
	e.accessors(f, n.Store, "s.reader", through(reading))
	e.getMany(f, n.Store)
	e.walks(f, n.Store)
	e.watches(f, n.Store)
	e.accessors(f, n.Store, "s.reader", writing)
	e.removeAll(f)
}

// through returns the methods of a store that call those of its reader.
func through(list []accessor) []accessor {
	list = slices.Clone(list)
	for i := range list {
		list[i].call = "return $r." + list[i].name + "($a)"
	}
	return list
}

// accessors writes methods of a reader or store, which read from that field.
func (e *emitter) accessors(f *Family, receiver, reader string, list []accessor) {
	fill := strings.NewReplacer(
		"$T", f.Type, "$K", strconv.Quote(f.outline()), "$state", e.model.State, "$iter", e.model.Iter,
		"$k", f.Names.Key+"("+f.arguments()+")", "$a", strings.TrimSuffix("ctx, "+f.arguments(), ", "),
		"$rw", "s.access.ReadWriter", "$r", reader, "$w", "s.access.Writer", "$d", "s.access.Remover",
	)
	for _, a := range list {
		params := []string{"ctx " + e.model.Context + ".Context"}
		for _, more := range []string{f.signature(), fill.Replace(a.params)} {
			if more != "" {
				params = append(params, more)
			}
		}
		e.doc("%s %s", a.name, fill.Replace(a.doc))
		e.line("func (s *%s) %s(%s) %s {", receiver, a.name, strings.Join(params, ", "), fill.Replace(a.results))
		e.put("\t", fill.Replace(a.call), "\n}\n")
	}
}

// outline is the template without the types of its parameters, which the
// signatures show.
func (f *Family) outline() string {
	var b strings.Builder
	for i, literal := range f.Literals {
		b.WriteString(literal)
		if i < len(f.Params) {
			b.WriteString("<" + f.Params[i].Name + ">")
		}
	}
	return b.String()
}

// getMany writes GetMany, which a family of one key has no use for.
func (e *emitter) getMany(f *Family, receiver string) {
	var variadic, typ, key string
	switch len(f.Params) {
	case 0:
		return
	case 1:
		variadic, typ, key = f.Params[0].Plural, f.Params[0].Type, f.Names.Key
	default:
		variadic, typ, key = "keys", f.Names.Params, f.Names.Params+".Key"
	}
	m := e.model
	e.doc("GetMany returns a result for each of %s, in their order. Where there is no %s, its error matches [%s.ErrNotFound].",
		variadic, f.Type, m.State)
	e.line("func (s *%s) GetMany(ctx %s.Context, %s ...%s) ([]%s.Result[%s], error) {", receiver, m.Context, variadic, typ, m.State, f.Type)
	if receiver == f.Names.Store {
		e.line("\treturn s.reader.GetMany(ctx, %s...)\n}\n", variadic)
		return
	}
	e.line("\treturn %s.GetEach(ctx, s.r, %s, %s)\n}\n", m.State, key, variadic)
}
