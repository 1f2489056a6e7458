//go:build unix

package main

import (
	"errors"
	"os/exec"
	"strconv"
	"syscall"
)

// freeze has the process stand still until thaw is called. A shell does both, as it continues
// the process even if this one is gone by then.
func (p *jobProcess) freeze() (thaw func() error, err error) {
	sh := exec.Command("/bin/sh", "-c", `kill -STOP "$1" && echo && read -r line; kill -CONT "$1"`, "sh", strconv.Itoa(p.cmd.Process.Pid))
	sh.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it outlives an interrupt at the terminal
	in, err := sh.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := sh.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := sh.Start(); err != nil {
		return nil, err
	}
	thaw = func() error {
		_ = in.Close() // it is what the shell waits for
		return sh.Wait()
	}
	if _, err := out.Read(make([]byte, 1)); err != nil {
		return nil, errors.Join(err, thaw())
	}
	return thaw, nil
}
