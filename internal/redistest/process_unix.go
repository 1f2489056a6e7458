//go:build unix && !linux

package redistest

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// prepare puts the child in a process group of its own, so that an interrupt
// at the terminal reaches the test alone.
func prepare(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
}

// guard stands in for Linux's parent-death signal: a shell that reads from
// this process. A line releases it; the end of the input means that the test
// binary is gone, and then it kills the child.
func guard(child *os.Process) (unguard func(), err error) {
	cmd := exec.Command("/bin/sh", "-c", `read -r line || kill -9 "$1"`, "sh", strconv.Itoa(child.Pid))
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() {
		// An error means that the shell is gone already.
		_, _ = fmt.Fprintln(in, "done")
		_ = cmd.Wait()
	}, nil
}
