package gen_test

import (
	"os"
	"syscall"
)

// maxRSS returns the most memory that a process had in use, in bytes.
func maxRSS(p *os.ProcessState) int64 {
	if usage, ok := p.SysUsage().(*syscall.Rusage); ok {
		return usage.Maxrss * 1024
	}
	return 0
}
