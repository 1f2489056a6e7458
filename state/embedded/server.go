package embedded

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// Server is a Redis in this process. It is safe for concurrent use.
type Server struct {
	mini   *miniredis.Miniredis
	client *redis.Client

	mu        sync.Mutex
	closed    bool
	listeners []net.Listener
}

// Start returns a running, empty server. TTLs run down with the clock, and a
// key is gone for every command once its time is over. The error is one of
// miniredis, and no reason for it is known.
func Start() (*Server, error) {
	s := &Server{mini: miniredis.NewMiniRedis()}
	s.mini.ClockTTL(true)
	// The first Dial starts the command loop without a port. Its net.Pipe is
	// not used any further: see pipe.
	conn, err := s.mini.Dial()
	if err != nil {
		return nil, fmt.Errorf("embedded: start miniredis: %w", err)
	}
	if err := conn.Close(); err != nil {
		return nil, fmt.Errorf("embedded: start miniredis: %w", err)
	}
	s.client = redis.NewClient(s.options())
	return s, nil
}

func (s *Server) options() *redis.Options {
	return &redis.Options{
		// go-redis looks a host name up, which a synctest bubble cannot wait
		// for; an address that nothing can listen on says that it is not used.
		Addr:   "127.0.0.1:0",
		Dialer: s.dial,
		// Waiting for a free connection uses timers that go-redis shares
		// between all clients, and so between bubbles, which Go forbids.
		PoolSize:                 1 << 12,
		ReadBufferSize:           bufferSize,
		WriteBufferSize:          bufferSize,
		ContextTimeoutEnabled:    true,
		MaxRetries:               -1,
		DialerRetries:            1,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
}

// bufferSize keeps a connection in memory small; there is no round trip to save.
const bufferSize = 4 << 10

// Client returns the client of the server, the same one each time. It belongs
// to the server and ends with [Server.Close].
func (s *Server) Client() *redis.Client { return s.client }

// SetTime stops the server's clock at t. From then on it moves by SetTime
// alone; keys whose time is over at t are gone. TIME answers with t too.
func (s *Server) SetTime(t time.Time) { s.mini.SetTime(t) }

// Listen lets other programs, such as redis-cli, reach the server until it is
// closed, and returns the address. Anyone who can connect may do anything, so
// addr should be on the loopback interface: "127.0.0.1:0" picks a free port.
// The error is the one of [net.Listen], or [net.ErrClosed] after Close.
func (s *Server) Listen(addr string) (net.Addr, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("embedded: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = l.Close()
		return nil, fmt.Errorf("embedded: listen: %w", net.ErrClosed)
	}
	s.listeners = append(s.listeners, l)
	go s.accept(l)
	return l.Addr(), nil
}

func (s *Server) accept(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		if err := s.serve(conn); err != nil {
			_ = conn.Close()
		}
	}
}

// Close closes the client, then the server with its listeners and all data,
// and returns when its goroutines have ended. Closing again does nothing.
func (s *Server) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	for _, l := range s.listeners {
		_ = l.Close()
	}
	err := s.client.Close()
	s.mini.Close()
	if err != nil {
		return fmt.Errorf("embedded: close client: %w", err)
	}
	return nil
}

func (s *Server) dial(context.Context, string, string) (net.Conn, error) {
	client, server := newPipe()
	if err := s.serve(server); err != nil {
		return nil, err
	}
	return client, nil
}

// serve refuses connections once the server is closed; miniredis would come
// to life again.
func (s *Server) serve(conn net.Conn) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fmt.Errorf("embedded: dial: %w", net.ErrClosed)
	}
	s.mini.Server().ServeConn(conn)
	return nil
}
