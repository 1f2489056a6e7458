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
	full := make([]redisKey, 0, len(keys))
	for _, k := range keys {
		one := operation{target: o.target, family: refOf(k).family}
		one.locate(refOf(k))
		if failures.add(one.err); one.err == nil {
			full = append(full, one.key)
		}
	}
	removed = o.unlink(full, &failures)
	o.err = failures.of(len(keys))
	return removed, o.end()
}

// unlink removes the keys and returns how many there were.
func (o *operation) unlink(keys []redisKey, failures *failures) (removed int) {
	if o.tx != nil {
		return o.tx.unlink(o, keys, failures)
	}
	b := o.batch()
	b.Grow(len(keys))
	replies := make([]*exec.Reply, len(keys))
	for i, key := range keys {
		c := change{key: key, expect: expectAnything, action: actionUnlink}
		cmd, _ := c.plain()
		replies[i] = b.Add(cmd)
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
