package strict

import "reflect"

// The memory that a document may make is linear in its length, so that a few bytes
// cannot become gigabytes: "{}," is a whole struct in a slice. The factor lets every
// slice of scalars, strings and slices pass at any length.
const (
	jsonMemoryFactor = 12
	jsonMemoryFloor  = 1 << 20
)

// mapGroup is how many entries the smallest map has room for.
const mapGroup = 8

// JSONMemory returns how many bytes of slices, maps and pointees a JSON document of
// length bytes may make.
func JSONMemory(length int) int { return jsonMemoryFactor*length + jsonMemoryFloor }

// MapMemory returns how many bytes a map with that many entries of size bytes counts.
func MapMemory(entries, size int) int {
	if entries == 0 {
		return 0
	}
	return max(entries, mapGroup) * size
}

// pointees returns the bytes that a value of type t makes behind its pointers.
func pointees(t reflect.Type) int {
	total := 0
	for hops := 0; t.Kind() == reflect.Pointer && hops < MaxDepth; hops++ {
		t = t.Elem()
		total += int(t.Size())
	}
	return total
}

// dense notes that length bytes of a document can make size bytes of memory. No byte
// counts twice: an array or object keeps its brackets and leaves the rest to its elements.
func (b *jsonBuilder) dense(size, length int) {
	b.density = max(b.density, (size+length-1)/length)
}

// weigh notes in p what its elements take, and how dense they can be in a document.
func (b *jsonBuilder) weigh(p *jsonPlan) {
	switch t := p.typ; p.kind {
	case jsonStruct:
		for i := range p.fields {
			f := &p.fields[i]
			f.behind = pointees(f.typ)
			b.dense(f.behind, len(`"":0`))
		}
	case jsonMap:
		p.size = int(t.Key().Size() + t.Elem().Size())
		p.behind = pointees(t.Elem())
		b.dense(mapGroup*p.size+p.behind, len(`"":0`))
	case jsonSlice, jsonArray:
		if p.kind == jsonSlice {
			p.size = int(t.Elem().Size())
		}
		p.behind = pointees(t.Elem())
		least := len(`0`)
		isText := p.elem.kind == jsonLeaf && p.elem.typ.Kind() == reflect.String && p.elem.typ != jsonNumberType
		if isText || p.elem.kind >= jsonBytes && p.elem.kind <= jsonArray {
			least = len(`{}`)
		}
		b.dense(p.size+p.behind, least)
	case jsonAny:
		b.dense(anySize, len(`0`))
	}
}

// jsonScale walks a scanned document beside its Go type and adds up what it makes.
type jsonScale struct {
	jsonChecker
	left int
	// large are the large arrays, if grows, and within is how many arrays and maps
	// are open.
	grows  bool
	within int
	large  []jsonLarge
}

// weighJSON returns how much the scanned value at i makes of a plan, at most left. Where
// it is more, or where the type alone tells that it cannot be, there is no walk to the end.
func weighJSON(data []byte, i, end int, plan *jsonPlan, left int) (used int, err *Error) {
	if most := plan.density * (end - i); plan.density <= jsonMemoryFactor && most <= left {
		return most, nil
	}
	c := jsonScale{jsonChecker: jsonChecker{data: data}, left: left}
	if c.value(i, plan, plan.outside) < 0 {
		return 0, c.error(plan.path(c.steps))
	}
	return left - c.left, nil
}

// checkMemory refuses a scanned document that makes more than its length allows.
func checkMemory(data []byte, plan *jsonPlan) *Error {
	if plan.density*len(data) <= JSONMemory(len(data)) {
		return nil
	}
	_, err := weighJSON(data, 0, len(data), plan, JSONMemory(len(data)))
	return err
}

// makeRoom checks the memory of a scanned document, and makes the large slices that it
// fills in v at once. Growing step by step, encoding/json makes five times as much.
func makeRoom(data []byte, plan *jsonPlan, v any) *Error {
	if plan.density*len(data) <= largeSlice {
		return nil
	}
	c := jsonScale{jsonChecker: jsonChecker{data: data}, left: JSONMemory(len(data)), grows: true}
	if c.value(0, plan, plan.outside) < 0 {
		return c.error(plan.path(c.steps))
	}
	for _, l := range c.large {
		l.make(reflect.ValueOf(v), plan)
	}
	return nil
}

