package jobs

import (
	"context"

	"github.com/typedstate/typedstate/internal/bridge"
)

// Counts are how many jobs are in each state.
type Counts struct {
	Pending, Running, Succeeded, Failed, Cancelled int64
	// Stalled is how many of those that are running have a lease that has ended.
	Stalled int64
}

// Count returns how many jobs there are in each state. It sends EVALSHA to each of 16 buckets, in
// round trips that they share: O(log n) for n jobs. The buckets are not counted at the same
// moment.
func (t *Tracker[K, P, R]) Count(ctx context.Context) (Counts, error) { return t.tracker.count(ctx) }

func (t *tracker) count(ctx context.Context) (Counts, error) {
	o := t.begin(ctx, "Count", 0, bridge.Get)
	c, err := t.countAll(o)
	return c, o.End(o.Label("", err))
}

func (t *tracker) countAll(o bridge.Operation) (c Counts, err error) {
	_, replies, err := t.ask(o)
	if err != nil {
		return c, err
	}
	for _, list := range replies {
		counts := []*int64{&c.Pending, &c.Running, &c.Succeeded, &c.Failed, &c.Cancelled, &c.Stalled}
		if len(list) != len(counts) {
			return c, errReply
		}
		for i, to := range counts {
			n, _ := list[i].(int64)
			*to += n
		}
	}
	return c, nil
}
