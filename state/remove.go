package state

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"

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
	var b exec.Batch
	replies := make([]*redis.Cmd, 0, len(keys))
	for _, k := range keys {
		f, name := k.target()
		full, err := o.store.fullName(f, name)
		if err != nil {
			failures.add(err)
			continue
		}
		replies = append(replies, b.Write(o.ctx, "UNLINK", full))
	}
	o.exec().Send(o.ctx, &b)
	for _, reply := range replies {
		n, err := reply.Int64()
		failures.add(writeCause(o.ctx, err))
		removed += int(n)
	}
	o.err = failures.of(len(keys))
	return removed, o.end()
}

func remove(ctx context.Context, r Remover, f *family, key string) error {
	o := beginKey(ctx, removerOf(r), "Remove", f, key, mayRemove)
	if o.err == nil {
		o.err = writeCause(o.ctx, o.exec().Write(o.ctx, "UNLINK", o.key).Err())
	}
	return o.end()
}

// takeAttempts bounds how often take follows a value that others keep changing.
const takeAttempts = 16

// removeIfEqual removes a value if it is still the one that was read.
var removeIfEqual = exec.NewScript(`
local stored = redis.pcall('GET', KEYS[1])
if type(stored) == 'table' then
	return stored
end
if stored == ARGV[1] then
	return redis.call('UNLINK', KEYS[1])
end
return 0
`)

// take reads the value at a key into what v points to and removes it. GETDEL
// would take one round trip, but it would also remove a value that cannot be
// decoded or is too large, and so lose it.
func take(ctx context.Context, r ReadRemover, f *family, key string, v any) error {
	var store *Store
	if r != nil {
		store = r.remover()
	}
	o := beginKey(ctx, store, "Take", f, key, mayGet|mayRemove)
	for attempt := 0; o.err == nil; attempt++ {
		if attempt == takeAttempts {
			o.err = fmt.Errorf("%w: tried %d times", ErrConflict, attempt)
			break
		}
		taken, err := o.take(v)
		if o.err = err; taken {
			break
		}
	}
	return o.end()
}

func (o *operation) take(v any) (bool, error) {
	data, err := o.exec().ReadBytes(o.ctx, "GET", o.key)
	if err != nil {
		return false, cause(o.ctx, err)
	}
	if o.decode(data, v); o.err != nil {
		return false, o.err
	}
	n, err := o.exec().Script(o.ctx, removeIfEqual, o.key, data).Int64()
	return n == 1, writeCause(o.ctx, err)
}
