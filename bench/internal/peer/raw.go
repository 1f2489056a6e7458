package peer

import (
	"context"
	"encoding/json"
	"sync"
)

// KeepRaw is the floor under every way that uses go-redis: it keeps the bytes of
// the values, and neither encodes nor decodes.
func (u Users[T]) KeepRaw(e *Env) Kept {
	const prefix = theirPrefix + "raw:"
	ctx := context.Background()
	values := make([][]byte, len(u.values))
	for n := range u.values {
		data, err := json.Marshal(&u.values[n])
		if err != nil {
			panic(err) // the samples can be encoded
		}
		values[n] = data
	}
	k := Kept{
		name: "goredis_raw",
		get: func(n int) error {
			data, err := e.GoRedis.Get(ctx, prefix+u.ids[n]).Bytes()
			if err == nil && len(data) != len(values[n]) {
				err = errWrong
			}
			return err
		},
		set: func(n int) error { return e.GoRedis.Set(ctx, prefix+u.ids[n], values[n], ttl).Err() },
	}
	k.check = sync.OnceValue(func() error {
		for n, id := range u.ids {
			if err := k.set(n); err != nil {
				return err
			}
			data, err := e.GoRedis.Get(ctx, prefix+id).Bytes()
			if err != nil {
				return err
			}
			if string(data) != string(values[n]) {
				return errWrong
			}
		}
		return nil
	})
	return k
}
