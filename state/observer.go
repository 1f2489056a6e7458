package state

import (
	"context"
	"time"
)

// Observer is told of every operation of a store, those included that were
// refused before anything was sent. A watch or a walk is one operation, from its first
// step to the end of its loop. It is called in the caller's goroutine, so
// it delays the operation, and must be safe for concurrent use.
type Observer interface {
	// Begin is called before an operation. The operation runs with the context
	// that it returns, and calls finish, if that is not nil, once at its end.
	Begin(ctx context.Context, op Operation) (_ context.Context, finish func(Outcome))
}

// Operation is an operation that begins.
type Operation struct {
	// Name is the name of the operation, such as "Get".
	Name string
	// Family is the template of its keys, and empty for keys without a family.
	Family string
	// Keys is how many keys it concerns.
	Keys int
}

// Outcome is how an operation ended.
type Outcome struct {
	// Err is the error that the caller gets or, where a rate limiter grants or denies in spite
	// of it, the cause.
	Err error
	// Bytes is how many bytes of encoded values were sent and received.
	Bytes int
	// Duration is how long it took.
	Duration time.Duration
}
