package state

import (
	"sync"
)

// buffer is memory to encode one value into. It goes back to the others only once
// nothing can still send what is in it.
type buffer struct{ bytes []byte }

const (
	firstBufferBytes = 1 << 10
	// maxBufferBytes is up to where a buffer is kept.
	maxBufferBytes = 64 << 10
)

var buffers = sync.Pool{New: func() any { return &buffer{make([]byte, 0, firstBufferBytes)} }}

func takeBuffer() *buffer { return buffers.Get().(*buffer) }

// room returns what to append to. Without a buffer that is nothing.
func (b *buffer) room() []byte {
	if b == nil {
		return nil
	}
	return b.bytes[:0]
}

// outgrown makes the buffer larger for the next value if data did not fit. It does
// not keep data, which may be the codec's own.
func (b *buffer) outgrown(data []byte) {
	if b == nil || len(data) <= cap(b.bytes) || len(data) > maxBufferBytes {
		return
	}
	size := cap(b.bytes)
	for size < len(data) {
		size *= 2
	}
	b.bytes = make([]byte, 0, size)
}

// release gives the buffer to the next value.
func (b *buffer) release() {
	if b != nil {
		buffers.Put(b)
	}
}
