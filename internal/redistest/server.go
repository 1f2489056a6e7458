package redistest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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
// goroutines; those that take a [TB] and fail the test call Fatalf and so
// belong in the test's own goroutine.
type Server struct {
	settings settings
	dir      string
	port     int

	mu     sync.Mutex
	proc   *process
	paused bool
}

// Start starts a server and returns it once it answers. It calls [Require]
// first, fails the test when the server is not up within six seconds, and
// kills it at the end of the test. A failed test shows the end of its log.
func Start(tb TB, opts ...Option) *Server {
	tb.Helper()
	Require(tb)
	s := &Server{settings: newSettings(opts), dir: tb.TempDir()}
	tb.Cleanup(func() { s.cleanup(tb) })

	deadline := time.Now().Add(startLimit)
	err := error(portTakenError(0))
	for range portAttempts {
		if s.port, err = s.settings.pick(); err != nil {
			break
		}
		if err = s.launch(deadline); !errors.As(err, new(portTakenError)) {
			break
		}
	}
	if err != nil {
		tb.Fatalf("redistest: start: %v", err)
	}
	return s
}

// Addr returns the host:port of the server, the same for its whole life.
func (s *Server) Addr() string { return loopback(s.port) }

// URL returns the redis:// URL of the server's database 0, with its password.
func (s *Server) URL() string {
	u := url.URL{Scheme: "redis", Host: s.Addr(), Path: "/0"}
	if s.settings.password != "" {
		u.User = url.UserPassword("", s.settings.password)
	}
	return u.String()
}

// Options returns new options for a client of the server, for tests that
// change some. They follow the context's deadline, never repeat a command and
// send nothing that the test did not ask for.
func (s *Server) Options() *redis.Options {
	return &redis.Options{
		Addr:                     s.Addr(),
		Password:                 s.settings.password,
		ContextTimeoutEnabled:    true,
		MaxRetries:               -1,
		DialTimeout:              2 * time.Second,
		DialerRetries:            1,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
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
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.proc.pid()
}

// Stop ends the server as an orderly shutdown does, with its append-only file
// written. A server that is down stays so. [Server.Restart] brings it back.
func (s *Server) Stop(tb TB) {
	tb.Helper()
	s.must(tb, "stop", s.stop)
}

// Restart stops the server as [Server.Stop] does, unless it is down already,
// and starts it on the same port and directory. It returns once the server
// answers.
func (s *Server) Restart(tb TB) {
	tb.Helper()
	s.must(tb, "restart", func() error {
		if err := s.stop(); err != nil {
			return err
		}
		deadline := time.Now().Add(startLimit)
		for {
			err := s.launch(deadline)
			if !errors.As(err, new(portTakenError)) || time.Now().After(deadline) {
				return err
			}
			time.Sleep(10 * poll)
		}
	})
}

// Kill ends the server at once, as a crash does, and returns when its process
// is gone. [Server.Restart] brings it back.
func (s *Server) Kill(tb TB) {
	tb.Helper()
	s.must(tb, "kill", s.kill)
}

// Pause freezes the server: connections stay open and are accepted, and
// nothing is answered until [Server.Resume]. It returns when the server has
// really stopped.
func (s *Server) Pause(tb TB) {
	tb.Helper()
	s.must(tb, "pause", func() error {
		if !s.proc.running() {
			return errors.New("redis-server is not running")
		}
		s.paused = true
		if err := s.proc.signal(sigStop); err != nil {
			return err
		}
		return awaitStopped(s.proc.pid())
	})
}

// Resume lets a paused server go on, with the commands that arrived meanwhile.
// On one that is not paused it does nothing.
func (s *Server) Resume(tb TB) {
	tb.Helper()
	s.must(tb, "resume", s.resume)
}

func (s *Server) must(tb TB, what string, f func() error) {
	tb.Helper()
	s.mu.Lock()
	err := f()
	s.mu.Unlock()
	if err != nil {
		tb.Fatalf("redistest: %s: %v", what, err)
	}
}

func (s *Server) resume() error {
	s.paused = false
	return s.proc.signal(sigCont)
}

func (s *Server) stop() error {
	if s.paused {
		if err := s.resume(); err != nil {
			return err
		}
	}
	return s.proc.end(sigTerm, endLimit)
}

func (s *Server) kill() error {
	s.paused = false
	return s.proc.end(os.Kill, endLimit)
}

// launch starts a process on s.port and waits until it answers. The error is
// an portTakenError when it could not listen there; after any error the process
// is gone.
func (s *Server) launch(deadline time.Time) error {
	conf := filepath.Join(s.dir, "redis.conf")
	if err := os.WriteFile(conf, []byte(s.config()), 0o600); err != nil {
		return err
	}
	logged := len(s.log())
	proc, err := spawn(s.logPath(), binary, conf)
	if err != nil {
		return err
	}
	s.proc = proc
	if err := s.awaitReady(deadline); err != nil {
		if kerr := s.kill(); kerr != nil {
			return errors.Join(err, kerr)
		}
		if bytes.Contains(s.log()[logged:], []byte("Address already in use")) {
			return portTakenError(s.port)
		}
		return err
	}
	return nil
}

func (s *Server) config() string {
	lines := append([]string{
		"port " + strconv.Itoa(s.port),
		"bind 127.0.0.1",
		"dir " + strconv.Quote(s.dir),
		"daemonize no",
		`save ""`,
		"appendonly no",
	}, s.settings.lines...)
	return strings.Join(lines, "\n") + "\n"
}

func (s *Server) awaitReady(deadline time.Time) error {
	ctx, cancel := context.WithDeadline(context.Background(), deadline)
	defer cancel()
	for {
		err := s.ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.proc.exited:
			return fmt.Errorf("redis-server ended before it answered: %v", s.proc.err)
		case <-ctx.Done():
			return fmt.Errorf("redis-server does not answer: %w", err)
		case <-time.After(poll):
		}
	}
}

// ready asks the server for its process id too: when another process took the
// port, that one may well be a Redis which answers.
func (s *Server) ready(ctx context.Context) error {
	// A client of go-redis waits a second after a refused connection, and logs it.
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", s.Addr())
	if err != nil {
		return err
	}
	if err := conn.Close(); err != nil {
		return err
	}

	opts := s.Options()
	opts.PoolSize = 1
	opts.ReadTimeout = 200 * time.Millisecond
	c := redis.NewClient(opts)
	defer closeQuietly(c)
	if err := c.Ping(ctx).Err(); err != nil {
		return err
	}
	info, err := c.Info(ctx, "server").Result()
	if err != nil {
		return err
	}
	if !strings.Contains(info, "process_id:"+strconv.Itoa(s.proc.pid())+"\r\n") {
		return errors.New("another server answers")
	}
	return nil
}

func (s *Server) cleanup(tb TB) {
	tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
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

func closeQuietly(c *redis.Client) {
	// Closing a client fails only where its connections are broken already.
	_ = c.Close()
}
