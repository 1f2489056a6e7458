package peer

import (
	"context"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/typedstate/typedstate/bench/internal/block"
	"github.com/typedstate/typedstate/bench/internal/suite"
	"github.com/typedstate/typedstate/bench/model"
)

// steps is how often a job reports its progress before it ends.
const steps = 10

// after returns the progress after a step, counted from 1.
func after(step int) model.Progress {
	return model.Progress{Rows: 500 * step, Total: 500 * steps, Phase: "reading"}
}

// reportOf returns the result of a job.
func reportOf(id string) model.Report {
	return model.Report{Rows: 500 * steps, Skipped: 7, File: id + ".csv"}
}

// checked holds the result that came out at the end of a life against the one that went in.
func checked(id string, r model.Report, err error) error {
	if err == nil && r != reportOf(id) {
		err = errWrong
	}
	return err
}

// life is one way to have a job live from its creation until whoever wanted it has its result:
// it is created and started, reports ten times, and ends.
type life struct {
	name string
	// live does it for a job that there is not.
	live func(ctx context.Context, id string) error
	// around is what has to run meanwhile besides the callers, and returns what ends that.
	around func(callers int) (end func(), err error)
}

var born atomic.Int64 // counts jobs, as none lives twice

// Lives are ways to have jobs live.
func (e *Env) Lives(callers int) []suite.Side {
	ways := e.lives()
	all := make([]suite.Side, len(ways))
	for i, l := range ways {
		work := lives{l, callers}
		all[i] = suite.Side{Name: l.name, Work: work, Check: func() error {
			_, err := work.Block(0)
			return err
		}}
	}
	return all
}

func (e *Env) lives() []life {
	asynq := e.asynq()
	return []life{
		{name: suite.Ours, live: e.ourLife()},
		{name: "hash", live: e.hashLife},
		{name: "asynq", live: asynq.live, around: asynq.serve},
	}
}

// lives is a life after another by callers at the same time.
type lives struct {
	life

	callers int
}

// Block implements [block.Work]. What runs besides the callers begins before the clock, and ends
// after it, so that no other side is measured beside it.
func (l lives) Block(d time.Duration) (b block.Block, err error) {
	if l.around != nil {
		end, err := l.around(l.callers)
		if err != nil {
			return b, err
		}
		defer end()
	}
	ctx := context.Background()
	return block.Load{Callers: l.callers, Call: func(int, int) error {
		return l.live(ctx, "job"+strconv.FormatInt(born.Add(1), 10))
	}}.Block(d)
}
