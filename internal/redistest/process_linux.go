package redistest

import (
	"os"
	"os/exec"
	"syscall"
)

// prepare puts the child in a process group of its own, so that an interrupt
// at the terminal reaches the test alone, and lets the kernel kill the child
// when the test binary goes without running its cleanup.
func prepare(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

func guard(*os.Process) (unguard func(), err error) { return func() {}, nil }
