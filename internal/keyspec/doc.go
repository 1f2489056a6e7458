// Package keyspec holds the grammar of key templates such as
// "session:<userID>", the encoding of their parameters, the parsing of keys
// back into parameters, and the proof that no two templates make the same key.
//
// [Parse] reads a template. The Append functions write one parameter of a key,
// [Template.ParseKey] reads them back, and [Overlap] compares two templates.
// Every error carries the byte offset in the template at which it was found.
package keyspec
