package gen

import (
	"go/types"
	"reflect"
	"strings"
	"unicode"
)

// fieldTag is what the tag of a field says about its storage.
type fieldTag struct {
	// name is the name that it gives the field, or "".
	name string
	// skipped reports that the codec leaves the field out.
	skipped bool
	// quoted reports the option string.
	quoted bool
	// unstored reports state:"-".
	unstored bool
	problem  string
}

// readTag reads the tag of a field as the codec does.
func readTag(tag, codec string) fieldTag {
	var t fieldTag
	st := reflect.StructTag(tag)
	switch value, ok := st.Lookup("state"); {
	case ok && value == "-":
		t.unstored = true
	case ok:
		t.problem = `the only state tag is state:"-", for a field that is not stored`
	case strings.Contains(tag, "state:"):
		t.problem = "the tag is malformed, so that its state part is not seen"
	}
	value, ok := "", false
	if codec == "msgpack" {
		value, ok = st.Lookup("msgpack")
	}
	if !ok {
		value = st.Get("json")
	}
	if value == "-" {
		t.skipped = true
		return t
	}
	name, options, _ := strings.Cut(value, ",")
	if validName(name) {
		t.name = name
	}
	for option := range strings.SplitSeq(options, ",") {
		t.quoted = t.quoted || option == "string"
	}
	return t
}

// validName reports whether encoding/json takes s for a field's name; it ignores
// all others.
func validName(s string) bool {
	for _, c := range s {
		if !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", c) && !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			return false
		}
	}
	return s != ""
}

// storedName is the name under which a field is stored.
func storedName(f *types.Var, t fieldTag) string {
	if t.name != "" {
		return t.name
	}
	return f.Name()
}
