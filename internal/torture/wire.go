package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/redistest"
)

// token names a call in its key or its value, so that a proxy recognizes it. No
// token is part of another, and no codec or key encoding changes it.
func token(id int64) string { return "call" + strconv.FormatInt(id, 10) + "z" }

// callOf returns the call that a request belongs to: the first that it names.
func callOf(request []string) (id int64, ok bool) {
	for _, arg := range request {
		for rest := arg; ; {
			_, after, found := strings.Cut(rest, "call")
			if !found {
				break
			}
			rest = after
			digits, _, found := strings.Cut(after, "z")
			if id, err := strconv.ParseInt(digits, 10, 64); found && err == nil {
				return id, true
			}
		}
	}
	return 0, false
}

// writeOf returns the first key of a request that writes. A script writes if it
// has arguments after its keys: the one that only reads (state/entry.lua) has
// none.
func writeOf(request []string) (key string, ok bool) {
	switch request[0] {
	case "SET", "UNLINK", "PEXPIRE":
		if len(request) > 1 {
			return request[1], true
		}
	case "EVALSHA", "EVAL":
		if len(request) < 4 {
			return "", false
		}
		keys, err := strconv.Atoi(request[2])
		if err == nil && len(request) > 3+keys {
			return request[3], true
		}
	}
	return "", false
}

// ledger counts at the proxy how often each write of each call was forwarded, and
// has one of them fail.
type ledger struct {
	mu    sync.Mutex
	plans map[int64]*plan
}

// plan is what is to happen to a call, and what did.
type plan struct {
	fault  redistest.Fault
	at     string // the end of the key whose write fails
	struck bool
	op     string
	sent   map[string]int // by the first key of a write
}

func newLedger() *ledger { return &ledger{plans: map[int64]*plan{}} }

func (l *ledger) open(id int64, op string, fault redistest.Fault, at string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.plans[id] = &plan{op: op, fault: fault, at: at, sent: map[string]int{}}
}

// decide is for Proxy.SetFault.
func (l *ledger) decide(request []string) redistest.Fault {
	key, write := writeOf(request)
	if !write {
		return redistest.Pass
	}
	id, ok := callOf(request)
	if !ok {
		return redistest.Pass
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	p := l.plans[id]
	if p == nil {
		return redistest.Pass
	}
	p.sent[key]++
	if p.struck || !strings.HasSuffix(key, p.at) {
		return redistest.Pass
	}
	p.struck = true
	return p.fault
}

func (l *ledger) struck(id int64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.plans[id].struck
}

// repeated returns how many writes were forwarded again.
func (l *ledger) repeated(odd *complaints) (n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.plans {
		for _, sent := range p.sent {
			if n += int64(sent - 1); sent > 1 {
				odd.add(p.op, errSentAgain)
			}
		}
	}
	return n
}

var errSentAgain = errors.New("a write was sent again")

// company is a hook that counts the commands which share a pipeline with those of
// another call.
type company struct{ shared atomic.Int64 }

func (*company) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (*company) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (c *company) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		calls := map[int64]bool{}
		for _, cmd := range cmds {
			if id, ok := callOf(strings.Fields(fmt.Sprint(cmd.Args()...))); ok {
				calls[id] = true
			}
		}
		if len(calls) > 1 {
			c.shared.Add(int64(len(cmds)))
		}
		return next(ctx, cmds)
	}
}
