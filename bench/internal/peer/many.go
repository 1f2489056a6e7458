package peer

import (
	"context"
	"encoding/json"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/bench/internal/block"
	"github.com/typedstate/typedstate/bench/internal/suite"
	"github.com/typedstate/typedstate/bench/model"
)

// Many are ways to read all sessions at once. They read what the ways that keep
// single sessions as JSON have stored.
func (e *Env) Many() []suite.Side {
	users := Sessions()
	ours, theirs := users.Keep(e.OursJSON()), users.Keep(GoRedisJSON[model.Session](e, SessionKind))
	return []suite.Side{
		users.many(suite.Ours, ours, e.getMany),
		users.many("mget_stdjson", theirs, e.mget),
		users.many("pipeline_stdjson", theirs, e.pipelined),
		users.many("rueidis_mget_stdjson", theirs, e.rueidisMGet),
	}
}

// many is reading all values at once; read returns what returns the i-th of them.
func (u Users[T]) many(name string, stored Kept, read func(context.Context, []string) (func(int) (T, error), error)) suite.Side {
	ctx := context.Background()
	check := func() error {
		if err := stored.check(); err != nil {
			return err
		}
		at, err := read(ctx, u.ids)
		if err != nil {
			return err
		}
		for i, want := range u.values {
			v, err := at(i)
			if err != nil {
				return err
			}
			if !v.Equal(want) {
				return errWrong
			}
		}
		return nil
	}
	return suite.Side{Name: name, Check: check, Work: block.Load{Callers: 1, Call: func(int, int) error {
		at, err := read(ctx, u.ids)
		if err != nil {
			return err
		}
		v, err := at(count - 1)
		if err == nil && u.owner(v) != u.ids[count-1] {
			err = errWrong
		}
		return err
	}}}
}

func (e *Env) getMany(ctx context.Context, ids []string) (func(int) (model.Session, error), error) {
	results, err := model.NewSessionReader(e.Store).GetMany(ctx, ids...)
	if err != nil {
		return nil, err
	}
	return func(i int) (model.Session, error) { return results[i].Value, results[i].Err }, nil
}

func (e *Env) mget(ctx context.Context, ids []string) (func(int) (model.Session, error), error) {
	values, err := e.GoRedis.MGet(ctx, sessionKeys(ids)...).Result()
	if err != nil {
		return nil, err
	}
	sessions := make([]model.Session, len(values))
	for i, v := range values {
		text, ok := v.(string)
		if !ok {
			return nil, errWrong
		}
		if err := json.Unmarshal([]byte(text), &sessions[i]); err != nil {
			return nil, err
		}
	}
	return of(sessions), nil
}

func (e *Env) pipelined(ctx context.Context, ids []string) (func(int) (model.Session, error), error) {
	pipe := e.GoRedis.Pipeline()
	replies := make([]*redis.StringCmd, len(ids))
	for i, key := range sessionKeys(ids) {
		replies[i] = pipe.Get(ctx, key)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	sessions := make([]model.Session, len(ids))
	for i, reply := range replies {
		data, err := reply.Bytes()
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(data, &sessions[i]); err != nil {
			return nil, err
		}
	}
	return of(sessions), nil
}

func (e *Env) rueidisMGet(ctx context.Context, ids []string) (func(int) (model.Session, error), error) {
	replies, err := e.Rueidis.Do(ctx, e.Rueidis.B().Mget().Key(sessionKeys(ids)...).Build()).ToArray()
	if err != nil {
		return nil, err
	}
	sessions := make([]model.Session, len(replies))
	for i := range replies {
		if err := replies[i].DecodeJSON(&sessions[i]); err != nil {
			return nil, err
		}
	}
	return of(sessions), nil
}

func of(sessions []model.Session) func(int) (model.Session, error) {
	return func(i int) (model.Session, error) { return sessions[i], nil }
}

func sessionKeys(ids []string) []string {
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = theirPrefix + SessionKind + ":" + id
	}
	return keys
}
