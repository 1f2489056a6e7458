package peer

import (
	"context"

	"github.com/go-redis/cache/v9"
)

// Cache is go-redis/cache, which encodes by vmihailenco/msgpack and compresses.
func Cache[T any](e *Env, kind string) Way[T] {
	prefix := theirPrefix + kind + "c:"
	return Way[T]{
		Name: "goredis_cache",
		Get: func(ctx context.Context, userID string) (v T, err error) {
			err = e.Cache.Get(ctx, prefix+userID, &v)
			return v, err
		},
		Set: func(ctx context.Context, userID string, v *T) error {
			return e.Cache.Set(&cache.Item{Ctx: ctx, Key: prefix + userID, Value: v, TTL: ttl})
		},
	}
}
