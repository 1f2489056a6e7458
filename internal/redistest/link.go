package redistest

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// link is one connection through a proxy. One goroutine reads what the client
// sends and another what the server sends.
type link struct {
	proxy  *Proxy
	client net.Conn
	left   chan struct{} // closed when the client has closed its side
	closed chan struct{} // closed when both sides are to be closed

	lost    atomic.Bool // in the black hole, for good
	mu      sync.Mutex  // guards server and the closing
	server  net.Conn
	pending queue
	// up and down are held while bytes pass.
	up, down sync.Mutex
}

// lose lets nothing pass any more. When it returns nothing does.
func (l *link) lose() {
	l.lost.Store(true)
	l.mu.Lock()
	for _, c := range []net.Conn{l.client, l.server} {
		if c != nil {
			// A write to a peer that does not read would keep us waiting.
			_ = c.SetWriteDeadline(time.Unix(1, 0))
		}
	}
	l.mu.Unlock()
	for _, way := range []*sync.Mutex{&l.up, &l.down} {
		way.Lock()
		way.Unlock() //nolint:staticcheck // it waits for the write in progress
	}
}

func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-l.closed:
		return
	default:
	}
	close(l.closed)
	hangUp(l.client)
	if l.server != nil {
		hangUp(l.server)
	}
}

// serve returns when the connection is over.
func (l *link) serve() {
	if l.lost.Load() {
		_, _ = io.Copy(io.Discard, l.client)
		return
	}
	server, err := net.DialTimeout("tcp", l.proxy.target, dialLimit)
	l.mu.Lock()
	l.server = server
	l.mu.Unlock()
	if err != nil {
		if l.lost.Load() {
			_, _ = io.Copy(io.Discard, l.client)
		}
		return
	}
	select {
	case <-l.closed:
		hangUp(server)
		return
	default:
	}

	var both sync.WaitGroup
	defer both.Wait()
	defer l.close()
	both.Go(func() {
		if l.proxy.raw {
			l.copy(&valve{conn: l.server, link: l, way: &l.up}, l.client)
		} else {
			l.forward()
		}
	})
	if l.proxy.raw {
		l.copy(&valve{conn: l.client, link: l, way: &l.down}, l.server)
	} else {
		l.answer()
	}
	l.linger()
}

// linger keeps a lost connection open for as long as it is lost: the peers must
// not hear of each other's end. It reports whether it was lost.
func (l *link) linger() bool {
	if !l.lost.Load() {
		return false
	}
	<-l.closed
	return true
}

// copy passes bytes on until one side ends, and tells the other side then.
func (l *link) copy(to *valve, from net.Conn) {
	_, err := io.Copy(to, from)
	if l.linger() {
		return
	}
	if err != nil {
		l.close()
		return
	}
	to.end()
}

// end tells the server that the client will send no more.
func (v *valve) end() {
	if half, ok := v.conn.(*net.TCPConn); ok && !v.link.lost.Load() {
		// The other side may be gone already.
		_ = half.CloseWrite()
	}
}

// hold waits for d, or until the client leaves; then it returns false.
func (l *link) hold(d time.Duration) bool {
	if d <= 0 {
		return true
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-l.left:
	case <-l.closed:
	}
	return false
}

// valve writes to one side of a link, or nowhere once the link is lost.
type valve struct {
	conn net.Conn
	link *link
	way  *sync.Mutex
}

func (v *valve) Write(b []byte) (int, error) {
	v.way.Lock()
	defer v.way.Unlock()
	if v.link.lost.Load() {
		return len(b), nil
	}
	n, err := v.conn.Write(b)
	if err != nil && v.link.lost.Load() {
		return len(b), nil
	}
	return n, err
}

// failed keeps the errors that are no part of a connection's life.
func (l *link) failed(err error) {
	if bad, ok := errors.AsType[protocolError](err); ok {
		l.proxy.complain(bad)
	}
}
