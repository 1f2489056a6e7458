package strict

import (
	"bytes"
	"cmp"
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"
)

var (
	jsonMarshalerType   = reflect.TypeFor[json.Marshaler]()
	jsonUnmarshalerType = reflect.TypeFor[json.Unmarshaler]()
	textMarshalerType   = reflect.TypeFor[encoding.TextMarshaler]()
	jsonNumberType      = reflect.TypeFor[json.Number]()
	textUnmarshalerType = reflect.TypeFor[encoding.TextUnmarshaler]()
)

type jsonKind uint8

const (
	jsonLeaf jsonKind = iota
	jsonOwn
	jsonBytes
	jsonStruct
	jsonMap
	jsonSlice
	jsonArray
	jsonAny
)

// jsonPlan is what encoding/json makes of one Go type, pointers removed.
type jsonPlan struct {
	kind   jsonKind
	typ    reflect.Type
	elem   *jsonPlan
	length int
	// intKeys tells that names become numbers, so that "1" and "01" would collide.
	intKeys bool
	fields  []jsonField
	exact   map[string]int
	// lossy is meaningful at a root: some array or number-keyed map below can lose
	// an element without any two names being alike.
	lossy bool
	// own is meaningful at a root: a decoder method that may change what it is given.
	own bool
	// outside is meaningful at a root: what the pointers that v points to take.
	outside int
	// density is meaningful at a root: how much memory a byte of a document can make.
	density int
	// size is what an element of a slice or an entry of a map takes, behind what it
	// takes more where it is a pointer and not null.
	size, behind int
}

type jsonField struct {
	name   string
	index  []int
	typ    reflect.Type
	plan   *jsonPlan
	behind int
	tagged bool
	quoted bool
}

var jsonPlans sync.Map

// jsonPlanOf returns the plan of a root type.
func jsonPlanOf(t reflect.Type) *jsonPlan {
	if p, ok := jsonPlans.Load(t); ok {
		return p.(*jsonPlan)
	}
	b := jsonBuilder{known: map[reflect.Type]*jsonPlan{}}
	root := *b.plan(t)
	if t.Kind() == reflect.Pointer {
		root.outside = pointees(t.Elem())
		b.dense(root.outside, 1)
	}
	root.lossy, root.own, root.density = b.lossy, b.own, b.density
	p, _ := jsonPlans.LoadOrStore(t, &root)
	return p.(*jsonPlan)
}

type jsonBuilder struct {
	known      map[reflect.Type]*jsonPlan
	lossy, own bool
	density    int
}

func hasMethod(t, iface reflect.Type) bool {
	return t.Implements(iface) || t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(iface)
}

func (b *jsonBuilder) plan(t reflect.Type) *jsonPlan {
	// A type such as `type P *P` has no end.
	for hops := 0; t.Kind() == reflect.Pointer && hops < MaxDepth; hops++ {
		t = t.Elem()
	}
	if p, ok := b.known[t]; ok {
		return p
	}
	p := &jsonPlan{typ: t}
	b.known[t] = p
	if t.Kind() != reflect.Interface && (hasMethod(t, jsonUnmarshalerType) || hasMethod(t, textUnmarshalerType)) {
		p.kind = jsonOwn
		b.own = b.own || t != timeType && t != reflect.TypeFor[json.RawMessage]()
		return p
	}
	switch t.Kind() {
	case reflect.Struct:
		p.kind = jsonStruct
		p.fields = jsonFields(t)
		p.exact = make(map[string]int, len(p.fields))
		for i := range p.fields {
			f := &p.fields[i]
			p.exact[f.name] = i
			f.plan = b.plan(f.typ)
		}
	case reflect.Map:
		p.kind = jsonMap
		p.elem = b.plan(t.Elem())
		if k := t.Key(); !reflect.PointerTo(k).Implements(textUnmarshalerType) {
			p.intKeys = reflect.Int <= k.Kind() && k.Kind() <= reflect.Uintptr
			b.lossy = b.lossy || p.intKeys
		} else {
			b.own = true
		}
	case reflect.Slice:
		p.kind = jsonSlice
		p.elem = b.plan(t.Elem())
		if t.Elem().Kind() == reflect.Uint8 {
			p.kind = jsonBytes
		}
	case reflect.Array:
		p.kind = jsonArray
		p.length = t.Len()
		p.elem = b.plan(t.Elem())
		b.lossy = true
	case reflect.Interface:
		p.kind = jsonAny
	}
	b.weigh(p)
	return p
}

