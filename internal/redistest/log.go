package redistest

import (
	"bytes"
	"os"
	"path/filepath"
)

// logLines is how much of a server's log a failed test shows.
const logLines = 30

func (s *Server) logPath() string { return filepath.Join(s.dir, "redis.log") }

// log returns what the server's processes printed so far.
func (s *Server) log() []byte {
	b, err := os.ReadFile(s.logPath())
	if err != nil && !os.IsNotExist(err) {
		return []byte(err.Error())
	}
	return b
}

func tail(log []byte, lines int) []byte {
	log = bytes.TrimRight(log, "\n")
	for i := len(log) - 1; i >= 0; i-- {
		if log[i] != '\n' {
			continue
		}
		if lines--; lines == 0 {
			return log[i+1:]
		}
	}
	return log
}
