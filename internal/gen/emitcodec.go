package gen

import (
	"fmt"
	"strconv"
	"strings"
)

// codecs writes the functions that encode and decode structs.
func (e *emitter) codecs() {
	for i := range e.model.Codecs {
		c := &e.model.Codecs[i]
		w := codecWriter{emitter: e, format: c.Format, Locals: e.model.Locals}
		w.encoder(c)
		if c.OwnsFields {
			w.fields(c)
		}
		w.decoder(c)
	}
}

// codecWriter writes the functions of one codec.
type codecWriter struct {
	*emitter
	Locals
	format string
}

// rt returns the name of something of package rt that there is for each format.
func (w *codecWriter) rt(before, after string) string {
	return w.model.RT + "." + before + w.format + after
}

// header is what an encoder writes before a field, as a literal.
func (w *codecWriter) header(name string) string {
	if w.format == "JSON" {
		// Nothing that encoding/json takes for a name needs an escape.
		text := `"` + name + `":`
		if strconv.CanBackquote(text) {
			return "`" + text + "`"
		}
		return strconv.Quote(text)
	}
	return strconv.Quote(string(msgpackString(name)))
}

// msgpackString returns a string in msgpack.
func msgpackString(s string) []byte {
	switch n := len(s); {
	case n < 32:
		return append([]byte{0xa0 | byte(n)}, s...)
	case n < 1<<8:
		return append([]byte{0xd9, byte(n)}, s...)
	default:
		return append([]byte{0xda, byte(n >> 8), byte(n)}, s...)
	}
}

func (w *codecWriter) encoder(c *Codec) {
	from := len(w.out)
	w.put("func ", c.Encode, "(", w.Encoder, " *", w.rt("", "Encoder"), ", ", w.Value, " *", c.Type, ") {")
	closing := ""
	if w.format == "JSON" {
		w.put("\t", w.Encoder, ".Open()")
	} else {
		most := 0
		for i := range c.List {
			if !c.List[i].Unwritten {
				most++
			}
		}
		closing = w.Map
		w.put("\t", w.Map, " := ", w.Encoder, ".Open(", strconv.Itoa(most), ")")
	}
	for i := range c.List {
		switch f := &c.List[i]; {
		case f.Unwritten:
		case f.Present == "":
			w.encodeField(f, "\t")
		default:
			w.put("\tif ", f.Present, " {")
			w.encodeField(f, "\t\t")
			w.put("\t}")
		}
	}
	w.put("\t", w.Encoder, ".Close(", closing, ")\n}\n")
	w.declared(from)
}

func (w *codecWriter) encodeField(f *Field, indent string) {
	call := w.Encoder + ".Field(" + w.header(f.Name) + ")"
	value := w.Value + "." + f.Path
	switch f.Form.Kind {
	case ScalarForm, BytesForm, TimeForm, LibraryForm:
		w.statement(indent, w.encode(f.Form, f.Quoted, call, value, "&"+value))
	default:
		w.put(indent, call)
		w.statement(indent, w.encode(f.Form, f.Quoted, w.Encoder, value, "&"+value))
	}
}

// statement writes a statement of one or several lines.
func (w *codecWriter) statement(indent, text string) {
	w.put(indent, strings.ReplaceAll(text, "\n", "\n"+indent))
}

// encode returns the statement that encodes a value by methods of an encoder.
// Address is the expression for a pointer to the value.
func (w *codecWriter) encode(f *Form, quoted bool, encoder, value, address string) string {
	switch f.Kind {
	case ScalarForm:
		name, basic := wide(f.Scalar)
		if f.Basic != "" || !strings.EqualFold(f.Scalar, basic) {
			value = basic + "(" + value + ")"
		}
		if quoted {
			encoder += ".Quoted()"
		}
		return encoder + "." + name + "(" + value + ")"
	case BytesForm:
		return encoder + ".Bytes(" + value + ")"
	case TimeForm:
		return encoder + ".Time(" + value + ")"
	case StructForm:
		return f.Encode + "(" + encoder + ", " + address + ")"
	case SliceForm, MapForm, IntMapForm, PointerForm, ArrayForm:
		if f.Kind == ArrayForm {
			value = whole(value)
		}
		return fmt.Sprintf("%s(%s, %s, %s)", w.rt(f.container(), ""), encoder, value, w.encodeElem(f.Elem, quoted))
	default:
		return encoder + ".Library(" + address + ")"
	}
}

// wide returns the method of an encoder for a basic type, and what it takes.
func wide(scalar string) (method, basic string) {
	switch {
	case strings.HasPrefix(scalar, "Int"):
		return "Int", "int64"
	case strings.HasPrefix(scalar, "Uint"):
		return "Uint", "uint64"
	default:
		return scalar, strings.ToLower(scalar)
	}
}

