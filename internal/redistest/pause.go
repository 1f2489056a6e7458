package redistest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"time"
)

// awaitStopped waits until every thread of the process has come to its stop:
// the signal only asks for it, and a command may slip through before.
func awaitStopped(pid int) error {
	tasks := fmt.Sprintf("/proc/%d/task", pid)
	if _, err := os.Stat(tasks); err != nil {
		// Systems without /proc do not tell; there the stop takes microseconds.
		time.Sleep(20 * time.Millisecond)
		return nil //nolint:nilerr // without /proc there is nothing to ask
	}
	for deadline := time.Now().Add(endLimit); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if stopped(tasks) {
			return nil
		}
	}
	return errors.New("redis-server does not stop")
}

func stopped(tasks string) bool {
	threads, err := os.ReadDir(tasks)
	if err != nil {
		return false
	}
	for _, t := range threads {
		stat, err := os.ReadFile(tasks + "/" + t.Name() + "/stat")
		if err != nil {
			return false
		}
		// The state follows the name in parentheses, which may hold anything.
		_, rest, _ := bytes.Cut(stat, []byte(") "))
		if !bytes.HasPrefix(rest, []byte("T")) {
			return false
		}
	}
	return true
}