// field finds the field that encoding/json would fill from name.
func (p *jsonPlan) field(name []byte) int {
	if i, ok := p.exact[string(name)]; ok {
		return i
	}
	for i := range p.fields {
		if f := &p.fields[i]; bytes.EqualFold([]byte(f.name), name) {
			return i
		}
	}
	return -1
}

// path turns the steps of a fault into text without a single map key in it.
func (p *jsonPlan) path(steps []step) string {
	var path string
	for i := len(steps) - 1; i >= 0; i-- {
		s := &steps[i]
		var next *jsonPlan
		switch {
		case !s.keyed:
			path = pathIndex(path, s.index)
			if p != nil {
				next = p.elem
			}
		case p != nil && p.kind == jsonStruct && p.field(s.name) >= 0:
			f := &p.fields[p.field(s.name)]
			path = pathField(path, f.name)
			next = f.plan
		default:
			path += pathKey
			if p != nil && p.kind == jsonMap {
				next = p.elem
			}
		}
		p = next
	}
	return path
}

// jsonFields lists the fields that encoding/json sees: promoted ones included,
// ambiguous ones dropped, in order of declaration.
func jsonFields(root reflect.Type) []jsonField {
	type level struct {
		typ   reflect.Type
		index []int
	}
	var all []jsonField
	next := []level{{typ: root}}
	visited := map[reflect.Type]bool{}
	for len(next) > 0 {
		current := next
		next = nil
		// A type embedded twice at one depth hides its own fields.
		count := map[reflect.Type]int{}
		for _, l := range current {
			count[l.typ]++
		}
		for _, l := range current {
			if visited[l.typ] {
				continue
			}
			visited[l.typ] = true
			for i := range l.typ.NumField() {
				sf := l.typ.Field(i)
				f, inline, ok := jsonFieldOf(sf)
				if !ok {
					continue
				}
				index := append(slices.Clone(l.index), i)
				if inline != nil {
					next = append(next, level{inline, index})
					continue
				}
				f.index = index
				all = append(all, f)
				if count[l.typ] > 1 {
					all = append(all, f)
				}
			}
		}
	}
	return dominantFields(all)
}

// jsonFieldOf returns either a field or the struct type that it inlines.
func jsonFieldOf(sf reflect.StructField) (f jsonField, inline reflect.Type, ok bool) {
	t := sf.Type
	if t.Name() == "" && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if !sf.IsExported() && (!sf.Anonymous || t.Kind() != reflect.Struct) {
		return f, nil, false
	}
	tag := sf.Tag.Get("json")
	if tag == "-" {
		return f, nil, false
	}
	name, options := jsonTag(tag)
	if name == "" && sf.Anonymous && t.Kind() == reflect.Struct {
		return f, t, true
	}
	f = jsonField{name: cmp.Or(name, sf.Name), typ: sf.Type, tagged: name != ""}
	switch k := t.Kind(); {
	case k == reflect.String, k == reflect.Bool, reflect.Int <= k && k <= reflect.Float64:
		f.quoted = slices.Contains(options, "string")
	}
	return f, nil, true
}

// jsonTag returns the name of a json tag, "" where encoding/json takes the field's.
func jsonTag(tag string) (name string, options []string) {
	options = strings.Split(tag, ",")
	name = options[0]
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r) {
			return "", options[1:]
		}
	}
	return name, options[1:]
}

func dominantFields(all []jsonField) []jsonField {
	slices.SortStableFunc(all, func(a, b jsonField) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		if c := len(a.index) - len(b.index); c != 0 {
			return c
		}
		if a.tagged != b.tagged {
			if a.tagged {
				return -1
			}
			return 1
		}
		return slices.Compare(a.index, b.index)
	})
	var out []jsonField
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].name == all[0].name {
			n++
		}
		first := all[0]
		if n == 1 || len(all[1].index) > len(first.index) || all[1].tagged != first.tagged {
			out = append(out, first)
		}
		all = all[n:]
	}
	slices.SortFunc(out, func(a, b jsonField) int { return slices.Compare(a.index, b.index) })
	return out
}
