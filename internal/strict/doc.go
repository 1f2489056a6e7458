// Package strict wraps the library codecs, encoding/json and vmihailenco/msgpack,
// so that a value which would change on its way in or out is an [*Error] instead.
//
// A document is scanned once before any library sees it (syntax, UTF-8, duplicate
// names, depth, lengths beyond the input, trailing bytes) and then compared with the
// Go type where the library would drop or wrap something silently.
package strict
