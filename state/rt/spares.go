package rt

// spares are variables of any type that are used again, where a variable would
// otherwise escape to the heap because its address goes to a function value.
type spares [2]any

// spare returns a zero T, which [spares.put] takes back.
func spare[T any](s *spares) *T {
	for i := range s {
		if p, ok := s[i].(*T); ok {
			s[i] = nil
			return p
		}
	}
	return new(T)
}

// put takes back what spare returned, made zero again by the caller.
func (s *spares) put(p any) {
	if s[0] != nil {
		s[1] = s[0]
	}
	s[0] = p
}
