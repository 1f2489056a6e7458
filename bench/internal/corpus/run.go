package corpus

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/typedstate/typedstate/bench/internal/block"
)

// program is a generator and what it should write.
type program struct {
	path string
	args []string
	// output is the file that it writes, and wants what stands there for each
	// struct.
	output, wants string
}

// run is the work of running a program once in a directory.
type run struct {
	program
	dir string
}

// Block runs the program once, whatever the length of the block, and measures it
// from its start to its end.
func (r run) Block(time.Duration) (block.Block, error) {
	if err := os.Remove(filepath.Join(r.dir, r.output)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return block.Block{}, err
	}
	cmd := exec.Command(r.path, r.args...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOPROXY=off", "GOWORK=off", "GOSUMDB=off")
	start := time.Now()
	text, err := cmd.CombinedOutput()
	elapsed := time.Since(start)
	if err != nil {
		return block.Block{}, fmt.Errorf("%s: %w\n%s", filepath.Base(r.path), err, text)
	}
	return block.Block{Ops: 1, Elapsed: elapsed, RSS: maxRSS(cmd.ProcessState)}, nil
}
