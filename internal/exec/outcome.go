package exec

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"

	"github.com/redis/go-redis/v9"
)

// NotExecuted reports whether err proves that Redis did not execute the command
// that failed with it: the server refused it as a whole, or it was never written
// to a connection. An error that a script raised proves nothing, since the script
// may have written before it.
func NotExecuted(err error) bool {
	if _, ok := errors.AsType[*sentError](err); ok {
		return false
	}
	if errors.Is(err, redis.ErrClosed) || errors.Is(err, redis.ErrPoolTimeout) || errors.Is(err, redis.ErrPoolExhausted) || isDial(err) {
		return true
	}
	if _, ok := errors.AsType[*notSentError](err); ok {
		return true
	}
	return refuses(err)
}

// refuses reports whether err is the server's word that it did not execute a command.
func refuses(err error) bool {
	reply, ok := errors.AsType[redis.Error](err)
	return ok && !errors.Is(err, redis.Nil) && !raised(reply.Error())
}

// raised reports whether the text of an error reply says that a script raised it.
// The first mark is Redis 7's, the second the embedded server's.
func raised(text string) bool {
	return strings.Contains(text, " script: ") || strings.Contains(text, "Error compiling script")
}

// isReply reports whether err is a reply of the server.
func isReply(err error) bool {
	_, ok := errors.AsType[redis.Error](err)
	return ok
}

// isRedirection reports whether err is a Cluster's word that a key is elsewhere.
func isRedirection(err error) bool {
	return redis.HasErrorPrefix(err, "MOVED ") || redis.HasErrorPrefix(err, "ASK ")
}

// notSentError is the error of a command that was never written to a connection.
type notSentError struct{ cause error }

func (e *notSentError) Error() string { return e.cause.Error() }
func (e *notSentError) Unwrap() error { return e.cause }

// sentError is the error of a command that was written to a connection and not
// answered, whatever went wrong last.
type sentError struct{ cause error }

func (e *sentError) Error() string { return e.cause.Error() }
func (e *sentError) Unwrap() error { return e.cause }

func isDial(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// refusals are the codes of replies that refuse a command for the time being: a
// server that loads, fails over or gives a slot away.
var refusals = []string{
	"LOADING ", "READONLY ", "CLUSTERDOWN ", "MASTERDOWN ", "TRYAGAIN ", "NOREPLICAS ", "MOVED ", "ASK ",
	"ERR max number of clients reached",
}

// passing reports whether what failed with err may succeed if it is tried again.
func passing(err error, patient bool) bool {
	if reply, ok := errors.AsType[redis.Error](err); ok {
		return !raised(reply.Error()) && slices.ContainsFunc(refusals, func(code string) bool {
			return strings.HasPrefix(reply.Error(), code)
		})
	}
	if errors.Is(err, redis.ErrPoolTimeout) || errors.Is(err, redis.ErrPoolExhausted) {
		// The pool has waited already. Who gave a deadline has said how long.
		return patient
	}
	return isConnection(err)
}

// unreachable are the beginnings of errors of go-redis that have no name.
var unreachable = []string{"redis: connection", "redis: cluster has no nodes", "redis: all sentinels"}

// isConnection reports whether err is of a connection and not of what was sent
// over it.
func isConnection(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return !strings.HasSuffix(op.Op, " error") // "remote error" is how TLS refuses a certificate
	}
	if _, ok := errors.AsType[net.Error](err); ok {
		return true
	}
	return errors.Is(err, errWithdrawn) || errors.Is(err, errUnanswered) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		slices.ContainsFunc(unreachable, func(text string) bool { return strings.HasPrefix(err.Error(), text) })
}
