package jobs

import (
	"context"
	"fmt"
	"slices"

	"github.com/typedstate/typedstate/internal/bridge"
	"github.com/typedstate/typedstate/internal/exec"
)

func (t *tracker) count(ctx context.Context) (Counts, error) {
	o := t.begin(ctx, "Count", 0, bridge.Get)
	c, err := t.countAll(o)
	return c, o.End(o.Label("", err))
}

func (t *tracker) countAll(o bridge.Operation) (c Counts, err error) {
	replies, err := t.ask(o)
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

// ask runs bucket.lua for each bucket.
func (t *tracker) ask(o bridge.Operation, more ...any) (replies [buckets][]any, err error) {
	if err := o.Err(); err != nil {
		return replies, err
	}
	p, err := t.place(o, t.family.shape)
	if err != nil {
		return replies, err
	}
	var b exec.Batch
	var sent [buckets]*exec.Reply
	for i := range sent {
		sent[i] = b.Add(bucketScript.ReadPrimary([]string{p.index(i)}, append([]any{milliseconds(t.family.Idle)}, more...)...))
	}
	o.Client().Send(o.Context(), &b)
	for i, reply := range sent {
		if replies[i], err = reply.List(); err != nil {
			return replies, o.Cause(err, false)
		}
	}
	return replies, nil
}

func (t *tracker) reap(ctx context.Context, limit int, found func([]string, State) error) error {
	o := t.begin(ctx, "Reap", 0, bridge.Set)
	return o.End(o.Label("", t.reapAll(o, limit, found)))
}

func (t *tracker) reapAll(o bridge.Operation, limit int, found func([]string, State) error) error {
	if limit < 1 {
		return fmt.Errorf("the limit is %d; give 1 or more", limit)
	}
	replies, err := t.ask(o, limit)
	if err != nil {
		return err
	}
	p, err := t.place(o, t.family.shape)
	if err != nil {
		return err
	}
	var b exec.Batch
	var names []string
	var sent []*exec.Reply
	for _, v := range slices.Concat(replies[:]...) {
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
		case answer.code != done || answer.record == nil || answer.record.State == Running: // another was faster
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
