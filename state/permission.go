package state

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"github.com/typedstate/typedstate/internal/bridge"
)

// Reader is what reading needs: a [*Store], a [View] or a [*Tx]. Only this package
// implements it.
//
// What its method returns has no type, as a package that names Reader would
// otherwise have the compiler work through all of go-redis: 0.7 s and 150 MB.
type Reader interface{ reader() any }

// Writer is what writing needs: a [*Store] or a [*Tx]. Only this package implements it.
type Writer interface{ writer() any }

// Remover is what removing needs: a [*Store] or a [*Tx]. Only this package implements it.
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

// Access is a [ReadWriteRemover] as each of the interfaces that it includes, which
// the stores of generated code hold. [AccessTo] returns one.
type Access struct {
	_ [0]func() // no ==, which the compiler would make for every store

	Reader     Reader
	Writer     Writer
	ReadWriter ReadWriter
	Remover    Remover
}

// AccessTo returns rw as each of the interfaces that it includes. A nil one gives
// an Access whose operations fail with [ErrNoStore].
func AccessTo(rw ReadWriteRemover) Access {
	return Access{Reader: rw, Writer: rw, ReadWriter: rw, Remover: rw}
}

// View is a [Reader] and nothing else: no type assertion makes a [Writer] of it.
// [Store.ReadOnly] returns one.
type View struct{ store *Store }

// Format prints nothing of v, as its prefix can name a tenant.
func (v View) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "state.View") }

func (v View) reader() any { return v.store }

// GetState is [Store.GetState].
func (v View) GetState(ctx context.Context, names ...string) (map[string]json.RawMessage, error) {
	return v.store.GetState(ctx, names...)
}

// permission is a set of what an operation needs to be allowed.
type permission uint8

const (
	mayGet    = permission(bridge.Get)
	maySet    = permission(bridge.Set)
	mayRemove = permission(bridge.Remove)
	mayScan   = mayRemove << 1
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
	case needed&mayScan != 0 && !o.EnableScan:
		return ErrScanDisabled
	}
	return nil
}

// target is what an operation works on: a store, or a transaction on it.
type target struct {
	store *Store
	tx    *Tx
}

// What these return is a *Store or a *Tx, as a pointer costs no memory for its
// interface.
func (s *Store) reader() any  { return s }
func (s *Store) writer() any  { return s }
func (s *Store) remover() any { return s }

// targetOf returns what a reader, writer or remover has returned.
func targetOf(v any) target {
	switch v := v.(type) {
	case *Store:
		return target{store: v}
	case *Tx:
		return v.target()
	}
	return target{}
}

// readerOf returns what is behind r; its store is nil if there is none.
func readerOf(r Reader) target {
	if r == nil {
		return target{}
	}
	return targetOf(r.reader())
}

// writerOf is readerOf for a Writer.
func writerOf(w Writer) target {
	if w == nil {
		return target{}
	}
	return targetOf(w.writer())
}

// removerOf is readerOf for a Remover.
func removerOf(r Remover) target {
	if r == nil {
		return target{}
	}
	return targetOf(r.remover())
}
