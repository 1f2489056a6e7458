package peer

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/bench/model"
)

// queued are jobs of asynq, which keeps one result for each. Its handler may write that as often
// as it likes, so there is the place for a progress too; and nobody is told of an end.
type queued struct {
	redis     *redis.Client
	client    *asynq.Client
	inspector *asynq.Inspector
	// handled has a channel for each job under way, on which its handler says that it is
	// through. It spares whoever waits all the asking before that; between processes there is no
	// such thing.
	handled sync.Map
}

const (
	taskType = "import"
	queue    = "default"
	// idle is how long a server of asynq sleeps, more or less, after it has found nothing to do.
	// By default that is a second, and with few callers a life would take as long.
	idle = 100 * time.Microsecond
)

func (e *Env) asynq() *queued {
	return &queued{
		redis:  e.GoRedis,
		client: asynq.NewClientFromRedisClient(e.GoRedis), inspector: asynq.NewInspectorFromRedisClient(e.GoRedis),
	}
}

// serve has a server handle as many jobs at the same time as there are callers. While all of
// them are being handled it looks for no others.
func (q *queued) serve(callers int) (end func(), err error) {
	s := asynq.NewServerFromRedisClient(q.redis, asynq.Config{
		Concurrency: callers, TaskCheckInterval: idle, LogLevel: asynq.FatalLevel,
	})
	if err := s.Start(asynq.HandlerFunc(q.handle)); err != nil {
		return nil, err
	}
	return s.Shutdown, nil
}

func (q *queued) handle(_ context.Context, t *asynq.Task) (err error) {
	id := string(t.Payload())
	if handled, ok := q.handled.Load(id); ok {
		defer func() { handled.(chan error) <- err }()
	}
	for i := range steps {
		if err := write(t, after(i+1)); err != nil {
			return err
		}
	}
	return write(t, reportOf(id))
}

func write(t *asynq.Task, v any) error {
	data, err := json.Marshal(v)
	if err == nil {
		_, err = t.ResultWriter().Write(data)
	}
	return err
}

func (q *queued) live(ctx context.Context, id string) error {
	handled := make(chan error, 1)
	q.handled.Store(id, handled)
	defer q.handled.Delete(id)
	task := asynq.NewTask(taskType, []byte(id), asynq.TaskID(id), asynq.Retention(ttl))
	if _, err := q.client.EnqueueContext(ctx, task); err != nil {
		return err
	}
	if err := <-handled; err != nil {
		return err
	}
	for {
		info, err := q.inspector.GetTaskInfo(queue, id)
		if err != nil {
			return err
		}
		switch info.State {
		case asynq.TaskStateActive:
		case asynq.TaskStateCompleted:
			var r model.Report
			err := json.Unmarshal(info.Result, &r)
			return checked(id, r, err)
		default:
			return errors.New("a task is neither active nor completed")
		}
	}
}
