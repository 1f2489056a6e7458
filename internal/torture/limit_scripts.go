package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// scriptCount is a hook that counts the scripts that go-redis is given to send once, and what
// is known of them.
type scriptCount struct{ sent, answered, refused atomic.Int64 }

func (*scriptCount) DialHook(next redis.DialHook) redis.DialHook { return next }

func (s *scriptCount) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		s.begin(cmd)
		err := next(ctx, cmd)
		s.end(cmd, err) // go-redis has not told cmd yet
		return err
	}
}

func (s *scriptCount) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		for _, cmd := range cmds {
			s.begin(cmd)
		}
		err := next(ctx, cmds)
		for _, cmd := range cmds {
			s.end(cmd, cmd.Err())
		}
		return err
	}
}

func isScript(cmd redis.Cmder) bool {
	name := strings.ToUpper(fmt.Sprint(cmd.Args()[0]))
	return name == "EVALSHA" || name == "EVAL"
}

func (s *scriptCount) begin(cmd redis.Cmder) {
	if isScript(cmd) {
		s.sent.Add(1)
	}
}

func (s *scriptCount) end(cmd redis.Cmder, err error) {
	if !isScript(cmd) {
		return
	}
	var said redis.Error
	switch {
	case err == nil || errors.Is(err, redis.Nil):
		s.answered.Add(1)
	case errors.As(err, &said):
		s.refused.Add(1)
	}
}

// executed returns how many scripts the servers have executed to their ends, once no more
// are: what clients gave up on may still be on its way.
func executed(ctx context.Context, servers []*redis.Client) (int64, error) {
	last := int64(-1)
	for {
		n, err := executions(ctx, servers)
		if err != nil || n == last {
			return n, err
		}
		last = n
		time.Sleep(50 * time.Millisecond)
	}
}

func executions(ctx context.Context, servers []*redis.Client) (n int64, err error) {
	for _, s := range servers {
		stats, err := s.Info(ctx, "commandstats").Result()
		if err != nil {
			return 0, err
		}
		for line := range strings.Lines(stats) {
			name, fields, _ := strings.Cut(strings.TrimSpace(line), ":")
			if name == "cmdstat_evalsha" || name == "cmdstat_eval" {
				n += statOf(fields, "calls") - statOf(fields, "failed_calls")
			}
		}
	}
	return n, nil
}

func statOf(fields, name string) int64 {
	for f := range strings.SplitSeq(fields, ",") {
		if value, ok := strings.CutPrefix(f, name+"="); ok {
			n, err := strconv.ParseInt(value, 10, 64)
			if err == nil {
				return n
			}
		}
	}
	return 0
}
