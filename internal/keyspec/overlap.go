package keyspec

// Overlap reports whether two templates can make the same key, and returns such
// a key as witness. Templates overlap if they have as many segments, their
// braces stand at the same places, and at each position the two segments have a
// text in common: encoded parts contain no ":", "{" or "}", so nothing else can
// bring two keys together. An [Opaque] parameter counts as any text.
func Overlap(a, b *Template) (witness string, overlaps bool) {
	if len(a.segments) != len(b.segments) {
		return "", false
	}
	parts := make([]string, len(a.params))
	for i, s := range a.segments {
		other := b.segments[i]
		if s.Open != other.Open || s.Close != other.Close {
			return "", false
		}
		common, ok := a.common(s, b, other)
		if !ok {
			return "", false
		}
		if s.Param >= 0 {
			parts[s.Param] = common
		}
	}
	return a.join(func(i int) string { return parts[i] }), true
}

// common returns a text that both segments can be.
func (t *Template) common(s Segment, other *Template, o Segment) (string, bool) {
	switch {
	case s.Param < 0 && o.Param < 0:
		return s.Literal, s.Literal == o.Literal
	case s.Param < 0:
		return s.Literal, other.params[o.Param].Kind.Accepts(s.Literal)
	case o.Param < 0:
		return o.Literal, t.params[s.Param].Kind.Accepts(o.Literal)
	}
	left, right := t.params[s.Param].Kind, other.params[o.Param].Kind
	for _, text := range [...]string{left.sample(), right.sample()} {
		if left.Accepts(text) && right.Accepts(text) {
			return text, true
		}
	}
	return "", false
}

// sample is a text of kind k that every other kind accepts with which k has a
// text in common.
func (k Kind) sample() string {
	switch {
	case k == Bool:
		return "true"
	case k.Signed() || k.Unsigned():
		return "1"
	case k == UUID:
		return "00000000-0000-4000-8000-000000000000"
	default:
		return "x"
	}
}

// Conflict is a pair of templates that can make the same key, by their indexes.
type Conflict struct {
	First, Second int
	// Witness is a key that both make.
	Witness string
}

// Conflicts compares all templates with each other and returns those that
// overlap, ordered by their indexes.
func Conflicts(templates []*Template) []Conflict {
	// Templates begin with a literal, so only those that share it can meet.
	type shape struct {
		first    string
		segments int
	}
	earlier := make(map[shape][]int)
	var conflicts []Conflict
	for second, t := range templates {
		s := shape{t.segments[0].Literal, len(t.segments)}
		for _, first := range earlier[s] {
			if witness, ok := Overlap(templates[first], t); ok {
				conflicts = append(conflicts, Conflict{first, second, witness})
			}
		}
		earlier[s] = append(earlier[s], second)
	}
	return conflicts
}
