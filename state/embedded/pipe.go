package embedded

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// conn is one end of a connection in memory. Unlike those of [net.Pipe] its
// writes do not wait for the reader: client and server both write before they
// read, as they may on a socket, and with a pipelined batch of more than a few
// kilobytes they would wait for each other for ever.
type conn struct {
	in, out *stream
}

// newPipe returns both ends of a new connection.
func newPipe() (client, server net.Conn) {
	a, b := newStream(), newStream()
	return &conn{in: a, out: b}, &conn{in: b, out: a}
}

// Read returns io.EOF after the other end was closed and all is read.
func (c *conn) Read(p []byte) (int, error) { return c.in.read(p) }

// Write never blocks.
func (c *conn) Write(p []byte) (int, error) { return c.out.write(p) }

// Close ends both directions. What was written can still be read at the other
// end, not at this one.
func (c *conn) Close() error {
	c.out.close(io.EOF)
	c.in.close(net.ErrClosed)
	return nil
}

func (c *conn) LocalAddr() net.Addr  { return addr{} }
func (c *conn) RemoteAddr() net.Addr { return addr{} }

func (c *conn) SetDeadline(t time.Time) error     { return c.in.setDeadline(t) }
func (c *conn) SetReadDeadline(t time.Time) error { return c.in.setDeadline(t) }
func (c *conn) SetWriteDeadline(time.Time) error  { return nil }

type addr struct{}

func (addr) Network() string { return "memory" }
func (addr) String() string  { return "embedded" }

// stream is one direction of a connection.
type stream struct {
	mu       sync.Mutex
	changed  sync.Cond
	buf      bytes.Buffer
	end      error // what a reader gets once the stream is closed
	deadline time.Time
	timer    *time.Timer
}

func newStream() *stream {
	s := new(stream)
	s.changed.L = &s.mu
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case errors.Is(s.end, net.ErrClosed):
			return 0, s.end
		case !s.deadline.IsZero() && !time.Now().Before(s.deadline):
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			return 0, nil
		case s.buf.Len() > 0:
			return s.buf.Read(p)
		case s.end != nil:
			return 0, s.end
		}
		s.changed.Wait()
	}
}

func (s *stream) write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.end != nil {
		return 0, io.ErrClosedPipe
	}
	s.changed.Broadcast()
	return s.buf.Write(p)
}

func (s *stream) close(end error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !errors.Is(s.end, net.ErrClosed) {
		s.end = end
	}
	s.stopTimer()
	s.changed.Broadcast()
}

func (s *stream) setDeadline(t time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(s.end, net.ErrClosed) {
		return net.ErrClosed
	}
	s.deadline = t
	s.stopTimer()
	if !t.IsZero() {
		s.timer = time.AfterFunc(time.Until(t), s.wake)
	}
	s.changed.Broadcast()
	return nil
}

// wake takes the lock so that a reader between its check of the deadline and
// its wait does not miss it.
func (s *stream) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed.Broadcast()
}

func (s *stream) stopTimer() {
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
}
