package peer

import (
	"context"
	"encoding/json"

	"github.com/redis/rueidis"

	"github.com/typedstate/typedstate/bench/model"
)

// RueidisJSON is rueidis, which pipelines by itself, and encoding/json.
func RueidisJSON[T any](e *Env, kind string) Way[T] {
	prefix, client := theirPrefix+kind+":", e.Rueidis
	return Way[T]{
		Name: "rueidis_stdjson",
		Get: func(ctx context.Context, userID string) (v T, err error) {
			err = client.Do(ctx, client.B().Get().Key(prefix+userID).Build()).DecodeJSON(&v)
			return v, err
		},
		Set: func(ctx context.Context, userID string, v *T) error {
			data, err := json.Marshal(v)
			if err != nil {
				return err
			}
			return setRueidis(ctx, client, prefix+userID, data)
		},
	}
}

// RueidisMsgp is rueidis and the code that tinylib/msgp generates.
func (e *Env) RueidisMsgp() Way[model.Session] {
	const prefix = theirPrefix + "packed:"
	client := e.Rueidis
	return Way[model.Session]{
		Name: "rueidis_msgp",
		Get: func(ctx context.Context, userID string) (v model.Session, err error) {
			data, err := client.Do(ctx, client.B().Get().Key(prefix+userID).Build()).AsBytes()
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
			return setRueidis(ctx, client, prefix+userID, data)
		},
	}
}

func setRueidis(ctx context.Context, client rueidis.Client, key string, data []byte) error {
	return client.Do(ctx, client.B().Set().Key(key).Value(rueidis.BinaryString(data)).Ex(ttl).Build()).Error()
}
