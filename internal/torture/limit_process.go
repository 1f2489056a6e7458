package main

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/typedstate/typedstate/internal/redistest"
)

// workerLimit is how long a worker may take to begin, and to come to its end.
const workerLimit = 20 * time.Second

// workerProcess is this program again, as a worker. It ends with its standard input, and so
// with this process, however that ends.
type workerProcess struct {
	cmd    *exec.Cmd
	orders *gob.Encoder
	in     io.Closer
	report *gob.Decoder
}

// startWorker starts a worker, which is ended when the scenario is over.
func startWorker(tb redistest.TB, order workerOrder) (*workerProcess, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &workerProcess{cmd: exec.Command(self)}
	p.cmd.Env = append(os.Environ(), workerEnv+"=1")
	p.cmd.Stderr = os.Stderr
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	p.in, p.orders, p.report = in, gob.NewEncoder(in), gob.NewDecoder(out)
	tb.Cleanup(func() {
		_ = p.in.Close() // it may be closed already
		// It fails where the worker has ended, which is what is wanted.
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
	})
	return p, p.orders.Encode(order)
}

// ready waits until the worker is about to make calls.
func (p *workerProcess) ready() error {
	var ready bool
	return p.within("begin", func() error { return p.report.Decode(&ready) })
}

// stop has the worker make no more calls. It ends those under way.
func (p *workerProcess) stop() error { return p.orders.Encode(true) }

// result returns what a worker tells that was stopped.
func (p *workerProcess) result() (h harvest, err error) {
	err = p.within("end", func() error { return p.report.Decode(&h) })
	return h, err
}

func (*workerProcess) within(what string, f func() error) error {
	came := make(chan error, 1)
	go func() { came <- f() }()
	select {
	case err := <-came:
		if errors.Is(err, io.EOF) {
			err = errors.New("it has ended")
		}
		if err != nil {
			return fmt.Errorf("a worker does not %s: %w", what, err)
		}
		return nil
	case <-time.After(workerLimit):
		return fmt.Errorf("a worker does not %s within %v", what, workerLimit)
	}
}
