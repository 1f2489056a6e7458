package jobs_test

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
)

// tape is a hook that keeps each request of job.lua as it was sent, so that it can be sent
// again. It can lose a reply, or a request.
type tape struct {
	// digest is that of job.lua, and instead are those of the scripts to send in place of others.
	digest  string
	instead map[string]string

	mu    sync.Mutex
	sent  []wire
	heard map[string]int // how many requests of an op have been answered
	more  chan struct{}  // closed when one of these grows
	// lost is how many replies are to be lost.
	lost int
	// keep is the op of a request that is kept from the server, and kept is called then.
	keep string
	kept context.CancelFunc
}

// wire is a request as it goes to the server.
type wire struct {
	op   string
	args []any
}

const evalsha = "evalsha"

func newTape(digest string) *tape {
	return &tape{digest: digest, instead: map[string]string{}, heard: map[string]int{}, more: make(chan struct{})}
}

// DialHook is of redis.Hook.
func (*tape) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessHook is of redis.Hook.
func (t *tape) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		op, keep := t.record(cmd)
		if keep {
			cmd.SetErr(context.Canceled)
			return context.Canceled
		}
		err := next(ctx, cmd)
		if op != "" && t.answered(op) {
			err = io.EOF
			cmd.SetErr(err)
		}
		return err
	}
}

// ProcessPipelineHook is of redis.Hook.
func (t *tape) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		for _, cmd := range cmds {
			t.record(cmd)
		}
		return next(ctx, cmds)
	}
}

// record keeps a request, and says whether it is to be kept from the server.
func (t *tape) record(cmd redis.Cmder) (op string, keep bool) {
	args := cmd.Args()
	if len(args) < 4 || fmt.Sprint(args[0]) != evalsha {
		return "", false
	}
	script := args[1].(string)
	args[1] = t.instead[script]
	if script != t.digest {
		return "", false
	}
	op = args[3+args[2].(int)].(string)
	t.mu.Lock()
	defer t.mu.Unlock()
	// The name of a command that writes is what notes that it was sent.
	t.sent = append(t.sent, wire{op, append([]any{evalsha}, args[1:]...)})
	if t.keep != op {
		return op, false
	}
	t.kept()
	return op, true
}

// answered notes a reply, and says whether it is to be lost.
func (t *tape) answered(op string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.lost > 0 {
		t.lost--
		return true
	}
	t.heard[op]++
	close(t.more)
	t.more = make(chan struct{})
	return false
}

// take returns what was sent since it was called last.
func (t *tape) take() []wire {
	t.mu.Lock()
	defer t.mu.Unlock()
	sent := t.sent
	t.sent, t.lost, t.keep = nil, 0, ""
	return sent
}

func (t *tape) lose(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lost = n
}

// withhold keeps requests of an op from the server, and calls then each time.
func (t *tape) withhold(op string, then context.CancelFunc) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.keep, t.kept = op, then
}

// count returns how many requests of an op have been answered.
func (t *tape) count(op string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.heard[op]
}

// await waits until more than that many have been, and reports whether they have in time.
func (t *tape) await(op string, than int, patience time.Duration) bool {
	timeout := time.After(patience)
	for {
		t.mu.Lock()
		n, more := t.heard[op], t.more
		t.mu.Unlock()
		if n > than {
			return true
		}
		select {
		case <-more:
		case <-timeout:
			return false
		}
	}
}
