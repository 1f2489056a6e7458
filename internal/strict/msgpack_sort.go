package strict

import "slices"

// msgpackSorter copies a scanned document with its Go maps in order of their keys.
// SetSortMapKeys of the library sorts three map types only. Structs keep the order of
// their fields, and what an encoder method wrote is left alone, since its decoder may
// rely on the order; under an interface no decoder method ever runs, so there all is
// sorted.
type msgpackSorter struct {
	data, out []byte
}

type msgpackEntry struct {
	key  msgpackKey
	body int
}

func sortMsgpack(written []byte, p *msgpackPlan) {
	o := msgpackSorter{data: written, out: make([]byte, 0, len(written))}
	o.value(0, p)
	copy(written, o.out)
}

func (o *msgpackSorter) copy(from, to int) int {
	o.out = append(o.out, o.data[from:to]...)
	return to
}

func (o *msgpackSorter) value(i int, p *msgpackPlan) int {
	for p.kind == msgpackPointer {
		p = p.elem
	}
	t, _ := readToken(o.data, i)
	if t.kind != tokenArray && t.kind != tokenMap {
		return o.copy(i, t.end())
	}
	switch p.kind {
	case msgpackSlice, msgpackArray, msgpackAny:
		if t.kind == tokenArray {
			return o.array(i, t, p)
		}
		return o.entries(i, t, p)
	case msgpackMap:
		return o.entries(i, t, p)
	case msgpackStruct:
		return o.structure(i, t, p)
	}
	return o.copy(i, skipMsgpack(o.data, i))
}

// below is the plan of what p holds; an interface holds more of the same.
func (p *msgpackPlan) below() *msgpackPlan {
	if p.kind == msgpackAny {
		return p
	}
	return p.elem
}

func (o *msgpackSorter) array(i int, t token, p *msgpackPlan) int {
	i = o.copy(i, t.body)
	for range t.length {
		i = o.value(i, p.below())
	}
	return i
}

func (o *msgpackSorter) entries(i int, t token, p *msgpackPlan) int {
	i = o.copy(i, t.body)
	entries := make([]msgpackEntry, t.length)
	for n := range entries {
		key, _ := readToken(o.data, i)
		entries[n].key, _ = keyOf(o.data, key, i)
		entries[n].body = key.end()
		i = skipMsgpack(o.data, key.end())
	}
	slices.SortFunc(entries, func(a, b msgpackEntry) int { return a.key.compare(&b.key) })
	for _, e := range entries {
		o.value(o.copy(e.key.offset, e.body), p.below())
	}
	return i
}

func (o *msgpackSorter) structure(i int, t token, p *msgpackPlan) int {
	i = o.copy(i, t.body)
	for n := range t.length {
		if t.kind == tokenArray {
			i = o.value(i, p.fields[n].plan)
			continue
		}
		key, _ := readToken(o.data, i)
		i = o.copy(i, key.end())
		if to, known := p.names[string(key.payload(o.data))]; known {
			i = o.value(i, to.plan)
		} else {
			i = o.copy(i, skipMsgpack(o.data, i))
		}
	}
	return i
}
