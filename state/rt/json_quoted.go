package rt

import (
	"strings"
	"unicode/utf8"
)

// JSONQuoted writes what the option ",string" puts into a string.
type JSONQuoted struct{ e *JSONEncoder }

// Quoted writes the next value as the option ",string" does.
func (e *JSONEncoder) Quoted() JSONQuoted { return JSONQuoted{e} }

func (e *JSONEncoder) quote() { e.buf = append(e.buf, '"') }

// Bool writes a bool.
func (q JSONQuoted) Bool(v bool) { q.e.quote(); q.e.Bool(v); q.e.quote() }

// Int writes a signed integer.
func (q JSONQuoted) Int(v int64) { q.e.quote(); q.e.Int(v); q.e.quote() }

// Uint writes an unsigned integer.
func (q JSONQuoted) Uint(v uint64) { q.e.quote(); q.e.Uint(v); q.e.quote() }

// Float32 writes a float32.
func (q JSONQuoted) Float32(v float32) { q.e.quote(); q.e.Float32(v); q.e.quote() }

// Float64 writes a float64.
func (q JSONQuoted) Float64(v float64) { q.e.quote(); q.e.Float64(v); q.e.quote() }

// String writes a string with the quotes of its own.
func (q JSONQuoted) String(v string) {
	for i := range len(v) {
		if c := v[i]; c < ' ' || c == '"' || c == '\\' {
			q.e.failed = true
			return
		}
	}
	// Within the outer string even the separators stay escapes.
	if !utf8.ValidString(v) || strings.ContainsAny(v, "\u2028\u2029") {
		q.e.failed = true
		return
	}
	q.e.buf = append(q.e.buf, `"\"`...)
	q.e.buf = append(q.e.buf, v...)
	q.e.buf = append(q.e.buf, `\""`...)
}

// JSONUnquoted reads what [JSONQuoted] writes.
type JSONUnquoted struct{ d *JSONDecoder }

// Quoted reads the next value as the option ",string" does.
func (d *JSONDecoder) Quoted() JSONUnquoted { return JSONUnquoted{d} }

// open takes the quote before a scalar. The library knows other spellings within
// the quotes, which are left to it.
func (q JSONUnquoted) open() bool {
	d := q.d
	if d.peek() != '"' {
		d.null()
		return false
	}
	if d.at++; d.at < len(d.data) {
		if c := d.data[d.at]; c > ' ' && c != 'n' {
			return true
		}
	}
	d.fail()
	return false
}

func (q JSONUnquoted) close() {
	if d := q.d; d.at < len(d.data) && d.data[d.at] == '"' {
		d.at++
	} else {
		d.fail()
	}
}

func unquoted[T any](q JSONUnquoted, v *T, read func(*JSONDecoder, *T)) {
	if q.open() {
		read(q.d, v)
		q.close()
	}
}

// Bool reads a bool.
func (q JSONUnquoted) Bool(v *bool) { unquoted(q, v, (*JSONDecoder).Bool) }

// Int reads an int.
func (q JSONUnquoted) Int(v *int) { unquoted(q, v, (*JSONDecoder).Int) }

// Int8 reads an int8.
func (q JSONUnquoted) Int8(v *int8) { unquoted(q, v, (*JSONDecoder).Int8) }

// Int16 reads an int16.
func (q JSONUnquoted) Int16(v *int16) { unquoted(q, v, (*JSONDecoder).Int16) }

// Int32 reads an int32.
func (q JSONUnquoted) Int32(v *int32) { unquoted(q, v, (*JSONDecoder).Int32) }

// Int64 reads an int64.
func (q JSONUnquoted) Int64(v *int64) { unquoted(q, v, (*JSONDecoder).Int64) }

// Uint reads a uint.
func (q JSONUnquoted) Uint(v *uint) { unquoted(q, v, (*JSONDecoder).Uint) }

// Uint8 reads a uint8.
func (q JSONUnquoted) Uint8(v *uint8) { unquoted(q, v, (*JSONDecoder).Uint8) }

// Uint16 reads a uint16.
func (q JSONUnquoted) Uint16(v *uint16) { unquoted(q, v, (*JSONDecoder).Uint16) }

// Uint32 reads a uint32.
func (q JSONUnquoted) Uint32(v *uint32) { unquoted(q, v, (*JSONDecoder).Uint32) }

// Uint64 reads a uint64.
func (q JSONUnquoted) Uint64(v *uint64) { unquoted(q, v, (*JSONDecoder).Uint64) }

// Float32 reads a float32.
func (q JSONUnquoted) Float32(v *float32) { unquoted(q, v, (*JSONDecoder).Float32) }

// Float64 reads a float64.
func (q JSONUnquoted) Float64(v *float64) { unquoted(q, v, (*JSONDecoder).Float64) }

// String reads a string with the quotes of its own.
func (q JSONUnquoted) String(v *string) {
	d := q.d
	if d.peek() != '"' {
		d.null()
		return
	}
	const head, tail = `"\"`, `\""`
	start := d.at + len(head)
	if start > len(d.data) || string(d.data[d.at:start]) != head {
		d.fail()
		return
	}
	end, wide := d.plain(start)
	part := d.data[start:end:end]
	if rest := d.data[end:]; len(rest) < len(tail) || string(rest[:len(tail)]) != tail || wide && !utf8.Valid(part) {
		d.fail()
		return
	}
	d.at = end + len(tail)
	*v = d.texts.text(part)
}
