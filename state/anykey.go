package state

import (
	"context"
	"fmt"
	"io"
	"time"
)

// AnyKey is a [Key] of any type.
type AnyKey interface{ target() (*family, string) }

// key is all of a Key that does not depend on its type. The compiler makes each
// method of a generic type anew for every type argument, used or not; those that
// stand here it makes once.
type key struct {
	family *family
	name   string
}

func (k key) target() (*family, string) { return k.family, k.name }

// Format prints the key's template, whatever the verb, since the parts of a key
// can be personal data or secrets. [Key.Name] returns its name.
func (k key) Format(s fmt.State, _ rune) {
	text := "<no key>"
	if k.family != nil {
		text = k.family.template.String()
	}
	_, _ = io.WriteString(s, text)
}

// Name returns the name of the key in Redis, with the prefix of the store or
// tenant, to be used with redis-cli or [Store.Client]; or [ErrInvalidKey].
func (k key) Name(r Reader) (string, error) { return name(r, k.family, k.name) }

// Exists reports whether there is a value at the key, without reading it. It
// fails with [ErrGetDisabled]. It sends EXISTS. O(1).
func (k key) Exists(ctx context.Context, r Reader) (bool, error) {
	return exists(ctx, r, k.family, k.name)
}

// TTL returns how long the value at the key has left to live, to the millisecond,
// or [NoTTL] if it never expires. It fails with [ErrNotFound] if there is none, or
// with [ErrGetDisabled]. It sends PTTL. O(1).
func (k key) TTL(ctx context.Context, r Reader) (time.Duration, error) {
	return ttl(ctx, r, k.family, k.name)
}

// Touch sets the TTL of the value at the key anew, to the family's or that of
// [TTL]. It fails with [ErrNotFound] if there is no value, [ErrInvalidTTL] or
// [ErrSetDisabled]. It sends PEXPIRE. O(1).
func (k key) Touch(ctx context.Context, w Writer, opts ...TouchOption) error {
	return touch(ctx, w, k.family, k.name, opts)
}

// Remove removes the value at the key, if there is one. It fails with
// [ErrRemoveDisabled]. It sends UNLINK. O(1).
func (k key) Remove(ctx context.Context, r Remover) error {
	return remove(ctx, r, k.family, k.name)
}
