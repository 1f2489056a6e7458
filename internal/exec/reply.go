package exec

import (
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Reply is what came of a command: what Redis replied, or the error of go-redis
// as it is.
type Reply struct {
	value any
	err   error
	// short says that the write was applied and too few replicas have said so in
	// time; why is what kept them from it, if that is known.
	short bool
	why   error
}

// replyOf returns the reply that a command of go-redis holds.
func replyOf(cmd redis.Cmder) Reply {
	switch cmd := cmd.(type) {
	case *redis.StringCmd:
		data, err := cmd.Bytes()
		return Reply{value: data, err: err}
	case *redis.Cmd:
		return Reply{value: cmd.Val(), err: cmd.Err()}
	}
	panic(fmt.Sprintf("exec: no reply in a %T", cmd))
}

// Err returns why there is no reply, or nil.
func (r Reply) Err() error { return r.err }

// Short reports whether the write was applied and not confirmed by enough
// replicas, and why, if that is known.
func (r Reply) Short() (short bool, why error) { return r.short, r.why }

// Bytes returns a reply that is one string.
func (r Reply) Bytes() ([]byte, error) {
	if r.err != nil {
		return nil, r.err
	}
	return Bytes(r.value)
}

// Int returns a reply that is an integer.
func (r Reply) Int() (int64, error) {
	if r.err != nil {
		return 0, r.err
	}
	n, ok := r.value.(int64)
	if !ok {
		return 0, unexpected(r.value)
	}
	return n, nil
}

// List returns a reply that is an array.
func (r Reply) List() ([]any, error) {
	if r.err != nil {
		return nil, r.err
	}
	list, ok := r.value.([]any)
	if !ok {
		return nil, unexpected(r.value)
	}
	return list, nil
}

// Bytes returns an element of a reply that is one string.
func Bytes(v any) ([]byte, error) {
	switch v := v.(type) {
	case []byte:
		return v, nil
	case string:
		return []byte(v), nil
	}
	return nil, unexpected(v)
}

// UnexpectedError says that a reply is not of the kind that the command has. It
// holds no part of the reply.
type UnexpectedError struct{ Kind string }

func (e *UnexpectedError) Error() string { return "a reply of an unexpected kind, " + e.Kind }

func unexpected(v any) error { return &UnexpectedError{fmt.Sprintf("%T", v)} }
