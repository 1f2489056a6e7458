package state

import (
	"context"
	"encoding/json"
)

// Reader is what reading needs: a [*Store] or a [View]. Only this package
// implements it.
//
// What its method returns has no type, as a package that names Reader would
// otherwise have the compiler work through all of go-redis: 0.7 s and 150 MB.
type Reader interface{ reader() any }

// Writer is what writing needs: a [*Store]. Only this package implements it.
type Writer interface{ writer() any }

// Remover is what removing needs: a [*Store]. Only this package implements it.
type Remover interface{ remover() any }

// ReadWriter reads and writes.
type ReadWriter interface {
	Reader
	Writer
}

// ReadRemover reads and removes.
type ReadRemover interface {
	Reader
	Remover
}

// ReadWriteRemover reads, writes and removes.
type ReadWriteRemover interface {
	Reader
	Writer
	Remover
}

func (s *Store) reader() any  { return s }
func (s *Store) writer() any  { return s }
func (s *Store) remover() any { return s }

// View is a [Reader] and nothing else: no type assertion makes a [Writer] of it.
// [Store.ReadOnly] returns one.
type View struct{ store *Store }

func (v View) reader() any { return v.store }

// GetState is [Store.GetState].
func (v View) GetState(ctx context.Context, names ...string) (map[string]json.RawMessage, error) {
	return v.store.GetState(ctx, names...)
}

// permission is a set of what an operation needs to be allowed.
type permission uint8

const (
	mayGet permission = 1 << iota
	maySet
	mayRemove
)

// check returns the error of the first permission that is needed and not given.
func (o *Options) check(needed permission) error {
	switch {
	case needed&mayGet != 0 && o.DisableGet:
		return ErrGetDisabled
	case needed&maySet != 0 && !o.EnableSet:
		return ErrSetDisabled
	case needed&mayRemove != 0 && !o.EnableRemove:
		return ErrRemoveDisabled
	}
	return nil
}

// readerOf returns the store behind r, or nil if there is none.
func readerOf(r Reader) *Store {
	if r == nil {
		return nil
	}
	return r.reader().(*Store)
}

// writerOf is readerOf for a Writer.
func writerOf(w Writer) *Store {
	if w == nil {
		return nil
	}
	return w.writer().(*Store)
}

// removerOf is readerOf for a Remover.
func removerOf(r Remover) *Store {
	if r == nil {
		return nil
	}
	return r.remover().(*Store)
}
