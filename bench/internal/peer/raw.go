package peer

import (
	"context"
	"encoding/json"

	"github.com/typedstate/typedstate/bench/internal/block"
	"github.com/typedstate/typedstate/bench/internal/suite"
)

// rawName is go-redis alone: the bytes of the value, neither encoded nor decoded.
const rawName = "goredis_raw"

// GettingRaw is the floor under reading with go-redis.
func (u Users[T]) GettingRaw(e *Env, callers int) suite.Side {
	r := raw(u, e)
	return suite.Side{Name: rawName, Check: r.check, Work: block.Load{Callers: callers, Call: func(caller, i int) error {
		n := pick(caller, i)
		data, err := e.GoRedis.Get(context.Background(), rawPrefix+u.ids[n]).Bytes()
		if err == nil && len(data) != len(r.values[n]) {
			err = errWrong
		}
		return err
	}}}
}

// SettingRaw is the floor under writing with go-redis.
func (u Users[T]) SettingRaw(e *Env, callers int) suite.Side {
	r := raw(u, e)
	return suite.Side{Name: rawName, Check: r.check, Work: block.Load{Callers: callers, Call: func(caller, i int) error {
		n := pick(caller, i)
		return r.set(n)
	}}}
}

const rawPrefix = theirPrefix + "raw:"

type rawValues struct {
	env    *Env
	ids    []string
	values [][]byte
}

func raw[T interface{ Equal(T) bool }](u Users[T], e *Env) *rawValues {
	r := &rawValues{env: e, ids: u.ids}
	for _, v := range u.values {
		data, err := json.Marshal(v)
		if err != nil {
			panic(err) // the samples can be encoded
		}
		r.values = append(r.values, data)
	}
	return r
}

func (r *rawValues) set(n int) error {
	return r.env.GoRedis.Set(context.Background(), rawPrefix+r.ids[n], r.values[n], ttl).Err()
}

func (r *rawValues) check() error {
	for n, id := range r.ids {
		if err := r.set(n); err != nil {
			return err
		}
		data, err := r.env.GoRedis.Get(context.Background(), rawPrefix+id).Bytes()
		if err != nil {
			return err
		}
		if string(data) != string(r.values[n]) {
			return errWrong
		}
	}
	return nil
}
