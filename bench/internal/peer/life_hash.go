package peer

import (
	"context"
	"encoding/json"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/bench/model"
)

// hashLife is what a program writes by hand: a hash for each job, with a field for each thing
// that there is to know. Nothing says who may write it, or when.
func (e *Env) hashLife(ctx context.Context, id string) error {
	key := theirPrefix + "hash:" + id
	c := e.GoRedis
	if err := c.HSet(ctx, key, "status", "pending", "created", time.Now().UnixMicro()).Err(); err != nil {
		return err
	}
	if err := c.HSet(ctx, key, "status", "running", "started", time.Now().UnixMicro()).Err(); err != nil {
		return err
	}
	for i := range steps {
		progress, err := json.Marshal(after(i + 1))
		if err != nil {
			return err
		}
		if err := c.HSet(ctx, key, "progress", progress).Err(); err != nil {
			return err
		}
	}
	result, err := json.Marshal(reportOf(id))
	if err != nil {
		return err
	}
	if _, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, key, "status", "succeeded", "result", result, "finished", time.Now().UnixMicro())
		p.Expire(ctx, key, ttl)
		return nil
	}); err != nil {
		return err
	}
	for {
		job, err := c.HGetAll(ctx, key).Result()
		if err != nil {
			return err
		}
		if job["status"] != "succeeded" {
			continue
		}
		var r model.Report
		err = json.Unmarshal([]byte(job["result"]), &r)
		return checked(id, r, err)
	}
}