// whole returns the expression for an array as a slice.
func whole(value string) string {
	if strings.HasPrefix(value, "*") {
		value = "(" + value + ")"
	}
	return value + "[:]"
}

// container returns the beginning of the names of its functions in package rt.
func (f *Form) container() string {
	return map[FormKind]string{
		SliceForm: "SliceTo", ArrayForm: "ArrayTo", MapForm: "MapTo", IntMapForm: "IntMapTo", PointerForm: "PointerTo",
	}[f.Kind]
}

// encodeElem returns the function that encodes an element.
func (w *codecWriter) encodeElem(f *Form, quoted bool) string {
	if f.Kind == StructForm {
		return f.Encode
	}
	return w.closure(w.Encoder, "Encoder", f, w.encode(f, quoted, w.Encoder, "*"+w.Value, w.Value))
}

// closure returns a function of one statement, on one line if gofmt leaves it there.
func (w *codecWriter) closure(coder, name string, f *Form, statement string) string {
	header := "func(" + coder + " *" + w.rt("", name) + ", " + w.Value + " *" + f.Type + ")"
	if len(header)+len(statement) <= oneLine && !strings.Contains(statement, "\n") {
		return header + " { " + statement + " }"
	}
	return header + " {\n\t" + strings.ReplaceAll(statement, "\n", "\n\t") + "\n}"
}

func (w *codecWriter) fields(c *Codec) {
	w.out = append(w.out, "var "+c.Fields+" = "+w.model.RT+".FieldsOf("...)
	for i := range c.List {
		if i > 0 {
			w.out = append(w.out, ", "...)
		}
		w.out = strconv.AppendQuote(w.out, c.List[i].Name)
	}
	for i, name := range c.Others {
		w.out = append(w.out, [...]string{").Others(", ", "}[min(i, 1)]...)
		w.out = strconv.AppendQuote(w.out, name)
	}
	w.put(")\n")
}

func (w *codecWriter) decoder(c *Codec) {
	from := len(w.out)
	w.put("func ", c.Decode, "(", w.Decoder, " *", w.rt("", "Decoder"), ", ", w.Value, " *", c.Type, ") {")
	w.put("\tfor ", w.Object, " := ", w.Decoder, ".Object(", c.Fields, "); ", w.Object, ".Next(", w.Decoder, "); {")
	if len(c.List) > 0 {
		w.put("\t\tswitch ", w.Object, ".Field {")
		for i := range c.List {
			f := &c.List[i]
			value := w.Value + "." + f.Path
			w.put("\t\tcase ", strconv.Itoa(i), ":")
			w.statement("\t\t\t", w.decode(f.Form, f.Quoted, value, "&"+value))
		}
		w.put("\t\t}")
	}
	w.put("\t}\n}\n")
	w.declared(from)
}

// decode returns the statement that decodes a value.
func (w *codecWriter) decode(f *Form, quoted bool, value, address string) string {
	if f.Basic != "" {
		address = "(*" + f.Basic + ")(" + address + ")"
	}
	switch f.Kind {
	case ScalarForm:
		if quoted {
			return w.Decoder + ".Quoted()." + f.Scalar + "(" + address + ")"
		}
		return w.Decoder + "." + f.Scalar + "(" + address + ")"
	case BytesForm:
		return w.Decoder + ".Bytes(" + address + ")"
	case TimeForm:
		return w.Decoder + ".Time(" + address + ")"
	case StructForm:
		return f.Decode + "(" + w.Decoder + ", " + address + ")"
	case SliceForm, MapForm, IntMapForm, PointerForm, ArrayForm:
		if f.Kind == ArrayForm {
			address = whole(value)
		}
		function := strings.TrimSuffix(f.container(), "To") + "From"
		return fmt.Sprintf("%s(%s, %s, %s)", w.rt(function, ""), w.Decoder, address, w.decodeElem(f.Elem, quoted))
	default:
		return w.Decoder + ".Library(" + address + ")"
	}
}

// decodeElem returns the function that decodes an element.
func (w *codecWriter) decodeElem(f *Form, quoted bool) string {
	switch {
	case f.Kind == StructForm:
		return f.Decode
	case quoted || f.Basic != "":
	case f.Kind == ScalarForm:
		return "(*" + w.rt("", "Decoder") + ")." + f.Scalar
	case f.Kind == BytesForm:
		return "(*" + w.rt("", "Decoder") + ").Bytes"
	case f.Kind == TimeForm:
		return "(*" + w.rt("", "Decoder") + ").Time"
	}
	return w.closure(w.Decoder, "Decoder", f, w.decode(f, quoted, "*"+w.Value, w.Value))
}
