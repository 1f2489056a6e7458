package rt

// msgpackSpares are variables that values of maps are copied to, since they have no
// address. One that is in use is not among them.
type msgpackSpares []any

// borrow returns a variable of the type that holds its zero value.
func borrowMsgpack[T any](s *msgpackSpares) *T {
	for i, spare := range *s {
		if v, ok := spare.(*T); ok {
			last := len(*s) - 1
			(*s)[i] = (*s)[last]
			*s = (*s)[:last]
			return v
		}
	}
	return new(T)
}

// giveBack keeps a variable for the next map, without its value.
func giveBackMsgpack[T any](s *msgpackSpares, v *T) {
	if len(*s) < 8 {
		*v = *new(T)
		*s = append(*s, v)
	}
}
