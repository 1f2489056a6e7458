package strict

import "strconv"

// step is one level of the way to a fault. A name is document content until a Go
// struct is found that declares it.
type step struct {
	name  []byte
	index int
	keyed bool
}

// fault is where a walk stopped. Steps are collected while it unwinds, innermost
// first, so that a walk without a fault pays nothing for paths.
type fault struct {
	offset int
	reason string
	steps  []step
}

// stop notes the fault; its result is the "no next position" of every walk.
func (f *fault) stop(offset int, reason string) int {
	f.offset, f.reason = offset, reason
	return -1
}

func (f *fault) under(s step) int {
	f.steps = append(f.steps, s)
	return -1
}

func (f *fault) error(path string) *Error {
	return &Error{Path: path, Offset: int64(f.offset), Reason: f.reason}
}

const pathKey = "[key]"

func pathField(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func pathIndex(path string, index int) string {
	return path + "[" + strconv.Itoa(index) + "]"
}
