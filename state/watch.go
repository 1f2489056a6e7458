package state

import (
	"context"
	"iter"
)

// Watch stub.
func Watch[T any](ctx context.Context, r Reader, k Key[T]) iter.Seq2[Event[T], error] {
	return func(yield func(Event[T], error) bool) {}
}

// WatchAll stub.
func WatchAll[T any](ctx context.Context, r Reader, f *Family[T], fixed ...any) iter.Seq2[KeyEvent[T], error] {
	return func(yield func(KeyEvent[T], error) bool) {}
}

// WatchEach stub.
func WatchEach[P, T any](ctx context.Context, r Reader, f *Family[T], parts []string, parse func([]string) (P, error)) iter.Seq2[FoundEvent[P, T], error] {
	return func(yield func(FoundEvent[P, T], error) bool) {}
}

// GetOrWait stub.
func GetOrWait[T any](ctx context.Context, r Reader, k Key[T]) (v T, err error) { return v, err }

// Changed stub.
func Changed[T any](ctx context.Context, r Reader, k Key[T], token Token) (e Event[T], err error) {
	return e, err
}
