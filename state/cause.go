package state

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/exec"
)

// serverError is a refusal of the server by its code, such as "READONLY". The
// rest of the server's text can hold arguments of the command, and so keys and
// values.
type serverError string

func (e serverError) Error() string { return "the server replied " + string(e) }

var errMalformed = errors.New("the reply is not one of Redis; is something else listening there, or between?")

// refusal returns what a server's reply that is an error means.
func refusal(text string) error {
	code, rest, _ := strings.Cut(text, " ")
	switch code {
	case "WRONGTYPE":
		return ErrWrongType
	case "OOM":
		return ErrOutOfMemory
	case "NOPERM", "NOAUTH", "WRONGPASS":
		return ErrPermission
	case "MOVED", "ASK":
		return fmt.Errorf("%w: it is a node of a Cluster; open the store with Options.Redis and IsClusterMode", serverError(code))
	case "ERR":
		// Inside a script, an ACL's refusal has no code of its own: the first
		// text is Redis 7.0's, the second that of Redis 7.2 and later.
		if strings.Contains(rest, "The user executing the script can't") || strings.Contains(rest, "ACL failure in script") {
			return ErrPermission
		}
	}
	for _, c := range code {
		if c != '_' && (c < 'A' || c > 'Z') {
			return serverError("ERR")
		}
	}
	return serverError(code)
}

// cause returns what an error of go-redis means to the caller of a read.
func cause(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, redis.Nil) {
		return ErrNotFound
	}
	if reply, ok := errors.AsType[redis.Error](err); ok {
		// There was no time left to send the script itself.
		if done := ended(ctx); done != nil && strings.HasPrefix(reply.Error(), "NOSCRIPT ") {
			return done
		}
		return refusal(reply.Error())
	}
	switch {
	case errors.Is(err, redis.ErrClosed):
		return ErrClosed
	case errors.As(err, new(*exec.UnexpectedError)), errors.As(err, new(*strconv.NumError)):
		return errMalformed
	case errors.Is(err, redis.ErrPoolTimeout), errors.Is(err, redis.ErrPoolExhausted), errors.Is(err, exec.ErrQueueFull):
		return fmt.Errorf("%w: %w", ErrOverloaded, err)
	}
	// What go-redis says of a reply that it cannot read quotes it, and so what is
	// stored.
	if text := err.Error(); strings.Contains(text, "redis: ") && strings.Contains(text, `"`) {
		err = errMalformed
	}
	switch done := ended(ctx); {
	case done != nil && isContextError(err):
		return done
	case done != nil:
		return fmt.Errorf("%w: %w", done, err)
	case isContextError(err):
		// A time limit of go-redis, and not the caller's.
		return errors.New(err.Error())
	}
	return err
}

func isContextError(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// ended returns why ctx is done, or nil. A deadline reaches the socket too, which
// can time out an instant before the context notices.
func ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		if why := context.Cause(ctx); !errors.Is(why, err) {
			return fmt.Errorf("%w: %w", err, why)
		}
		return err
	}
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return nil
}

// writeCause is cause for a write, which may have happened although it failed.
func writeCause(ctx context.Context, err error) error {
	if err == nil || errors.Is(err, redis.Nil) || exec.NotExecuted(err) {
		return cause(ctx, err)
	}
	return fmt.Errorf("%w: %w", ErrUnknownOutcome, cause(ctx, err))
}
