package ratelimit_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/typedstate/typedstate/state/ratelimit"
)

// prefixing is a hook that puts a prefix before the key of a script, in place.
type prefixing struct{}

func (prefixing) DialHook(next redis.DialHook) redis.DialHook { return next }
func (prefixing) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (prefixing) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if args := cmd.Args(); len(args) > 3 {
			args[3] = "hook:" + args[3].(string)
		}
		return next(ctx, cmd)
	}
}

// A script is sent anew, with its source, to a server that does not know it.
func TestWhatAHookDoesToAnAttemptTheNextDoesNotSee(t *testing.T) {
	t.Parallel()
	srv, store := newServer(t)
	srv.Client().AddHook(prefixing{})
	limiter, err := ratelimit.New(store, family(ratelimit.Window("w", 5, time.Hour)), ratelimit.Options{})
	require.NoError(t, err)
	for left := int64(4); left >= 2; left-- {
		d, err := limiter.Allow(t.Context(), subject)
		require.NoError(t, err)
		assert.Equal(t, left, d.Limits[0].Remaining)
	}
	keys, err := srv.Client().Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	assert.Equal(t, []string{"hook:" + key}, keys)
}
