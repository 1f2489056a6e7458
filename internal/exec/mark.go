package exec

import (
	"errors"
	"sync/atomic"
)

// mark is the first argument of a write, its name. It notes when go-redis begins
// to write the command to a connection, for which it asks for the name's bytes. A
// command whose mark was never asked was not sent, whatever else went wrong, and
// so not executed.
type mark struct {
	name  string
	state atomic.Uint32
	// shared says that other callers' commands are in the same pipeline, which a
	// failure to give the name would break off.
	shared bool
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

// nothing is the name that a command gets that was withdrawn from among others. No
// server has a command of that name, so it refuses it, whatever follows.
const nothing = "WITHDRAWN"

// MarshalBinary returns the name, but not for a command that was withdrawn or
// that was sent already, which a hook may try that repeats what has failed.
func (m *mark) MarshalBinary() ([]byte, error) {
	if m.state.CompareAndSwap(waiting, sending) {
		return bytesOf(m.name), nil
	}
	switch {
	case m.state.Load() != withdrawn:
		return nil, errSent
	case m.shared:
		return bytesOf(nothing), nil
	default:
		return nil, errWithdrawn
	}
}

// String returns the name, for hooks that print commands.
func (m *mark) String() string { return m.name }

// withdraw has the command never be sent, and reports false if that is too late.
func (m *mark) withdraw() bool {
	return m.state.CompareAndSwap(waiting, withdrawn) || m.state.Load() == withdrawn
}

// sent reports whether go-redis has begun to write the command, and the server has not
// refused it since.
func (m *mark) sent() bool { return m.state.Load() == sending }

// refused notes the server's word that it did not execute the command, after which
// it may be sent again: to where a redirection points.
func (m *mark) refused() { m.state.CompareAndSwap(sending, waiting) }
