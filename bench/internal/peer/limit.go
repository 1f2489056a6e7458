package peer

import (
	"context"
	"errors"

	"github.com/go-redis/redis_rate/v10"

	"github.com/typedstate/typedstate/bench/internal/suite"
)

// Limits are ways to count a user's call against a limit that is never reached.
func (e *Env) Limits(callers int) []suite.Side {
	ids := Sessions().ids
	limit := redis_rate.PerMinute(1_000_000_000)
	allow := func(n int) error {
		result, err := e.Limiter.Allow(context.Background(), theirPrefix+ids[n], limit)
		if err == nil && result.Allowed != 1 {
			err = errors.New("the limit was reached")
		}
		return err
	}
	incr := func(n int) error {
		return e.GoRedis.Incr(context.Background(), theirPrefix+"incr:"+ids[n]).Err()
	}
	side := func(name string, do func(n int) error) suite.Side {
		return suite.Side{Name: name, Check: func() error { return do(0) }, Work: load(callers, do)}
	}
	return []suite.Side{side("redis_rate", allow), side("goredis_incr", incr)}
}
