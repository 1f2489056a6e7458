package redistest

import (
	"errors"
	"net"
	"sync"
	"time"
)

const (
	// dialLimit bounds the way from a proxy to its server.
	dialLimit = 2 * time.Second
	// farewell is how long a server may take to answer a client that left.
	farewell = 5 * time.Second
)

// Proxy stands between clients and one server and makes the network fail on
// purpose. All methods may be called at any time from any goroutine, and rule
// from the next request on.
type Proxy struct {
	target   string
	listener net.Listener
	raw      bool
	all      sync.WaitGroup // every goroutine of the proxy

	mu       sync.Mutex
	links    map[*link]bool
	fault    func(request []string) Fault
	dark     bool // Blackhole
	refusing bool // Refuse
	closed   bool
	requests int
	dropped  int
	executed map[string]int
	broken   error // the first bytes that were no RESP
}

// StartProxy starts a proxy in front of the server at target, a host:port,
// which ends with the test. It reads the protocol, RESP2 or RESP3, and so
// knows which reply answers which request; it is not for TLS, replication,
// MONITOR or CLIENT REPLY.
func StartProxy(tb TB, target string) *Proxy {
	tb.Helper()
	return startProxy(tb, target, false)
}

// StartRawProxy starts a proxy that passes on bytes and does not know what they
// mean, for replication and TLS. It can be dark, refuse and be closed; the
// faults of single requests and the counters are those of [StartProxy].
func StartRawProxy(tb TB, target string) *Proxy {
	tb.Helper()
	return startProxy(tb, target, true)
}

func startProxy(tb TB, target string, raw bool) *Proxy {
	tb.Helper()
	Require(tb)
	l, err := listen()
	if err != nil {
		tb.Fatalf("redistest: proxy: %v", err)
	}
	p := &Proxy{target: target, listener: l, raw: raw, links: map[*link]bool{}, executed: map[string]int{}}
	tb.Cleanup(func() {
		p.Close()
		if p.broken != nil {
			tb.Errorf("redistest: proxy: %v", p.broken)
		}
	})
	p.all.Go(p.accept)
	return p
}

// listen takes a port as a server does.
func listen() (l net.Listener, err error) {
	for range portAttempts {
		var port int
		if port, err = freePort(); err != nil {
			return nil, err
		}
		if l, err = net.Listen("tcp", loopback(port)); err == nil {
			return l, nil
		}
		release(port)
	}
	return nil, err
}

// Addr returns the host:port for clients, the same for the proxy's whole life.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// SetFault sets what decides over each request, nil for none. It is given the
// command's arguments, the name in upper case, before the request goes out; the
// one goroutine of that connection waits for it.
func (p *Proxy) SetFault(f func(request []string) Fault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fault = f
}

// Blackhole makes all bytes vanish, in both directions, without closing
// anything; new connections are accepted and not answered. What was on its way
// is lost for good, so when the network is back all these connections are
// closed.
func (p *Proxy) Blackhole(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dark == on {
		return
	}
	p.dark = on
	for l := range p.links {
		if on {
			l.lose()
		} else {
			l.close()
		}
	}
}

// Refuse closes all connections, and new ones as soon as they are there.
func (p *Proxy) Refuse(on bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refusing = on
	if on {
		p.hangUp()
	}
}

// Close ends the proxy and its connections, and waits until all is gone.
// The end of the test does it too.
func (p *Proxy) Close() {
	p.mu.Lock()
	again := p.closed
	p.closed = true
	p.hangUp()
	p.mu.Unlock()
	if !again {
		// Nobody listens any more, whatever the error.
		_ = p.listener.Close()
	}
	p.all.Wait()
	if !again {
		release(p.listener.Addr().(*net.TCPAddr).Port)
	}
}

func (p *Proxy) hangUp() {
	for l := range p.links {
		l.close()
	}
}

// Requests returns how many requests were forwarded.
func (p *Proxy) Requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests
}

// Dropped returns how many replies were lost or cut on purpose.
func (p *Proxy) Dropped() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.dropped
}

// Executed returns how many requests of a command, named in upper case, the
// server answered without an error, whether or not the client was told.
func (p *Proxy) Executed(command string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.executed[command]
}

// accept serves connections until the proxy is closed.
func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			// The process is out of files or the client is gone again.
			time.Sleep(poll)
			continue
		}
		p.admit(client)
	}
}

func (p *Proxy) admit(client net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.refusing || p.closed {
		hangUp(client)
		return
	}
	l := &link{proxy: p, client: client, left: make(chan struct{}), closed: make(chan struct{})}
	if p.dark {
		l.lose()
	}
	p.links[l] = true
	p.all.Go(func() {
		l.serve()
		p.mu.Lock()
		defer p.mu.Unlock()
		l.close()
		delete(p.links, l)
	})
}

// decide asks the fault function about a request and counts what is forwarded.
func (p *Proxy) decide(frame []byte) Fault {
	p.mu.Lock()
	f := p.fault
	p.mu.Unlock()
	decision := Pass
	if f != nil {
		decision = f(requestOf(frame))
	}
	if decision.kind != refuseRequest {
		p.mu.Lock()
		p.requests++
		p.mu.Unlock()
	}
	return decision
}

// answered counts a reply that was read in full.
func (p *Proxy) answered(command string, failed, lost bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !failed {
		p.executed[command]++
	}
	if lost {
		p.dropped++
	}
}

func (p *Proxy) complain(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken == nil {
		p.broken = err
	}
}

func hangUp(c net.Conn) {
	// Whatever became of the connection, it is gone afterwards.
	_ = c.Close()
}
