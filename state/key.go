package state

import "context"

// Key is the key of one value of type T. It is a small, comparable value, to be
// passed and compared as it is. A family makes it; the operations on a zero Key
// fail with [ErrInvalidKey].
//
// Besides the errors that its methods name, each can fail with [ErrNoStore],
// [ErrClosed], [ErrInvalidKey], [ErrPermission], [ErrOverloaded], an error of the
// context or one of the network. One that writes can fail with
// [ErrUnknownOutcome] and [ErrOutOfMemory] too. All are wrapped in an [*Error].
type Key[T any] struct{ key }

// With returns the key with a value, for [SetMany].
func (k Key[T]) With(v T) KeyValue[T] { return KeyValue[T]{k, v} }

// Get returns the value at the key. It fails with [ErrNotFound] if there is none,
// with a [*DecodeError] if the bytes are no T, with [ErrWrongType], [ErrTooLarge]
// or [ErrGetDisabled]. It sends GET, and PEXPIRE GT in the same round trip if the
// family is sliding and the store enables writing. O(1).
func (k Key[T]) Get(ctx context.Context, r Reader) (v T, err error) {
	err = get(ctx, r, k.family, k.name, &v)
	return v, err
}

// Lookup is [Key.Get], but returns false and no error if there is no value.
func (k Key[T]) Lookup(ctx context.Context, r Reader) (v T, found bool, err error) {
	found, err = lookup(ctx, r, k.family, k.name, &v)
	return v, found, err
}

// Set stores v at the key, whatever is there, with the family's TTL or that of
// [TTL] or [KeepTTL] among opts. It fails with an [*EncodeError], [ErrTooLarge],
// [ErrInvalidTTL] or [ErrSetDisabled], and then nothing was sent. It sends SET
// with PX, or a script with KeepTTL. O(1).
func (k Key[T]) Set(ctx context.Context, w Writer, v T, opts ...SetOption) error {
	return set(ctx, w, "Set", k.family, k.name, &v, always, opts)
}

// SetIfAbsent is [Key.Set], but fails with [ErrExists] if there is a value
// already. It sends SET with PX and NX. O(1).
func (k Key[T]) SetIfAbsent(ctx context.Context, w Writer, v T, opts ...SetOption) error {
	return set(ctx, w, "SetIfAbsent", k.family, k.name, &v, ifAbsent, opts)
}

// Replace is [Key.Set], but fails with [ErrNotFound] if there is no value to
// replace. It sends SET with PX and XX. O(1).
func (k Key[T]) Replace(ctx context.Context, w Writer, v T, opts ...SetOption) error {
	return set(ctx, w, "Replace", k.family, k.name, &v, ifPresent, opts)
}

// Swap is [Key.Set], but also returns the value that was there before, in the
// same atomic step, or found as false if there was none. If the old bytes are no
// T, v is stored all the same and the error is a [*DecodeError]. With
// [ErrWrongType] nothing was stored. It sends SET with PX and GET. O(1).
func (k Key[T]) Swap(ctx context.Context, rw ReadWriter, v T, opts ...SetOption) (old T, found bool, err error) {
	found, err = swap(ctx, rw, k.family, k.name, &v, &old, opts)
	return old, found, err
}

// Take returns the value at the key and removes it. Of several callers at the
// same time one gets it, so it suits tokens that are good for one use. It fails
// with [ErrNotFound] if there is none, [ErrConflict] if the value kept changing,
// and otherwise as [Key.Get] does; a value that it cannot decode stays where it
// is. It sends GET and, to remove what it has read and nothing else, a script.
// O(n) in the length of the value.
func (k Key[T]) Take(ctx context.Context, r ReadRemover) (v T, err error) {
	err = take(ctx, r, k.family, k.name, &v)
	return v, err
}
