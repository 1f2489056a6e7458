package gen

import (
	"go/types"
	"strings"
)

// signature is a method by its name and types, as [types.TypeString] writes
// those with full paths.
type signature struct{ name, params, results string }

const msgpackPath = "github.com/vmihailenco/msgpack/v5"

var (
	marshalText     = signature{"MarshalText", "()", "([]byte, error)"}
	unmarshalText   = signature{"UnmarshalText", "([]byte)", "(error)"}
	marshalJSON     = signature{"MarshalJSON", "()", "([]byte, error)"}
	unmarshalJSON   = signature{"UnmarshalJSON", "([]byte)", "(error)"}
	marshalBinary   = signature{"MarshalBinary", "()", "([]byte, error)"}
	unmarshalBinary = signature{"UnmarshalBinary", "([]byte)", "(error)"}
	marshalMsgpack  = signature{"MarshalMsgpack", "()", "([]byte, error)"}
	unmarshalPack   = signature{"UnmarshalMsgpack", "([]byte)", "(error)"}
	encodeMsgpack   = signature{"EncodeMsgpack", "(*" + msgpackPath + ".Encoder)", "(error)"}
	decodeMsgpack   = signature{"DecodeMsgpack", "(*" + msgpackPath + ".Decoder)", "(error)"}
)

// foundMethod is a method of a type. promoted is the index of the embedded field that
// it comes from, or -1.
type foundMethod struct{ promoted int }

// method returns the method of t or *t with that signature, or nil, and whether
// only *t has it.
func method(t types.Type, s signature) (m *foundMethod, pointer bool) {
	obj, index, _ := types.LookupFieldOrMethod(t, true, nil, s.name)
	f, ok := obj.(*types.Func)
	if !ok || !s.matches(f.Signature()) {
		return nil, false
	}
	m = &foundMethod{promoted: -1}
	if len(index) > 1 {
		m.promoted = index[0]
	}
	direct, _, _ := types.LookupFieldOrMethod(t, false, nil, s.name)
	return m, direct == nil
}

func (s signature) matches(sig *types.Signature) bool {
	return !sig.Variadic() && tupleString(sig.Params()) == s.params && tupleString(sig.Results()) == s.results
}

// tupleString writes the types of a tuple without names, aliases resolved.
func tupleString(t *types.Tuple) string {
	texts := make([]string, 0, t.Len())
	for v := range t.Variables() {
		texts = append(texts, types.TypeString(types.Unalias(v.Type()), nil))
	}
	return "(" + strings.Join(texts, ", ") + ")"
}

// coding is one way in which a library has a type encode and decode itself.
type coding struct{ encode, decode signature }

// The ways that each codec knows, in the order in which it looks for them.
var codings = map[string][]coding{
	"json": {
		{marshalJSON, unmarshalJSON},
		{marshalText, unmarshalText},
	},
	"msgpack": {
		{encodeMsgpack, decodeMsgpack},
		{marshalMsgpack, unmarshalPack},
		{marshalBinary, unmarshalBinary},
		{marshalText, unmarshalText},
	},
}

// ownCoding says how a type encodes itself under a codec.
type ownCoding struct {
	// leaf reports that the type does both, so that its fields do not matter.
	leaf bool
	// promoted is the index of the embedded field whose methods it uses, or -1.
	promoted int
	// problem is why what it writes could not be read.
	problem string
}

func codingOf(t types.Type, codec string) ownCoding {
	var encode, decode *foundMethod
	e, d := -1, -1
	for i, c := range codings[codec] {
		if m, _ := method(t, c.encode); m != nil && e < 0 {
			encode, e = m, i
		}
		if m, _ := method(t, c.decode); m != nil && d < 0 {
			decode, d = m, i
		}
	}
	own := ownCoding{promoted: -1}
	if encode != nil && encode.promoted >= 0 {
		own.promoted = encode.promoted
	} else if decode != nil && decode.promoted >= 0 {
		own.promoted = decode.promoted
	}
	switch {
	case e < 0 && d < 0:
		// A type that only JSON would store as it should be.
		j, _ := method(t, marshalJSON)
		if codec == "msgpack" && j != nil && !isRawMessage(t) {
			own.problem = "has MarshalJSON, which msgpack does not use; give it MarshalMsgpack and UnmarshalMsgpack as well"
		}
	case e == d:
		own.leaf = true
	case e < 0 && codec == "json" && d == 0:
		// It is encoded by its fields, and reads that or something older.
	case e < 0:
		c := codings[codec][d]
		own.problem = "has " + c.decode.name + " but no " + c.encode.name + ", so what is written could not be read back"
	default:
		c := codings[codec][e]
		own.problem = "has " + c.encode.name + " but no " + c.decode.name + ", so what is written could not be read back"
	}
	return own
}

func isRawMessage(t types.Type) bool {
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || named.Obj().Name() != "RawMessage" {
		return false
	}
	// In Go 1.27 json.RawMessage is an alias of jsontext.Value.
	return named.Obj().Pkg().Path() == "encoding/json"
}
