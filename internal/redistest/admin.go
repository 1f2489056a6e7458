package redistest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

const (
	// askLimit bounds one question to a server.
	askLimit = 500 * time.Millisecond
	// actLimit bounds what happens to a whole deployment, whatever the context.
	actLimit = 30 * time.Second
	// glance is the time between two looks at a deployment that changes.
	glance = 5 * time.Millisecond
)

var errDown = errors.New("redis-server is down or paused")

// admin is the connection over which this package asks a server itself. It is
// made anew after each failure: a client of go-redis holds a grudge against a
// server that once refused it.
type admin struct {
	mu sync.Mutex
	c  *redis.Client
}

// ask lets f talk to the server as the default user, for at most askLimit.
func (s *Server) ask(ctx context.Context, f func(context.Context, *redis.Client) error) error {
	if !s.up() {
		return errDown
	}
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	s.admin.mu.Lock()
	defer s.admin.mu.Unlock()
	if s.admin.c == nil {
		if err := knock(ctx, s.Addr()); err != nil {
			return err
		}
		opts := s.Options()
		opts.PoolSize = 1
		opts.DialTimeout = askLimit
		opts.ReadTimeout = askLimit
		s.admin.c = redis.NewClient(opts)
	}
	err := f(ctx, s.admin.c)
	var said redis.Error
	if err != nil && !errors.As(err, &said) {
		closeQuietly(s.admin.c)
		s.admin.c = nil
	}
	return err
}

// do sends one command whose answer does not matter.
func (s *Server) do(ctx context.Context, args ...any) error {
	return s.ask(ctx, func(ctx context.Context, c *redis.Client) error {
		return c.Do(ctx, args...).Err()
	})
}

// info returns a section of INFO.
func (s *Server) info(ctx context.Context, section string) (info string, err error) {
	err = s.ask(ctx, func(ctx context.Context, c *redis.Client) error {
		info, err = c.Info(ctx, section).Result()
		return err
	})
	return info, err
}

// isMaster returns an error unless the server says that it is a master.
func (s *Server) isMaster(ctx context.Context) error {
	return s.says(ctx, "role:master")
}

// follows returns an error unless the server is a replica of the master at
// addr with its link up.
func (s *Server) follows(ctx context.Context, addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	return s.says(ctx, "role:slave", "master_host:"+host, "master_port:"+port, "master_link_status:up")
}

func (s *Server) says(ctx context.Context, lines ...string) error {
	info, err := s.info(ctx, "replication")
	if err != nil {
		return fmt.Errorf("%s: %w", s.Addr(), err)
	}
	for _, l := range lines {
		if !strings.Contains(info, l+"\r\n") {
			return fmt.Errorf("%s does not say %s", s.Addr(), l)
		}
	}
	return nil
}

func (a *admin) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.c != nil {
		closeQuietly(a.c)
		a.c = nil
	}
}

// knock finds out whether anything listens: a client of go-redis waits a
// second after a refused connection, and logs it.
func knock(ctx context.Context, addr string) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	return conn.Close()
}
