package gen

import (
	"fmt"
	"go/token"
	"go/types"
)

// walker visits everything that a value of an annotated type can hold, and
// reports what cannot be stored at the field that brings it in.
type walker struct {
	pkg   *Package
	codec string
	found *diagnostics
	root  string // the annotated type
	seen  map[types.Type]bool
	// structs are the named structs that were reached, in the order of their
	// fields.
	structs []*types.Named
}

// site is where the walk is: a field, or the annotated type itself.
type site struct {
	pos   token.Pos // the nearest declaration in the package of the run
	from  string    // what is declared there, such as Session.Cart
	path  string    // what is visited, the same or something it leads to
	depth int
}

// maxDepth is deeper than any value may nest; only a type that grows with each
// level gets there.
const maxDepth = 128

func (w *walker) refuse(at site, format string, args ...any) {
	what := at.path
	if at.from != at.path {
		what = at.from + ": " + at.path
	}
	w.found.errorf(w.pkg.at(at.pos), "%s cannot be stored: %s", what, fmt.Sprintf(format, args...))
}

// typ visits a type.
func (w *walker) typ(t types.Type, at site) {
	t = types.Unalias(t)
	if w.seen[t] {
		return
	}
	if at.depth++; at.depth > maxDepth {
		at.path, at.from = w.root, w.root
		w.refuse(at, "its type nests more than %d levels deep", maxDepth)
		return
	}
	if named, ok := t.(*types.Named); ok {
		w.seen[named] = true
		if !w.pkg.owns(named.Obj()) {
			// What is wrong in another package is reported at each field of
			// this one that leads there.
			before := len(*w.found)
			defer func() {
				if len(*w.found) > before {
					delete(w.seen, named)
				}
			}()
		}
		if isInvalid(named.Underlying()) {
			w.refuse(at, "its type is not known; go build says why")
			return
		}
	}
	if _, ok := t.Underlying().(*types.Interface); !ok && w.encodesItself(t, at) {
		return
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		w.basic(u, at)
	case *types.Pointer:
		w.typ(u.Elem(), at)
	case *types.Slice:
		w.typ(u.Elem(), at)
	case *types.Array:
		w.typ(u.Elem(), at)
	case *types.Map:
		w.mapKey(u.Key(), at)
		w.typ(u.Elem(), at)
	case *types.Struct:
		w.structure(t, u, at)
	case *types.Interface:
		w.refuse(at, "an interface does not say what to decode; wrap it in a type with MarshalJSON and UnmarshalJSON%s", w.orMsgpack())
	case *types.Signature:
		w.refuse(at, `a func is no data; tag the field state:"-" json:"-" to leave it out`)
	case *types.Chan:
		w.refuse(at, `a chan is no data; tag the field state:"-" json:"-" to leave it out`)
	default:
		w.refuse(at, "type %s", t)
	}
}

func (w *walker) orMsgpack() string {
	if w.codec == "msgpack" {
		return ", and MarshalMsgpack and UnmarshalMsgpack"
	}
	return ""
}

// encodesItself reports whether a type has a codec of its own, so that its
// fields do not matter.
func (w *walker) encodesItself(t types.Type, at site) bool {
	own := codingOf(t, w.codec)
	if own.problem != "" {
		w.refuse(at, "its type %s %s", w.name(t), own.problem)
		return true
	}
	st, ok := t.Underlying().(*types.Struct)
	if ok && own.promoted >= 0 && st.NumFields() > 1 {
		field := st.Field(own.promoted)
		if w.pkg.owns(field) {
			at.pos = field.Pos() // it is the field that has to change
		}
		w.refuse(at, "the embedded %s encodes the whole of it, and its other fields would be lost; give that field a name", field.Name())
		return true
	}
	return own.leaf
}

func (w *walker) basic(b *types.Basic, at site) {
	switch info := b.Info(); {
	case b.Kind() == types.Invalid:
		w.refuse(at, "its type is not known; go build says why")
	case info&types.IsComplex != 0:
		w.refuse(at, "a complex number has no encoding; store its parts")
	case b.Kind() == types.Uintptr || b.Kind() == types.UnsafePointer:
		w.refuse(at, "an address means nothing to another process")
	}
}

// mapKey visits the type of a map's keys.
func (w *walker) mapKey(t types.Type, at site) {
	if b, ok := t.Underlying().(*types.Basic); ok {
		if b.Info()&types.IsString != 0 || b.Info()&types.IsInteger != 0 && b.Kind() != types.Uintptr {
			return
		}
		if b.Kind() == types.Invalid {
			w.refuse(at, "the type of its map keys is not known")
			return
		}
	}
	marshals, _ := method(t, marshalText)
	unmarshals, _ := method(t, unmarshalText)
	if marshals == nil || unmarshals == nil || types.IsInterface(t) {
		w.refuse(at, "a map key is a string, an integer, or a type with MarshalText and UnmarshalText, not %s", w.name(t))
	}
}

// structure visits the fields of a struct.
func (w *walker) structure(t types.Type, st *types.Struct, at site) {
	owner := at.path
	if named, ok := t.(*types.Named); ok {
		w.structs = append(w.structs, named)
		owner = w.name(named)
	}
	w.fields(owner, st, at, make(map[string]site))
}

