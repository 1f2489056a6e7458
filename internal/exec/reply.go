package exec

import "fmt"

// Reply is what came of a command: what Redis replied, or the error of go-redis
// as it is.
type Reply struct {
	text   string // of a reply that is one string
	isText bool
	value  any
	err    error
	// settled says that no attempt can still hold the command's arguments.
	settled bool
	// redirected says that it comes from another node than the one that was asked first.
	redirected bool
	// short says that the write was applied and too few replicas have said so in
	// time; why is what kept them from it, if that is known.
	short bool
	why   error
}

// Failed returns what came of a command that nobody waits for any longer.
func Failed(err error) Reply { return Reply{err: err} }

// Err returns why there is no reply, or nil.
func (r Reply) Err() error { return r.err }

// Settled reports whether the command's arguments may be used for something else:
// nothing that was left behind can still send them.
func (r Reply) Settled() bool { return r.settled }

// Redirected reports whether a node of a Cluster has named another, which has replied.
func (r Reply) Redirected() bool { return r.redirected }

// Short reports whether the write was applied and not confirmed by enough
// replicas, and why, if that is known.
func (r Reply) Short() (short bool, why error) { return r.short, r.why }

// Bytes returns a reply that is one string. Nobody may change it.
func (r Reply) Bytes() ([]byte, error) {
	switch {
	case r.err != nil:
		return nil, r.err
	case r.isText:
		return bytesOf(r.text), nil
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

// Bytes returns an element of a reply that is one string. Nobody may change it.
func Bytes(v any) ([]byte, error) {
	if s, ok := v.(string); ok {
		return bytesOf(s), nil
	}
	return nil, unexpected(v)
}

// UnexpectedError says that a reply is not of the kind that the command has. It
// holds no part of the reply.
type UnexpectedError struct{ Kind string }

func (e *UnexpectedError) Error() string { return "a reply of an unexpected kind, " + e.Kind }

func unexpected(v any) error { return &UnexpectedError{fmt.Sprintf("%T", v)} }
