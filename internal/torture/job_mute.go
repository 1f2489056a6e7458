package main

import (
	"context"
	"errors"
	"io"

	"github.com/redis/go-redis/v9"
)

// mute is a hook that loses the heartbeats of a tracker, so that its leases end though
// its workers live.
type mute struct{}

var errMute = errors.Join(errors.New("a heartbeat that is not sent"), io.EOF)

func (mute) DialHook(next redis.DialHook) redis.DialHook { return next }

func (mute) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if isHeartbeat(cmd) {
			cmd.SetErr(errMute)
			return errMute
		}
		return next(ctx, cmd)
	}
}

func (mute) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		var others []redis.Cmder
		for _, cmd := range cmds {
			if isHeartbeat(cmd) {
				cmd.SetErr(errMute)
			} else {
				others = append(others, cmd)
			}
		}
		var err error
		if len(others) > 0 {
			err = next(ctx, others)
		}
		if len(others) < len(cmds) {
			err = errors.Join(err, errMute)
		}
		return err
	}
}

func isHeartbeat(cmd redis.Cmder) bool {
	args := cmd.Args()
	return isScript(cmd) && len(args) > 2+jobOperation && text(args[2+jobOperation]) == "beat"
}
