package redistest

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
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
	for i, c := range slices.Backward(log) {
		if c != '\n' {
			continue
		}
		if lines--; lines == 0 {
			return log[i+1:]
		}
	}
	return log
}
