package corpus

import (
	"os"
	"syscall"
)

// maxRSS returns the most memory that a process or one of its children had at a
// time, in bytes.
func maxRSS(p *os.ProcessState) int64 {
	usage, ok := p.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return usage.Maxrss * 1024
}
