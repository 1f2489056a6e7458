package exec

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// request is one attempt of a command: what go-redis is given. Redirections of
// Redis Cluster are still followed: they prove that the command was not executed.
type request struct {
	redis.Cmder
	mark mark
}

// NoRetry has go-redis send the request once, also in a pipeline.
func (*request) NoRetry() bool { return true }

// SetErr notes the server's word that it did not execute the request, after which
// it may be sent again: to where a redirection points.
func (r *request) SetErr(err error) {
	if isReply(err) && !errors.Is(err, redis.Nil) && !raised(err.Error()) {
		r.mark.state.CompareAndSwap(sending, waiting)
	}
	r.Cmder.SetErr(err)
}

// newRequest returns an attempt of cmd, which shares nothing with another.
func newRequest(ctx context.Context, cmd *Command) *request {
	r := new(request)
	args := cmd.args
	if cmd.write {
		args = append(make([]any, 0, len(args)), args...)
		at := markable(cmd)
		r.mark.arg = args[at]
		args[at] = &r.mark
	}
	if cmd.text {
		r.Cmder = redis.NewStringCmd(ctx, args...)
	} else {
		r.Cmder = redis.NewCmd(ctx, args...)
	}
	return r
}

// markable returns the argument that a mark takes the place of: one that go-redis
// does not look at to find out where the command goes.
func markable(cmd *Command) int {
	switch {
	case cmd.script != nil:
		return 1
	case len(cmd.args) > 2:
		return 2
	default:
		return 0
	}
}

// mark is an argument that notes when go-redis begins to write its command to a
// connection, which asks it for its bytes. A command whose mark was never asked
// was not sent, whatever else went wrong, and so not executed.
type mark struct {
	arg   any
	state atomic.Uint32
}

const (
	waiting uint32 = iota
	sending
	withdrawn
)

var (
	errWithdrawn = errors.New("recalled before it was sent")
	errSent      = errors.New("sent before; a hook of the client may call next only once")
)

// MarshalBinary returns the argument, but not for a command that was withdrawn or
// that was sent already, which a hook may try that repeats what has failed.
func (m *mark) MarshalBinary() ([]byte, error) {
	if !m.state.CompareAndSwap(waiting, sending) {
		if m.state.Load() == withdrawn {
			return nil, errWithdrawn
		}
		return nil, errSent
	}
	switch arg := m.arg.(type) {
	case []byte:
		return arg, nil
	case string:
		return []byte(arg), nil
	case int64:
		return strconv.AppendInt(nil, arg, 10), nil
	}
	return fmt.Append(nil, m.arg), nil
}

// String returns the argument for go-redis, which asks for the command's name,
// and for hooks that print commands.
func (m *mark) String() string {
	if b, ok := m.arg.([]byte); ok {
		return string(b)
	}
	return fmt.Sprint(m.arg)
}

// withdraw has the command never be sent, and reports false if that is too late.
func (m *mark) withdraw() bool {
	return m.state.CompareAndSwap(waiting, withdrawn) || m.state.Load() == withdrawn
}
