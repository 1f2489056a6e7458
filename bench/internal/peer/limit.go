package peer

import (
	"context"
	"errors"

	"github.com/go-redis/redis_rate/v10"

	"github.com/typedstate/typedstate/bench/internal/suite"
	"github.com/typedstate/typedstate/bench/model"
	"github.com/typedstate/typedstate/state/ratelimit"
)

// plenty is what is never reached, so that each call is counted.
const plenty = 1_000_000_000

var errReached = errors.New("the limit was reached")

// Limits are ways to count a user's call against one limit.
func (e *Env) Limits(callers int) []suite.Side {
	return sides(callers, []way{
		{suite.Ours, ours(model.NewBucketedLimiter(e.Store, ratelimit.Options{}))},
		{"window", ours(model.NewWindowedLimiter(e.Store, ratelimit.Options{}))},
		{"redis_rate", func(id string) error { return e.theirs("one:"+id, redis_rate.PerMinute(plenty)) }},
		{"goredis_incr", func(id string) error {
			return e.GoRedis.Incr(context.Background(), theirPrefix+"incr:"+id).Err()
		}},
	})
}

// TwoLimits are ways to count it against two limits.
func (e *Env) TwoLimits(callers int) []suite.Side {
	return sides(callers, []way{
		{suite.Ours, ours(model.NewDoubledLimiter(e.Store, ratelimit.Options{}))},
		{"redis_rate_twice", func(id string) error {
			if err := e.theirs("minute:"+id, redis_rate.PerMinute(plenty)); err != nil {
				return err
			}
			return e.theirs("hour:"+id, redis_rate.PerHour(10*plenty))
		}},
	})
}

// way is one way to count a user's call.
type way struct {
	name  string
	count func(id string) error
}

func sides(callers int, ways []way) []suite.Side {
	ids := Sessions().ids
	all := make([]suite.Side, len(ways))
	for i, w := range ways {
		do := func(n int) error { return w.count(ids[n]) }
		all[i] = suite.Side{Name: w.name, Check: func() error { return do(0) }, Work: load(callers, do)}
	}
	return all
}

func ours(limiter *ratelimit.Limiter[string], err error) func(id string) error {
	return func(id string) error {
		if err != nil {
			return err
		}
		d, err := limiter.Allow(context.Background(), id)
		if err == nil && !d.Allowed {
			err = errReached
		}
		return err
	}
}

func (e *Env) theirs(key string, limit redis_rate.Limit) error {
	result, err := e.Limiter.Allow(context.Background(), theirPrefix+key, limit)
	if err == nil && result.Allowed != 1 {
		err = errReached
	}
	return err
}
