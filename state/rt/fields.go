package rt

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// manyFields is the number of fields from which a map finds a name faster than a walk.
const manyFields = 24

// Fields are the names under which the fields of a struct are stored, in the order
// in which it is written.
type Fields struct {
	names  []string
	others []string
	// headers are the names as JSON.stringify writes them, with quotes and colon.
	headers []fieldHeader
	byName  map[string]int
	// foreign tells that a name is not ASCII, so that an ASCII name may fold into it.
	foreign bool
}

// fieldHeader is a name with its quotes and colon. Most are told by one comparison of
// their first bytes, as a number of which mask has the bytes that count.
type fieldHeader struct {
	text       string
	head, mask uint64
}

func headerOf(text string) fieldHeader {
	h := fieldHeader{text: text}
	for i := range min(len(text), 8) {
		h.head |= uint64(text[i]) << (8 * i)
		h.mask |= 0xff << (8 * i)
	}
	return h
}

// FieldsOf returns the fields with those names.
func FieldsOf(names ...string) *Fields {
	f := &Fields{names: names, headers: make([]fieldHeader, len(names))}
	all := `"` + strings.Join(names, `":"`) + `":`
	for i, name := range names {
		end := len(name) + len(`"":`)
		f.headers[i], all = headerOf(all[:end]), all[end:]
		f.foreign = f.foreign || !isASCII(name)
	}
	if len(names) >= manyFields {
		f.byName = make(map[string]int, len(names))
		for i, name := range names {
			f.byName[name] = i
		}
	}
	return f
}

// Others has a document that holds one of the names be left to the library codec,
// to which they mean something, and returns f.
func (f *Fields) Others(names ...string) *Fields {
	f.others = names
	for _, name := range names {
		f.foreign = f.foreign || !isASCII(name)
	}
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
	if f.byName != nil {
		if i, ok := f.byName[name]; ok {
			return i
		}
	} else {
		for i, known := range f.names {
			if known == name {
				return i
			}
		}
	}
	if slices.Contains(f.others, name) {
		return otherField
	}
	return unknownField
}

// folds tells whether encoding/json may take name, which is no field's, for one that
// is spelled another way.
func (f *Fields) folds(name string) bool {
	if f.foreign || !isASCII(name) {
		return true
	}
	for _, known := range f.names {
		if len(known) == len(name) && strings.EqualFold(known, name) {
			return true
		}
	}
	for _, other := range f.others {
		if len(other) == len(name) && strings.EqualFold(other, name) {
			return true
		}
	}
	return false
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
