package redistest

import (
	"context"
	"fmt"
	"net"
	"strings"
)

// Replicate starts a replica of the master, with a copy of it, and returns it
// once its link is up. It connects to the host:port via, which may be that of
// [StartRawProxy], or to the master itself when via is empty.
func Replicate(tb TB, master *Server, via string, opts ...Option) *Server {
	tb.Helper()
	Require(tb)
	if via == "" {
		via = master.Addr()
	}
	host, port, err := net.SplitHostPort(via)
	if err != nil {
		tb.Fatalf("redistest: replicate: %v", err)
	}
	s := newSettings(opts)
	if s.tls || master.certs != nil {
		tb.Fatalf("redistest: replicate: WithTLS is for a single server")
	}
	s.replicaOf = host + " " + port
	s.lines = append(s.lines, master.settings.masterAuth()...)
	r := newServer(tb, s)
	if err := r.start(); err != nil {
		tb.Fatalf("redistest: replicate: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	if err := until(ctx, func() error { return r.follows(ctx, via) }); err != nil {
		tb.Fatalf("redistest: replicate: %v", err)
	}
	return r
}

// Promote makes a replica of [Replicate] a master, and one that stays so after
// a restart.
func Promote(ctx context.Context, replica *Server) error {
	err := replica.do(ctx, "REPLICAOF", "NO", "ONE")
	if err == nil {
		err = replica.isMaster(ctx)
	}
	if err != nil {
		return fmt.Errorf("promote: %w", err)
	}
	return replica.locked(func() error {
		replica.settings.replicaOf = ""
		return nil
	})
}

// online returns an error unless the master sends to that many replicas.
func (s *Server) online(ctx context.Context, replicas int) error {
	info, err := s.info(ctx, "replication")
	if err == nil && strings.Count(info, "state=online") != replicas {
		err = fmt.Errorf("%s does not have %d replicas", s.Addr(), replicas)
	}
	return err
}
