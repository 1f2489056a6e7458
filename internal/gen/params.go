package gen

import (
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"github.com/typedstate/typedstate/internal/keyspec"
)

// resolved is a parameter's type, looked up in the scope of its directive.
type resolved struct {
	typ     types.Type
	kind    keyspec.Kind
	address bool
}

// resolve looks up the types of a template's parameters. Where one is no type
// that a key part can have it reports that at the type's place in the template,
// and returns false.
func resolve(p *Package, file *ast.File, t *keyspec.Template, pos token.Pos, found *diagnostics) ([]resolved, bool) {
	all := make([]resolved, 0, len(t.Params()))
	for _, param := range t.Params() {
		at := p.at(pos + token.Pos(param.TypeOffset))
		typ, problem := lookupType(p, file, param.Type)
		if problem == "" {
			r := resolved{typ: typ}
			if r.kind, r.address, problem = partKind(typ); problem == "" {
				all = append(all, r)
				continue
			}
		}
		found.errorf(at, "key template: parameter %s: %s", param.Name, problem)
	}
	return all, len(all) == len(t.Params())
}

// lookupType returns the type that a template names, or what is wrong with the
// name.
func lookupType(p *Package, file *ast.File, name string) (_ types.Type, problem string) {
	if name == "[16]byte" {
		return types.NewArray(types.Universe.Lookup("byte").Type(), 16), ""
	}
	if _, ok := keyspec.KindOf(name); ok {
		return types.Universe.Lookup(name).Type(), ""
	}
	var obj types.Object
	qualifier, base, qualified := strings.Cut(name, ".")
	if qualified {
		scope := p.Info.Scopes[file]
		if scope == nil {
			return nil, name + " is not known"
		}
		pkg, ok := scope.Lookup(qualifier).(*types.PkgName)
		if !ok {
			return nil, "this file imports no package as " + qualifier + "; import it, or declare here: type " + base + " = " + name
		}
		if !ast.IsExported(base) {
			return nil, name + " is not exported"
		}
		if !pkg.Imported().Complete() {
			return nil, "package " + strconv.Quote(pkg.Imported().Path()) + " cannot be loaded; go build says why"
		}
		obj = pkg.Imported().Scope().Lookup(base)
	} else if obj = p.Types.Scope().Lookup(name); obj == nil && p.Info.Scopes[file] != nil {
		obj = p.Info.Scopes[file].Lookup(name) // from a dot import
	}
	typeName, ok := obj.(*types.TypeName)
	switch {
	case obj == nil:
		return nil, name + " is not declared"
	case !ok:
		return nil, name + " is no type"
	case isInvalid(types.Unalias(typeName.Type())) || isInvalid(typeName.Type().Underlying()):
		return nil, "the type " + name + " is not known" + p.typeError(typeName.Pos())
	case isGeneric(typeName.Type()):
		return nil, name + " is generic; declare a type made from it"
	}
	return typeName.Type(), ""
}

func isGeneric(t types.Type) bool {
	g, ok := t.(interface {
		TypeParams() *types.TypeParamList
		TypeArgs() *types.TypeList
	})
	return ok && g.TypeParams().Len() > 0 && g.TypeArgs().Len() == 0
}

// partKind returns the kind of a type as a key part, whether marshalling needs
// its address, or why it cannot be one.
func partKind(t types.Type) (kind keyspec.Kind, address bool, problem string) {
	if types.IsInterface(t) {
		return 0, false, "an interface cannot be a key part, as two types behind it could give the same text"
	}
	marshals, pointer := method(t, marshalText)
	unmarshals, _ := method(t, unmarshalText)
	switch {
	case marshals != nil && unmarshals != nil:
		return keyspec.Opaque, pointer, ""
	case marshals != nil:
		return 0, false, "the type has MarshalText but no UnmarshalText, so its key could not be read back"
	case unmarshals != nil:
		return 0, false, "the type has UnmarshalText but no MarshalText"
	}
	switch u := t.Underlying().(type) {
	case *types.Basic:
		if kind, ok := keyspec.KindOf(u.Name()); ok {
			return kind, false, ""
		}
	case *types.Array:
		if elem, ok := u.Elem().Underlying().(*types.Basic); ok && u.Len() == 16 && elem.Kind() == types.Uint8 {
			// Only an array of bytes itself converts to [16]byte.
			if types.Identical(u.Elem(), types.Typ[types.Uint8]) {
				return keyspec.UUID, false, ""
			}
		}
	}
	return 0, false, "the type cannot be a key part; use a string, bool, integer or [16]byte, or give it MarshalText and UnmarshalText"
}

// model returns the parameters as the generated file writes them. taken are the
// names that its functions need for something else.
func paramModels(t *keyspec.Template, all []resolved, im *imports, taken map[string]bool) []Param {
	params := make([]Param, len(all))
	for i, r := range all {
		name := t.Params()[i].Name
		field, _ := fieldName(name)
		params[i] = Param{
			Field:   field,
			Name:    safeName(name, taken),
			Type:    im.text(r.typ),
			Kind:    r.kind,
			Convert: convert(r),
			Address: r.address,
		}
	}
	if len(params) == 1 {
		params[0].Plural = safeName(plural(t.Params()[0].Name), taken)
	}
	return params
}

// convert reports whether a value must be converted for the function of its
// kind.
func convert(r resolved) bool {
	switch t := types.Unalias(r.typ); {
	case r.kind.Signed():
		return t != types.Typ[types.Int64]
	case r.kind.Unsigned():
		return t != types.Typ[types.Uint64]
	case r.kind == keyspec.String:
		return t != types.Typ[types.String]
	case r.kind == keyspec.Bool:
		return t != types.Typ[types.Bool]
	default: // an array is assignable, a type that marshals itself is an argument as it is
		return false
	}
}

// fieldClashes reports parameters whose fields in the struct of all parameters
// would meet, be unexported, or meet its method. A family that is walked over has
// methods of the same names on its filter, also for one parameter alone.
func (a *analysed) fieldClashes(p *Package, found *diagnostics) {
	several := len(a.params) > 1
	if !several && !a.options.scan {
		return
	}
	use := "a field of " + a.names.Params
	switch {
	case a.isLimit():
		use = "a field of " + a.limiter.Subject
	case a.isJob():
		use = "a field of " + a.tracker.Key
	case !several:
		use = "a method of " + a.names.Filter
	}
	first := make(map[string]string)
	for _, param := range a.template.Params() {
		at := p.at(a.at + token.Pos(param.Offset+1))
		field, ok := fieldName(param.Name)
		switch other, twice := first[field]; {
		case !ok:
			found.errorf(at, "key template: parameter %s has no exported form for %s; begin it with a letter that has a capital", param.Name, use)
		case several && field == "Key" && a.isKey():
			found.errorf(at, "key template: parameter %s would hide the method Key of %s; choose another name", param.Name, a.names.Params)
		case twice:
			found.errorf(at, "key template: parameters %s and %s are both %s when exported; choose another name", other, param.Name, field)
		}
		first[field] = param.Name
	}
}
