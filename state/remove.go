package state

import (
	"context"

	"github.com/typedstate/typedstate/internal/exec"
)

// Remove removes the values at the keys, which may be of several families, and
// returns how many there were. It sends UNLINK for each key, in round trips that
// they share; it is not atomic. If it fails for some keys, it still removes the
// others, and the error says how many failed and wraps the first failure.
// O(1) for each key.
func Remove(ctx context.Context, r Remover, keys ...AnyKey) (removed int, err error) {
	o := begin(ctx, removerOf(r), "Remove", commonFamily(keys), len(keys), mayRemove)
	if o.err != nil {
		return 0, o.end()
	}
	var failures failures
	names := make([]string, 0, len(keys))
	for _, k := range keys {
		one := operation{target: o.target, family: refOf(k).family}
		one.locate(refOf(k))
		if failures.add(one.err); one.err == nil {
			names = append(names, one.key.String())
		}
	}
	removed = o.unlink(names, &failures)
	o.err = failures.of(len(keys))
	return removed, o.end()
}

// unlink removes the keys of those full names and returns how many there were.
func (o *operation) unlink(names []string, failures *failures) (removed int) {
	if o.tx != nil {
		return o.tx.unlink(o, names, failures)
	}
	b := o.batch()
	b.Grow(len(names))
	replies := make([]*exec.Reply, len(names))
	for i, name := range names {
		replies[i] = b.Add(exec.Write("unlink", name))
	}
	o.exec().Send(o.ctx, b)
	for _, reply := range replies {
		n, err := reply.Int()
		if err = writeCause(o.ctx, err); err == nil {
			err = o.replicated(*reply)
		}
		failures.add(err)
		removed += int(n)
	}
	return removed
}
