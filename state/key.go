package state

import (
	"context"
	"fmt"
	"io"
)

// Key is the key of one value of type T. It is a small, comparable value, to be
// passed and compared as it is. A family makes it; the operations on a zero Key
// fail with [ErrInvalidKey].
//
// What is done every day is a method: [Key.Get] and [Key.Set]. All else are
// functions of the same form, such as [Lookup] and [Remove], since the compiler
// makes every method of a generic type anew for each type argument, used or not.
//
// Besides the errors that they name, all of them can fail with [ErrNoStore],
// [ErrClosed], [ErrInvalidKey], [ErrPermission], [ErrOverloaded], an error of the
// context or one of the network. One that writes can fail with
// [ErrUnknownOutcome] and [ErrOutOfMemory] too, and with [ErrNotReplicated] where it
// waits for replicas. On a [Tx] there are [ErrCrossSlot], [ErrInTx] and [ErrTxDone],
// and [ErrOutsideTx] beside it. All are wrapped in an [*Error].
type Key[T any] struct{ ref ref }

// AnyKey is a [Key] of any type.
type AnyKey interface{ reference() ref }

// ref is a key without its type.
type ref struct {
	family *family
	name   string // without the prefix of a store
}

func (k Key[T]) reference() ref { return k.ref }

func (k ref) reference() ref { return k }

// refOf returns the ref of k, which may be nil.
func refOf(k AnyKey) ref {
	if k == nil {
		return ref{}
	}
	return k.reference()
}

// Format prints the key's template, whatever the verb, since the parts of a key
// can be personal data or secrets. Package fmt does not call it for a key in an
// unexported field of a struct, and prints the parts. [Key.Name] returns its name.
func (k Key[T]) Format(s fmt.State, _ rune) { k.ref.format(s) }

//go:noinline
func (k ref) format(w io.Writer) {
	text := "<no key>"
	if k.family != nil {
		text = k.family.template.String()
	}
	_, _ = io.WriteString(w, text)
}

// Name returns the name of the key in Redis, with the prefix of the store or
// tenant, to be used with redis-cli or [Store.Client]; or [ErrInvalidKey].
func (k Key[T]) Name(r Reader) (string, error) { return k.ref.fullName(r) }

// The two below and [Lookup] are kept out of their callers, as inlining them into
// generated code costs the compiler a tenth more.

// Get returns the value at the key. It fails with [ErrNotFound] if there is none,
// with a [*DecodeError] if the bytes are no T, with [ErrWrongType], [ErrTooLarge]
// or [ErrGetDisabled]. It sends GET, and PEXPIRE GT in the same round trip if the
// family is sliding and the store enables writing. O(1).
//
//go:noinline
func (k Key[T]) Get(ctx context.Context, r Reader) (v T, err error) {
	p, _ := k.ref.family.spare().(*T)
	if p == nil {
		p = new(T)
	}
	err = get(ctx, r, k.ref, p)
	v, *p = *p, v // as in Lookup
	k.ref.family.keep(p)
	return v, err
}

// Set stores v at the key, whatever is there, with the family's TTL or that of
// [TTL] or [KeepTTL] among opts. It fails with an [*EncodeError], [ErrTooLarge],
// [ErrInvalidTTL] or [ErrSetDisabled], and then nothing was sent. It sends SET
// with PX, or a script with KeepTTL. O(1).
//
//go:noinline
func (k Key[T]) Set(ctx context.Context, w Writer, v T, opts ...SetOption) error {
	return setWhen(ctx, w, "Set", k.ref, &v, expectAnything, opts)
}
