//go:build unix

package main

import (
	"os/exec"
	"strconv"
	"syscall"
)

// freeze has the process stand still until thaw is called. A shell does both, as it continues
// the process even if this one is gone by then.
func (p *jobProcess) freeze() (thaw func() error, err error) {
	sh := exec.Command("/bin/sh", "-c", `kill -STOP "$1" && read -r line; kill -CONT "$1"`, "sh", strconv.Itoa(p.cmd.Process.Pid))
	sh.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it outlives an interrupt at the terminal
	in, err := sh.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := sh.Start(); err != nil {
		return nil, err
	}
	return func() error {
		_ = in.Close() // it is what the shell waits for
		return sh.Wait()
	}, nil
}
