// Package peer holds what is compared: this SDK, and beside it the ways in which
// Go programs keep state in Redis without it, each used as its own documentation
// says.
package peer

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-redis/cache/v9"
	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
	"github.com/redis/rueidis"

	"github.com/typedstate/typedstate/state"
)

// The prefixes are of one length, so that all keys are.
const (
	ourPrefix   = "ours:"
	theirPrefix = "peer:"
)

// Env is a client of each kind, all of them of one server and, but for what is
// said of each, with the options that their libraries choose by default.
type Env struct {
	Store *state.Store
	// Jobs is the same for jobs, with an observer that is told of reports.
	Jobs    *state.Store
	GoRedis *redis.Client
	// Pooled has a larger pool, and Piped pipelines.
	Pooled  *redis.Client
	Piped   *redis.AutoPipeliner
	Rueidis rueidis.Client
	Cache   *cache.Cache
	Limiter *redis_rate.Limiter
}

// Dial connects to the server at addr.
func Dial(ctx context.Context, addr string) (_ *Env, err error) {
	e := &Env{
		GoRedis: redis.NewClient(&redis.Options{Addr: addr}),
		Pooled:  redis.NewClient(&redis.Options{Addr: addr, PoolSize: 256}),
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
		}
	}()
	e.Store, err = state.Open(ctx, "redis://"+addr, state.Options{Prefix: ourPrefix, EnableSet: true, EnableRemove: true})
	if err != nil {
		return nil, err
	}
	e.Jobs, err = state.Open(ctx, "redis://"+addr, state.Options{Prefix: ourPrefix, EnableSet: true, Observer: reports{}})
	if err != nil {
		return nil, err
	}
	// The pipeline ends with its client.
	if e.Piped, err = e.GoRedis.AutoPipeline(); err != nil {
		return nil, err
	}
	e.Rueidis, err = rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{addr}})
	if err != nil {
		return nil, fmt.Errorf("rueidis: %w", err)
	}
	// Without its LocalCache, since nothing else here reads from its own memory.
	e.Cache = cache.New(&cache.Options{Redis: e.GoRedis})
	e.Limiter = redis_rate.NewLimiter(e.GoRedis)
	return e, nil
}

// ServerVersion returns the version of Redis.
func (e *Env) ServerVersion(ctx context.Context) (string, error) {
	info, err := e.GoRedis.InfoMap(ctx, "server").Result()
	if err != nil {
		return "", err
	}
	return info["Server"]["redis_version"], nil
}

// Close closes all clients.
func (e *Env) Close() error {
	var errs []error
	for _, s := range []*state.Store{e.Store, e.Jobs} {
		if s != nil {
			errs = append(errs, s.Close())
		}
	}
	if e.Rueidis != nil {
		e.Rueidis.Close()
	}
	return errors.Join(append(errs, e.GoRedis.Close(), e.Pooled.Close())...)
}
