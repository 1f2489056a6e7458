package redistest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// newServer returns a server that is not started yet and that the test cleans
// up in any case.
func newServer(tb TB, settings settings) *Server {
	tb.Helper()
	s := &Server{settings: settings, dir: tb.TempDir()}
	tb.Cleanup(func() { s.cleanup(tb) })
	return s
}

// start finds a port and launches the server on it.
func (s *Server) start() error {
	if s.settings.tls {
		var err error
		if s.certs, err = newCerts(s.dir); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
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
	return err
}

// startAll starts the servers at once.
func startAll(servers []*Server) error {
	errs := make([]error, len(servers))
	var all sync.WaitGroup
	for i, s := range servers {
		all.Go(func() { errs[i] = s.start() })
	}
	all.Wait()
	return errors.Join(errs...)
}

// launch starts a process on s.port and waits until it answers. The error is
// a portTakenError when it could not listen there; after any error the process
// is gone.
func (s *Server) launch(deadline time.Time) error {
	conf := filepath.Join(s.dir, "redis.conf")
	if !s.settings.ownConf || !s.written {
		if err := os.WriteFile(conf, []byte(s.config()), 0o600); err != nil {
			return err
		}
	}
	logged := len(s.log())
	proc, err := spawn(s.logPath(), binary, append([]string{conf}, s.settings.args...)...)
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
	s.written = true
	return nil
}

func (s *Server) config() string {
	lines := []string{
		"port " + strconv.Itoa(s.port),
		"bind 127.0.0.1",
		"dir " + strconv.Quote(s.dir),
		"daemonize no",
		`save ""`,
		"appendonly no",
		// A master waits five seconds for more replicas before it copies itself
		// to the first, and a replica ten for a sign of life.
		"repl-diskless-sync-delay 0",
		"repl-ping-replica-period 1",
		// A master that ends waits ten for replicas that lag.
		"shutdown-timeout 1",
	}
	if s.certs != nil {
		lines = append(lines, "port 0", "tls-port "+strconv.Itoa(s.port))
		lines = append(lines, s.certs.config(s.dir)...)
	}
	if s.settings.replicaOf != "" {
		lines = append(lines, "replicaof "+s.settings.replicaOf)
	}
	lines = append(lines, s.settings.lines...)
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
	if err := knock(ctx, s.Addr()); err != nil {
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
	if s.launched != nil {
		return s.launched(ctx, c)
	}
	return nil
}
