package redistest

import (
	"net"
	"sync"
)

// Serve listens on a loopback port and has handle answer each connection in a
// goroutine of its own, for tests of servers that no redis-server can be. It
// returns the host:port. At the end of the test the connections are closed, upon
// which handle must return.
func Serve(tb TB, handle func(net.Conn)) (addr string) {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatalf("redistest: serve: %v", err)
	}
	var conns []net.Conn
	var handling sync.WaitGroup
	accepted := make(chan struct{}) // closed when there will be no more
	go func() {
		defer close(accepted)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conns = append(conns, conn)
			handling.Go(func() {
				defer hangUp(conn)
				handle(conn)
			})
		}
	}()
	tb.Cleanup(func() {
		_ = l.Close() // it fails only where it is closed already
		<-accepted
		for _, conn := range conns {
			hangUp(conn)
		}
		handling.Wait()
	})
	return l.Addr().String()
}
