package exec

import (
	"errors"
	"net"

	"github.com/redis/go-redis/v9"
)

// NotExecuted reports whether err proves that Redis did not execute the command
// that failed with it: the server refused it as a whole, or it never got a
// connection. An error inside a script proves nothing, since the script may
// have written before it.
func NotExecuted(err error) bool {
	if errors.Is(err, redis.ErrClosed) || errors.Is(err, redis.ErrPoolTimeout) || errors.Is(err, redis.ErrPoolExhausted) {
		return true
	}
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return true
	}
	if _, ok := errors.AsType[notSentError](err); ok {
		return true
	}
	_, refused := errors.AsType[redis.Error](err)
	return refused
}

// notSentError is the error of a command that did not get as far as a connection
// before its context was done.
type notSentError struct{ error }

func (e notSentError) Unwrap() error { return e.error }
