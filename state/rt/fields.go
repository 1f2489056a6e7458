package rt

// Fields are the names under which the fields of a struct are stored, in the order
// in which it is written.
type Fields struct {
	names  []string
	others []string
}

// FieldsOf returns the fields with those names.
func FieldsOf(names ...string) *Fields { return &Fields{names: names} }

// Others has a document that holds one of the names be left to the library codec,
// to which they mean something, and returns f.
func (f *Fields) Others(names ...string) *Fields {
	f.others = names
	return f
}

// What find returns for a name that is no field's.
const (
	unknownField = -1
	otherField   = -2
)

// find returns the index of the field of that name. Next is the one to expect.
func (f *Fields) find(name string, next int) int {
	if next < len(f.names) && f.names[next] == name {
		return next
	}
	for i, known := range f.names {
		if known == name {
			return i
		}
	}
	for _, other := range f.others {
		if other == name {
			return otherField
		}
	}
	return unknownField
}
