package redistest

import (
	"context"
	"io"
	"net/url"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

const (
	// Together these bound the longest call, a restart, to ten seconds.
	startLimit = 6 * time.Second
	endLimit   = 4 * time.Second
	// portAttempts bounds how often another process may win the race for a port.
	portAttempts = 10
	poll         = 2 * time.Millisecond
)

// Server is one redis-server. Its methods may be called from several
// goroutines; those that take a [TB] call Fatalf and so belong in the test's
// own goroutine. Elsewhere their namesakes that begin with Try return an error.
type Server struct {
	settings settings
	dir      string
	port     int
	certs    *certs
	admin    admin

	mu     sync.RWMutex
	proc   *process
	paused bool
	// written says that redis.conf is there already; see settings.ownConf.
	written bool
	// launched is what a process is told each time that it starts.
	launched func(context.Context, *redis.Client) error
}

// Start starts a server and returns it once it answers. It calls [Require]
// first, fails the test when the server is not up within six seconds, and
// kills it at the end of the test. A failed test shows the end of its log.
func Start(tb TB, opts ...Option) *Server {
	tb.Helper()
	Require(tb)
	s := newServer(tb, newSettings(opts))
	if err := s.start(); err != nil {
		tb.Fatalf("redistest: start: %v", err)
	}
	return s
}

// Addr returns the host:port of the server, the same for its whole life.
func (s *Server) Addr() string { return loopback(s.port) }

// URL returns the redis:// URL of the server's database 0, with its password;
// with [WithTLS] the rediss:// URL, which cannot name certificates.
func (s *Server) URL() string {
	u := url.URL{Scheme: "redis", Host: s.Addr(), Path: "/0"}
	if s.certs != nil {
		u.Scheme = "rediss"
	}
	if s.settings.password != "" {
		u.User = url.UserPassword("", s.settings.password)
	}
	return u.String()
}

// Options returns new options for a client of the server, for tests that
// change some. They follow the context's deadline, never repeat a command and
// send nothing that the test did not ask for.
func (s *Server) Options() *redis.Options {
	opts := &redis.Options{
		Addr:                     s.Addr(),
		Password:                 s.settings.password,
		ContextTimeoutEnabled:    true,
		MaxRetries:               -1,
		DialTimeout:              2 * time.Second,
		DialerRetries:            1,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	if s.certs != nil {
		opts.TLSConfig = s.certs.client.Clone()
	}
	return opts
}

// Client returns a new client with [Server.Options], closed at the end of the
// test.
func (s *Server) Client(tb TB) *redis.Client {
	tb.Helper()
	c := redis.NewClient(s.Options())
	tb.Cleanup(func() { closeQuietly(c) })
	return c
}

// PID returns the process id of the server, or of its last process when it is
// down.
func (s *Server) PID() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.proc.pid()
}

func (s *Server) cleanup(tb TB) {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.admin.close()
	if s.proc != nil {
		if err := s.kill(); err != nil {
			tb.Errorf("redistest: cleanup: %v", err)
		}
	}
	if tb.Failed() {
		tb.Logf("redis-server at %s, end of its log:\n%s", s.Addr(), tail(s.log(), logLines))
	}
	release(s.port)
}

func closeQuietly(c io.Closer) {
	// Closing a client fails only where its connections are broken already.
	_ = c.Close()
}
