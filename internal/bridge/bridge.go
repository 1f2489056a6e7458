// Package bridge lets the packages beside state, such as ratelimit, work on a
// state.Store: through its way to Redis, under its prefix and permissions, with its
// observer and its errors. The API of state seals all of that off from users.
//
// Package state sets [Host] when it is initialised. An [Operation] begins with
// [Begin] and ends with its End, as every call of state does.
package bridge

import (
	"context"

	"github.com/typedstate/typedstate/internal/exec"
	"github.com/typedstate/typedstate/internal/keyspec"
	"github.com/typedstate/typedstate/internal/listen"
)

// Permission is what an operation needs the store to allow.
type Permission uint8

// The permissions of a store.
const (
	Get Permission = 1 << iota
	Set
	Remove
)

// Family is a template whose keys hold what only one package understands.
type Family struct{ inner any }

// NewFamily returns the family of a template.
func NewFamily(t *keyspec.Template) *Family { return &Family{Host.Family(t)} }

// Inner returns what package state keeps of f, or nothing of nil.
func (f *Family) Inner() any {
	if f == nil {
		return nil
	}
	return f.inner
}

// Name returns the name of f's key with those parts, which may be of any type that
// the Key method of state.Family takes. What is wrong with them the first operation
// tells.
func (f *Family) Name(parts ...any) string { return Host.Name(f.inner, parts) }

// Call says what an operation is.
type Call struct {
	// Name is the name of the operation, such as "Allow".
	Name   string
	Family *Family
	// Keys is how many keys it concerns.
	Keys  int
	Needs Permission
}

// Operation is an operation of a store. Unless Err is nil it must not run, and ends
// at once.
type Operation interface {
	// Err returns why the operation must not run.
	Err() error
	// Context returns the context that it runs with.
	Context() context.Context
	// Allows reports whether the store has that permission.
	Allows(Permission) bool
	// Closed reports whether the store has been closed meanwhile, for an operation that
	// waits between commands.
	Closed() bool
	// Client returns the way to Redis.
	Client() *exec.Client
	// Key returns the name in Redis of the family's key with that name, or
	// state.ErrInvalidKey.
	Key(name string) (string, error)
	// Cause returns what an error of the client means to the caller. That of a
	// write may leave its outcome unknown.
	Cause(err error, write bool) error
	// Label returns err, which concerns that key in Redis, as a state.Error.
	Label(key string, err error) error
	// End reports err to the observer and returns it.
	End(err error) error
}

// Host is what package state offers, the only package to set it.
var Host struct {
	Family func(*keyspec.Template) any
	Name   func(family any, parts []any) string
	Begin  func(ctx context.Context, store any, c Call) Operation
	Encode func(store any, c Codec, v any) ([]byte, error)
	Decode func(store any, c Codec, data []byte, v any) error
	Hub    func(store any) *listen.Hub
}

// Codec is a state.Codec.
type Codec interface {
	Append(dst []byte, v any) ([]byte, error)
	Decode(data []byte, v any) error
}

// Encode returns the bytes to store for the value that v points to, or an error of state that
// is not labelled.
func Encode(store any, c Codec, v any) ([]byte, error) { return Host.Encode(store, c, v) }

// Decode stores the value that data encodes in what v points to, or returns an error of state
// that is not labelled. Nobody may change data after it.
func Decode(store any, c Codec, data []byte, v any) error { return Host.Decode(store, c, data, v) }

// Hub returns what hears the messages that a store's servers publish.
func Hub(store any) *listen.Hub { return Host.Hub(store) }

// Begin begins an operation on a *state.Store.
func Begin(ctx context.Context, store any, c Call) Operation { return Host.Begin(ctx, store, c) }
