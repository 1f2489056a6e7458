package redistest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// process is one running child process.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed once the child is reaped
	err    error         // how it ended; valid after exited
}

// spawn starts the child with its output going to the file at log.
func spawn(log, name string, args ...string) (*process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close() //nolint:errcheck // the child has its own handle

	p := &process{cmd: exec.Command(name, args...), exited: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = out, out
	prepare(p.cmd)

	started := make(chan error)
	go p.run(started)
	return p, <-started
}

// run starts the child and waits for its end on one thread that belongs to it
// alone. Linux sends the parent-death signal when the starting thread ends,
// and Go ends a thread whenever a goroutine locked to it returns; a thread
// shared with other goroutines could so take the server along in mid-test.
func (p *process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := p.cmd.Start(); err != nil {
		started <- err
		return
	}
	unguard, err := guard(p.cmd.Process)
	if err != nil {
		err = errors.Join(err, p.cmd.Process.Kill(), p.cmd.Wait())
		started <- err
		return
	}
	started <- nil
	p.err = p.cmd.Wait()
	unguard()
	close(p.exited)
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// running reports whether the child is still there.
func (p *process) running() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

func (p *process) signal(sig os.Signal) error {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("signal %v to redis-server: %w", sig, err)
	}
	return nil
}

// again is how long a signal has before it is sent once more.
const again = 200 * time.Millisecond

// end sends sig until the child is gone: a server that is writing its first
// append-only file forgets that it should terminate.
func (p *process) end(sig os.Signal, limit time.Duration) error {
	for deadline := time.Now().Add(limit); ; {
		if err := p.signal(sig); err != nil {
			return err
		}
		select {
		case <-p.exited:
			return nil
		case <-time.After(again):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("redis-server is still there %v after %v", limit, sig)
		}
	}
}