// fields visits fields, those of embedded structs included, which are stored
// beside each other. names holds the names that are taken.
func (w *walker) fields(owner string, st *types.Struct, at site, names map[string]site) {
	for i := range st.NumFields() {
		f, tag := st.Field(i), readTag(st.Tag(i), w.codec)
		here := site{pos: at.pos, from: at.from, path: owner + "." + f.Name(), depth: at.depth}
		if w.pkg.owns(f) && f.Pos().IsValid() {
			here.pos, here.from = f.Pos(), here.path
		}
		embedded, isStruct := types.Unalias(f.Type()).Underlying().(*types.Struct)
		flat := f.Embedded() && isStruct && tag.name == ""
		switch {
		case tag.problem != "":
			w.refuse(here, "%s", tag.problem)
		case hasInvalid(f.Type()):
			w.refuse(here, "its type is not known%s", w.pkg.typeError(here.pos))
		case tag.unstored && (f.Exported() || flat) && !tag.skipped:
			// The exported fields of an embedded struct are its owner's, whatever its name.
			w.refuse(here, `an exported field that is not stored needs json:"-" as well as state:"-", for everybody else who encodes the type`)
		case (tag.unstored || tag.skipped) && holdsLock(f.Type()):
			w.refuse(here, "it holds a lock, and the struct is copied when it is read and stored; keep a pointer to the lock, or keep it outside")
		case tag.unstored:
		case f.Name() == "_" && w.pkg.owns(f):
			w.refuse(here, `a field without a name has no place in it; tag it state:"-" to say so`)
		case !f.Exported() && !flat:
			w.unexported(owner, f, here)
		case tag.skipped:
		case f.Embedded() && isPointer(f.Type()):
			w.refuse(here, "an embedded pointer may be nil, and then its fields are missing; embed the struct, or give the field a name")
		case f.Embedded() && types.IsInterface(f.Type()):
			w.refuse(here, "an embedded interface does not say what to decode")
		case flat:
			w.embedded(f.Type(), embedded, here, names)
		default:
			w.named(f, tag, here, names)
		}
	}
}

// holdsLock reports whether copying a value would copy a lock, by the rule of the
// copylocks check of go vet.
func holdsLock(t types.Type) bool {
	t = types.Unalias(t)
	switch under := t.Underlying().(type) {
	case *types.Array:
		return holdsLock(under.Elem())
	case *types.Struct:
		lock, _ := method(t, signature{"Lock", "()", "()"})
		unlock, _ := method(t, signature{"Unlock", "()", "()"})
		if lock != nil && unlock != nil {
			return true
		}
		for f := range under.Fields() {
			if holdsLock(f.Type()) {
				return true
			}
		}
	}
	return false
}

func isPointer(t types.Type) bool {
	_, ok := types.Unalias(t).(*types.Pointer)
	return ok
}

func (w *walker) unexported(owner string, f *types.Var, at site) {
	if w.pkg.owns(f) {
		w.refuse(at, `an unexported field is not encoded; export it, or tag it state:"-" to say that it is not stored`)
		return
	}
	at.path = owner
	w.refuse(at, "it has unexported fields, which are not encoded, and no MarshalJSON and UnmarshalJSON%s", w.orMsgpack())
}

// embedded visits an embedded struct, whose fields are stored as its owner's.
func (w *walker) embedded(t types.Type, st *types.Struct, at site, names map[string]site) {
	owner := at.path
	if named, ok := types.Unalias(t).(*types.Named); ok {
		if !w.seen[named] {
			w.seen[named] = true
			w.structs = append(w.structs, named)
		}
		owner = w.name(named)
	}
	if at.depth++; at.depth <= maxDepth {
		w.fields(owner, st, at, names)
	}
}

// named visits a field that is stored under a name of its own.
func (w *walker) named(f *types.Var, tag fieldTag, at site, names map[string]site) {
	name := storedName(f, tag)
	if other, twice := names[name]; twice {
		w.refuse(at, "it has the name %q, which %s has too", name, other.path)
		w.found.relate(w.pkg.at(other.pos), "%s is here", other.path)
	}
	names[name] = at
	if w.codec == "json" && !tag.quoted && w.pkg.owns(f) && isWide(f.Type()) {
		w.found.warnf(w.pkg.at(at.pos), `%s: values beyond 2^53 lose digits in JavaScript; say json:"%s,string" if there can be any`, at.path, name)
	}
	w.typ(f.Type(), at)
}

// isWide reports whether a field holds an integer of 64 bits by its declaration.
// A time.Duration is one too, but 104 days of nanoseconds fit.
func isWide(t types.Type) bool {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	if named, ok := t.(*types.Named); ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "time" {
		return false
	}
	b, ok := t.Underlying().(*types.Basic)
	return ok && (b.Kind() == types.Int64 || b.Kind() == types.Uint64)
}

// name writes a type as its users do.
func (w *walker) name(t types.Type) string {
	return types.TypeString(t, func(pkg *types.Package) string {
		if pkg == w.pkg.Types {
			return ""
		}
		return pkg.Name()
	})
}
