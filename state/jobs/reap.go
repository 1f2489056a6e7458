package jobs

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/internal/exec"
)

// Reaped is a job that [Tracker.Reap] has found.
type Reaped[K any] struct {
	Key K
	// State is what has become of it: [Pending] if an attempt may start in place of the one that
	// was lost, [Failed] if none is left, or [Cancelled] if somebody had asked for that.
	State State
}

// Reap ends the attempts whose lease has ended, at most limit of them, and returns their jobs,
// so that those that are pending again can be put to work. It returns each job to one caller
// alone, however many call at the same time, unless the reply to that is lost. Any process may
// call it, such as each worker every few seconds; [Tracker.Start] does the same for its own
// job.
//
// If it fails, the jobs that it has found are there beside the error. It sends EVALSHA to each of
// 16 buckets and one for each job that it finds, in round trips that they share: O(log n) each,
// for n jobs.
func (t *Tracker[K, P, R]) Reap(ctx context.Context, limit int) ([]Reaped[K], error) {
	var all []Reaped[K]
	err := t.tracker.reap(ctx, limit, func(parts []string, s State) error {
		key, err := t.parse(parts)
		if err == nil {
			all = append(all, Reaped[K]{key, s})
		}
		return err
	})
	return all, err
}

func (t *tracker) reap(ctx context.Context, limit int, found func([]string, State) error) error {
	o := t.begin(ctx, "Reap", 0, bridge.Set)
	return o.End(o.Label("", t.reapAll(o, limit, found)))
}

func (t *tracker) reapAll(o bridge.Operation, limit int, found func([]string, State) error) error {
	if limit < 1 {
		return fmt.Errorf("the limit is %d; give 1 or more", limit)
	}
	p, replies, err := t.ask(o, limit)
	if err != nil {
		return err
	}
	var b exec.Batch
	var names []string
	var sent []*exec.Reply
	// Whichever bucket comes first, a small limit must not keep the others waiting for ever.
	first := rand.N(buckets) //nolint:gosec // nobody gains by guessing it
	for _, v := range slices.Concat(slices.Concat(replies[first:], replies[:first])...) {
		name, err := exec.Bytes(v)
		if _, ours := t.family.template.ParseKey(string(name)); err != nil || !ours || len(names) == limit {
			continue
		}
		names = append(names, string(name))
		sent = append(sent, b.Add(t.command(&request{name: string(name), op: opReap, id: newID()}, &p)))
	}
	if len(names) == 0 {
		return nil
	}
	o.Client().Send(o.Context(), &b)
	var failed error
	for i, reply := range sent {
		answer, err := replyOf(*reply)
		switch {
		case err != nil:
			err = o.Cause(err, true)
		case answer.code != done || answer.record == nil || answer.record.State == Running || answer.record.State == Succeeded: // another was faster
		default:
			parts, _ := t.family.template.ParseKey(names[i])
			err = found(parts, answer.record.State)
		}
		if failed == nil {
			failed = err
		}
	}
	return failed
}
