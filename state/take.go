package state

import (
	"context"
	"errors"
	"fmt"

	"github.com/typedstate/typedstate/internal/exec"
)

// Take returns the value at the key and removes it. Of several callers at the
// same time one gets it, so it suits tokens that are good for one use. It fails
// with [ErrNotFound] if there is none, [ErrConflict] if the value kept changing,
// and otherwise as [Key.Get] does; a value that it cannot decode stays where it
// is. With [ErrUnknownOutcome] it returns the value too, as that may be removed.
// It sends GET and, to remove what it has read and nothing else, a script. O(n) in
// the length of the value.
func Take[T any](ctx context.Context, r ReadRemover, k Key[T]) (v T, err error) {
	err = take(ctx, r, k.ref, &v)
	return v, err
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
func take(ctx context.Context, r ReadRemover, k ref, v any) error {
	o := beginKey(ctx, removerOf(r), "Take", k, mayGet|mayRemove)
	for attempt := 0; o.err == nil; attempt++ {
		if attempt == takeAttempts {
			o.err = fmt.Errorf("%w: tried %d times", ErrConflict, attempt)
			break
		}
		var taken bool
		if taken, o.err = o.take(v); taken || errors.Is(o.err, ErrUnknownOutcome) {
			break
		}
		zero(v) // it was read, and not taken
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
