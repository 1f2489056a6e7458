package state

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// ConflictError is an [ErrConflict] with what is known of it.
type ConflictError struct {
	// Attempts is how often the call was tried.
	Attempts int
	// Families are the templates of the keys that a transaction found changed at
	// its last attempt, in the order in which it first used them. It is empty
	// for a call with one key.
	Families []string

	keys []string
}

// Error returns how often the call was tried, and the families.
func (e *ConflictError) Error() string {
	text := ErrConflict.Error()
	if len(e.Families) > 0 {
		text += " at " + strings.Join(e.Families, ", ")
	}
	if e.Attempts > 1 {
		text += fmt.Sprintf(": tried %d times", e.Attempts)
	}
	return text
}

// Is reports whether target is [ErrConflict].
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// Format prints the text of e, whatever the verb, so that no verb prints the keys.
func (e *ConflictError) Format(f fmt.State, verb rune) { formatText(f, verb, e.Error()) }

// Keys returns the names in Redis of the keys behind Families. They may hold
// personal data or secrets, so think before they are logged.
func (e *ConflictError) Keys() []string { return e.keys }

const (
	// conflictAttempts bounds how often a call that reads and then writes
	// follows a value that others keep changing.
	conflictAttempts = 64
	longestBackoff   = 64 * time.Millisecond
)

// overtaken waits before a call with one key is tried again that has lost to
// another for the n-th time, or returns that it has tried enough.
func overtaken(ctx context.Context, n int) error {
	if n == conflictAttempts {
		return &ConflictError{Attempts: n}
	}
	return backOff(ctx, n)
}

// backOff waits before a call is tried again that has lost to another for the
// n-th time. All of the pause is random, so that callers who lost to the same
// write spread out. It returns why the context is done if that comes first.
func backOff(ctx context.Context, n int) error {
	limit := min(time.Millisecond<<min(n, 10), longestBackoff)
	timer := time.NewTimer(rand.N(limit)) //nolint:gosec // nobody gains by guessing it
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ended(ctx)
	}
}
