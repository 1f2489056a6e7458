package peer

import (
	"context"
	"encoding/json"

	goccy "github.com/goccy/go-json"
	"github.com/redis/go-redis/v9"
	"github.com/vmihailenco/msgpack/v5"

	"github.com/typedstate/typedstate/bench/model"
)

// library is a codec that takes any value.
type library struct {
	marshal   func(any) ([]byte, error)
	unmarshal func([]byte, any) error
}

var (
	stdJSON   = library{json.Marshal, json.Unmarshal}
	goccyJSON = library{goccy.Marshal, goccy.Unmarshal}
	vMsgpack  = library{msgpack.Marshal, msgpack.Unmarshal}
)

// GoRedisJSON is go-redis and encoding/json, written by hand.
func GoRedisJSON[T any](e *Env, kind string) Way[T] {
	return goRedis[T]("goredis_stdjson", e.GoRedis, kind, stdJSON)
}

// GoRedisPooledJSON is the same with a connection for each of 256 callers.
func GoRedisPooledJSON[T any](e *Env, kind string) Way[T] {
	return goRedis[T]("goredis_pool256_stdjson", e.Pooled, kind, stdJSON)
}

// GoRedisPipedJSON is go-redis with its experimental AutoPipeline, which has the
// commands of concurrent callers share round trips, and encoding/json.
func GoRedisPipedJSON[T any](e *Env, kind string) Way[T] {
	return goRedis[T]("goredis_autopipeline_stdjson", e.Piped, kind, stdJSON)
}

// GoRedisGoccy is go-redis and goccy/go-json.
func GoRedisGoccy[T any](e *Env, kind string) Way[T] {
	return goRedis[T]("goredis_goccy", e.GoRedis, kind, goccyJSON)
}

// GoRedisVMsgpack is go-redis and vmihailenco/msgpack.
func GoRedisVMsgpack[T any](e *Env, kind string) Way[T] {
	return goRedis[T]("goredis_vmsgpack", e.GoRedis, kind+"v", vMsgpack)
}

// goRedis is go-redis and a codec. A kind is what stands before the ID in keys;
// the keys of each format have their own.
func goRedis[T any](name string, client redis.Cmdable, kind string, codec library) Way[T] {
	prefix := theirPrefix + kind + ":"
	return Way[T]{
		Name: name,
		Get: func(ctx context.Context, userID string) (v T, err error) {
			data, err := client.Get(ctx, prefix+userID).Bytes()
			if err != nil {
				return v, err
			}
			err = codec.unmarshal(data, &v)
			return v, err
		},
		Set: func(ctx context.Context, userID string, v *T) error {
			data, err := codec.marshal(v)
			if err != nil {
				return err
			}
			return client.Set(ctx, prefix+userID, data, ttl).Err()
		},
	}
}

// GoRedisMsgp is go-redis and the code that tinylib/msgp generates.
func (e *Env) GoRedisMsgp() Way[model.Session] {
	const prefix = theirPrefix + "packed:"
	return Way[model.Session]{
		Name: "goredis_msgp",
		Get: func(ctx context.Context, userID string) (v model.Session, err error) {
			data, err := e.GoRedis.Get(ctx, prefix+userID).Bytes()
			if err != nil {
				return v, err
			}
			_, err = v.UnmarshalMsg(data)
			return v, err
		},
		Set: func(ctx context.Context, userID string, v *model.Session) error {
			data, err := v.MarshalMsg(nil)
			if err != nil {
				return err
			}
			return e.GoRedis.Set(ctx, prefix+userID, data, ttl).Err()
		},
	}
}
