package redistest

import (
	"context"
	"net"
)

// ProxySet is a [Proxy] in front of each server of a deployment.
type ProxySet struct {
	proxies map[string]*Proxy // by the server's address
}

// Proxies starts a proxy in front of each of the servers.
func Proxies(tb TB, servers []*Server) *ProxySet {
	tb.Helper()
	ps := &ProxySet{proxies: map[string]*Proxy{}}
	for _, s := range servers {
		ps.proxies[s.Addr()] = StartProxy(tb, s.Addr())
	}
	return ps
}

// Of returns the proxy in front of the server, or nil for one of another set.
func (ps *ProxySet) Of(s *Server) *Proxy { return ps.proxies[s.Addr()] }

// Dialer returns a dialer for the options of a client, which reaches the
// servers through their proxies, and any other address directly. So the
// addresses that a cluster or a sentinel tells need no change.
func (ps *ProxySet) Dialer() func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		if p := ps.proxies[addr]; p != nil {
			addr = p.Addr()
		}
		d := net.Dialer{Timeout: dialLimit}
		return d.DialContext(ctx, network, addr)
	}
}

// SetFault is [Proxy.SetFault] for all.
func (ps *ProxySet) SetFault(f func(request []string) Fault) {
	for _, p := range ps.proxies {
		p.SetFault(f)
	}
}

// Requests is the sum of [Proxy.Requests].
func (ps *ProxySet) Requests() int { return ps.sum((*Proxy).Requests) }

// Dropped is the sum of [Proxy.Dropped].
func (ps *ProxySet) Dropped() int { return ps.sum((*Proxy).Dropped) }

// Executed is the sum of [Proxy.Executed].
func (ps *ProxySet) Executed(command string) int {
	return ps.sum(func(p *Proxy) int { return p.Executed(command) })
}

func (ps *ProxySet) sum(count func(*Proxy) int) (n int) {
	for _, p := range ps.proxies {
		n += count(p)
	}
	return n
}
