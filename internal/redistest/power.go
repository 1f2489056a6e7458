package redistest

import (
	"errors"
	"os"
	"time"
)

// Stop ends the server as an orderly shutdown does, with its append-only file
// written. A server that is down stays so. [Server.Restart] brings it back.
func (s *Server) Stop(tb TB) {
	tb.Helper()
	must(tb, "stop", s.TryStop)
}

// Restart stops the server as [Server.Stop] does, unless it is down already,
// and starts it on the same port and directory. It returns once the server
// answers.
func (s *Server) Restart(tb TB) {
	tb.Helper()
	must(tb, "restart", s.TryRestart)
}

// Kill ends the server at once, as a crash does, and returns when its process
// is gone. [Server.Restart] brings it back.
func (s *Server) Kill(tb TB) {
	tb.Helper()
	must(tb, "kill", s.TryKill)
}

// Pause freezes the server: connections stay open and are accepted, and
// nothing is answered until [Server.Resume]. It returns when the server has
// really stopped.
func (s *Server) Pause(tb TB) {
	tb.Helper()
	must(tb, "pause", s.TryPause)
}

// Resume lets a paused server go on, with the commands that arrived meanwhile.
// On one that is not paused it does nothing.
func (s *Server) Resume(tb TB) {
	tb.Helper()
	must(tb, "resume", s.TryResume)
}

// TryStop is [Server.Stop] for any goroutine.
func (s *Server) TryStop() error { return s.locked(s.stop) }

// TryRestart is [Server.Restart] for any goroutine.
func (s *Server) TryRestart() error { return s.locked(s.restart) }

// TryKill is [Server.Kill] for any goroutine.
func (s *Server) TryKill() error { return s.locked(s.kill) }

// TryPause is [Server.Pause] for any goroutine.
func (s *Server) TryPause() error { return s.locked(s.pause) }

// TryResume is [Server.Resume] for any goroutine.
func (s *Server) TryResume() error { return s.locked(s.resume) }

func must(tb TB, what string, f func() error) {
	tb.Helper()
	if err := f(); err != nil {
		tb.Fatalf("redistest: %s: %v", what, err)
	}
}

func (s *Server) locked(f func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return f()
}

// up reports whether the server can answer: it runs and is not paused. While
// one of the actions above is under way it does not wait for its outcome.
func (s *Server) up() bool {
	if !s.mu.TryRLock() {
		return false
	}
	defer s.mu.RUnlock()
	return s.proc != nil && s.proc.running() && !s.paused
}

func (s *Server) restart() error {
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
}

func (s *Server) pause() error {
	if !s.proc.running() {
		return errors.New("redis-server is not running")
	}
	s.paused = true
	if err := s.proc.signal(sigStop); err != nil {
		return err
	}
	return awaitStopped(s.proc.pid())
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
