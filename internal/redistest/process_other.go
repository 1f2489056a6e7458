//go:build !unix

package redistest

import (
	"os"
	"os/exec"
)

// There is no redis-server for these systems, so Require skips before any of
// this is used; it lets the package compile.
var sigTerm, sigStop, sigCont os.Signal = os.Interrupt, os.Interrupt, os.Interrupt

func prepare(*exec.Cmd) {}

func guard(*os.Process) (unguard func(), err error) { return func() {}, nil }
