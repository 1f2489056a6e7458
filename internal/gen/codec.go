package gen

// Codec is the code that writes and reads one struct in one format.
type Codec struct {
	// Format is JSON or Msgpack, as the names of package rt have it.
	Format string
	// Encode, Decode and Fields are the names of its functions and of the
	// variable that holds the names of its fields. Codecs of both formats share
	// that if the names are the same.
	Encode, Decode, Fields string
	// OwnsFields reports that the variable is declared with this codec.
	OwnsFields bool
	// Type is the struct as the generated file writes it.
	Type string
	List []Field
	// Others are names that mean something to the library alone.
	Others []string
}

// Field is one field of a struct as it is stored.
type Field struct {
	// Name is the name under which it is stored, Path the selector of its value.
	Name, Path string
	// Present is the condition under which it is written, "" for always.
	Present string
	// Unwritten reports that it never is: an array of no elements with omitempty.
	Unwritten bool
	// Quoted reports the option string.
	Quoted bool
	Form   *Form
}

// Form says how the values of a type are written and read.
type Form struct {
	Kind FormKind
	// Scalar is what the decoder calls a basic type: String, Bool, Int8 and so on.
	Scalar string
	// Basic is the type to convert to, if the type is not that type itself: a
	// basic one, or []byte.
	Basic string
	// Type is the type as the generated file writes it, for elements only.
	Type string
	// Elem is the form of elements.
	Elem *Form
	// Encode and Decode are the functions of a struct.
	Encode, Decode string
}

// FormKind is a way in which values are written and read.
type FormKind uint8

// The kinds of forms.
const (
	// LibraryForm leaves a value to the library codec.
	LibraryForm FormKind = iota
	ScalarForm
	BytesForm
	TimeForm
	StructForm
	SliceForm
	ArrayForm
	MapForm
	// IntMapForm is a map whose keys are numbers.
	IntMapForm
	PointerForm
)

// Locals are the names of the local variables in the functions of codecs, which no
// type that they name may be called.
type Locals struct{ Encoder, Decoder, Value, Object, Map string }
