package rt

import (
	"encoding"
	"encoding/json"

	"github.com/vmihailenco/msgpack/v5"
)

// JSONMethods are the methods with which a type encodes itself in JSON. Generated code
// embeds them beside a type that must have none of them.
type JSONMethods interface {
	json.Marshaler
	json.Unmarshaler
	encoding.TextMarshaler
	encoding.TextUnmarshaler
}

// MsgpackMethods are to msgpack what [JSONMethods] are to JSON.
type MsgpackMethods interface {
	msgpack.CustomEncoder
	msgpack.CustomDecoder
	msgpack.Marshaler
	msgpack.Unmarshaler
	encoding.BinaryMarshaler
	encoding.BinaryUnmarshaler
	encoding.TextMarshaler
	encoding.TextUnmarshaler
}