// largeSlice is the size from which it pays to make a slice at once.
const largeSlice = 1 << 20

// jsonLarge is a large array of the document, and the fields that lead to it, the
// innermost first. The way leads through no other array and no map.
type jsonLarge struct {
	length int
	fields []int
}

func (l *jsonLarge) make(v reflect.Value, p *jsonPlan) {
	for i := len(l.fields); ; i-- {
		for v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		if i == 0 {
			break
		}
		f := &p.fields[l.fields[i-1]]
		var err error
		if v, err = v.FieldByIndexErr(f.index); err != nil {
			return
		}
		p = f.plan
	}
	if v.Kind() == reflect.Slice && v.CanSet() {
		v.Set(reflect.MakeSlice(v.Type(), 0, l.length))
	}
}

func (c *jsonScale) charge(i, size int) bool {
	if c.left -= size; c.left < 0 {
		c.stop(i, reasonMemory)
		return false
	}
	return true
}

func (c *jsonScale) value(i int, p *jsonPlan, behind int) int {
	i = c.space(i)
	if c.data[i] == 'n' {
		return c.skip(i)
	}
	if !c.charge(i, behind) {
		return -1
	}
	if p.kind == jsonAny {
		p = jsonAnyPlan
	}
	switch c.data[i] {
	case '{':
		switch {
		case p.kind == jsonStruct:
			return c.object(i, p)
		case p.kind == jsonMap:
			return c.entries(i, p, p.size)
		case p == jsonAnyPlan:
			return c.entries(i, p, anyEntry)
		}
	case '[':
		if p.elem != nil && p.kind != jsonMap {
			return c.array(i, p)
		}
	}
	return c.skip(i)
}

// jsonAnyPlan is how an empty interface takes objects and arrays.
var jsonAnyPlan = func() *jsonPlan {
	p := &jsonPlan{kind: jsonAny, size: anySize}
	p.elem = p
	return p
}()

func (c *jsonScale) array(i int, p *jsonPlan) int {
	i = c.space(i + 1)
	c.within++
	n := 0
	for ; c.data[i] != ']'; n++ {
		if c.data[i] == ',' {
			i = c.space(i + 1)
		}
		if !c.charge(i, p.size) {
			return c.under(step{index: n})
		}
		if i = c.value(i, p.elem, p.behind); i < 0 {
			return c.under(step{index: n})
		}
		i = c.space(i)
	}
	if c.within--; c.within == 0 && c.grows && p.kind == jsonSlice && n*p.size >= largeSlice {
		c.large = append(c.large, jsonLarge{length: n})
	}
	return i + 1
}

// name returns the name at i, unescaped, and where its value starts.
func (c *jsonScale) name(i int) (name []byte, value int) {
	if c.data[i] == ',' {
		i = c.space(i + 1)
	}
	start := i
	i = c.skip(i)
	return unescapeJSON(c.data[start+1 : i-1]), c.space(c.space(i) + 1)
}

func (c *jsonScale) entries(i int, p *jsonPlan, size int) int {
	i = c.space(i + 1)
	c.within++
	for n := 0; c.data[i] != '}'; n++ {
		name, value := c.name(i)
		due := size
		if p.kind == jsonMap {
			due = MapMemory(n+1, size) - MapMemory(n, size)
		}
		if !c.charge(value, due) {
			return c.under(step{name: name, keyed: true})
		}
		if i = c.value(value, p.elem, p.behind); i < 0 {
			return c.under(step{name: name, keyed: true})
		}
		i = c.space(i)
	}
	c.within--
	return i + 1
}

func (c *jsonScale) object(i int, p *jsonPlan) int {
	i = c.space(i + 1)
	for c.data[i] != '}' {
		name, value := c.name(i)
		if f := p.field(name); f >= 0 {
			known := len(c.large)
			i = c.value(value, p.fields[f].plan, p.fields[f].behind)
			for l := range c.large[known:] {
				c.large[known+l].fields = append(c.large[known+l].fields, f)
			}
		} else {
			i = c.skip(value)
		}
		if i < 0 {
			return c.under(step{name: name, keyed: true})
		}
		i = c.space(i)
	}
	return i + 1
}
