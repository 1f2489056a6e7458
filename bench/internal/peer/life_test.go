package peer

import (
	"context"
	"testing"

	"github.com/typedstate/typedstate/bench/internal/suite"
	"github.com/typedstate/typedstate/bench/model"
	"github.com/typedstate/typedstate/internal/redistest"
	"github.com/typedstate/typedstate/state/jobs"
)

// TestEachStepOfALifeIsWritten sees that no side leaves out what another is measured with.
func TestEachStepOfALifeIsWritten(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	e, err := Dial(ctx, redistest.Start(t).Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	tracker, err := model.NewImportTracker(e.Jobs, jobs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	// Asynq leaves nothing but the result, which every life looks at by itself.
	written := map[string]func(ctx context.Context, id string) bool{
		suite.Ours: func(ctx context.Context, id string) bool {
			s, err := tracker.Get(ctx, id)
			return err == nil && s.Revision == 3+steps && s.Progress == after(steps)
		},
		"hash": func(ctx context.Context, id string) bool {
			key := theirPrefix + "hash:" + id
			job, err := e.GoRedis.HGetAll(ctx, key).Result()
			return err == nil && job["progress"] == `{"rows":5000,"total":5000,"phase":"reading"}` && job["created"] != "" &&
				job["started"] != "" && job["finished"] != "" && e.GoRedis.TTL(ctx, key).Val() > 0
		},
	}
	for _, l := range e.lives() {
		var end func()
		if l.around != nil {
			if end, err = l.around(1); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.live(ctx, "one"); err != nil {
			t.Errorf("%s: %v", l.name, err)
		}
		if all, ok := written[l.name]; ok && !all(ctx, "one") {
			t.Errorf("%s has not written all of it", l.name)
		}
		if end != nil {
			end()
		}
	}
}
