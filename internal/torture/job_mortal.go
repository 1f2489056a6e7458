package main

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/typedstate/typedstate/internal/redistest"
)

// jobProcess is this program again, as a process of job workers that may be stopped, and
// killed. It ends with its standard input, and so with this process, however that ends.
type jobProcess struct {
	cmd   *exec.Cmd
	in    io.Closer
	queue chan jobDelivery // what it is told, as far as it listens
	ready chan struct{}
	ended chan struct{} // closed when it tells nothing more
	sum   *jobSum       // once it has ended, if it was not killed
}

// startJobProcess starts one, which is ended when the scenario is over. What it notes goes
// to note.
func startJobProcess(tb redistest.TB, order jobOrder, note func(jobNote)) (*jobProcess, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &jobProcess{
		cmd: exec.Command(self), queue: make(chan jobDelivery, 4), ready: make(chan struct{}), ended: make(chan struct{}),
	}
	p.cmd.Env = append(os.Environ(), jobWorkerEnv+"=1")
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
	p.in = in
	go p.deliver(gob.NewEncoder(in), order)
	go p.hear(gob.NewDecoder(out), note)
	var once sync.Once
	tb.Cleanup(func() { once.Do(p.kill) })
	return p, nil
}

// deliver tells it what it is told, as it takes it.
func (p *jobProcess) deliver(to *gob.Encoder, order jobOrder) {
	err := to.Encode(order)
	for err == nil {
		select {
		case d := <-p.queue:
			err = to.Encode(d)
		case <-p.ended:
			return
		}
	}
}

// hear takes what it tells until it ends.
func (p *jobProcess) hear(from *gob.Decoder, note func(jobNote)) {
	defer close(p.ended)
	for {
		var t jobTold
		if err := from.Decode(&t); err != nil {
			return
		}
		switch {
		case t.Note != nil:
			note(*t.Note)
		case t.Ready:
			close(p.ready)
		case t.Bye != nil:
			p.sum = t.Bye
			return
		}
	}
}

// offer has it work on a job, unless it has enough to do or stands still.
func (p *jobProcess) offer(key string) {
	select {
	case p.queue <- jobDelivery{Key: key}:
	default:
	}
}

// tell tells it something that it must hear.
func (p *jobProcess) tell(d jobDelivery) error {
	select {
	case p.queue <- d:
		return nil
	case <-p.ended:
		return errors.New("a worker has ended")
	case <-time.After(workerLimit):
		return fmt.Errorf("a worker does not listen for %v", workerLimit)
	}
}

// begun waits until it is about to work.
func (p *jobProcess) begun() error {
	select {
	case <-p.ready:
		return nil
	case <-p.ended:
		return errors.New("a worker has ended")
	case <-time.After(workerLimit):
		return fmt.Errorf("a worker does not begin within %v", workerLimit)
	}
}

// stop has it come to its end, and returns what it has counted.
func (p *jobProcess) stop() (*jobSum, error) {
	if err := p.tell(jobDelivery{Stop: true}); err != nil {
		return nil, err
	}
	select {
	case <-p.ended:
	case <-time.After(workerLimit):
		return nil, fmt.Errorf("a worker does not end within %v", workerLimit)
	}
	if p.sum == nil {
		return nil, errors.New("a worker has ended without a word")
	}
	return p.sum, nil
}

// kill ends it at once, wherever it stands.
func (p *jobProcess) kill() {
	_ = p.cmd.Process.Kill() // it fails where the process has ended, which is what is wanted
	_ = p.in.Close()
	<-p.ended
	_ = p.cmd.Wait()
}
