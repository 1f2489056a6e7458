package state

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/exec"
)

// condition says what must be stored for a write to happen.
type condition string

const (
	always    condition = ""
	ifAbsent  condition = "NX"
	ifPresent condition = "XX"
)

// SetIfAbsent is [Key.Set], but fails with [ErrExists] if there is a value
// already. It sends SET with PX and NX. O(1).
func SetIfAbsent[T any](ctx context.Context, w Writer, k Key[T], v T, opts ...SetOption) error {
	return set(ctx, w, "SetIfAbsent", k.ref, &v, ifAbsent, opts)
}

// Replace is [Key.Set], but fails with [ErrNotFound] if there is no value to
// replace. It sends SET with PX and XX. O(1).
func Replace[T any](ctx context.Context, w Writer, k Key[T], v T, opts ...SetOption) error {
	return set(ctx, w, "Replace", k.ref, &v, ifPresent, opts)
}

// set stores the value that v points to and fails if the condition does not
// hold.
func set(ctx context.Context, w Writer, name string, k ref, v any, when condition, opts []SetOption) error {
	o := beginKey(ctx, writerOf(w), name, k, maySet)
	var write write
	if o.err == nil {
		write, o.err = o.prepare(v, when, opts)
	}
	if o.err == nil {
		reply := write.send(o.ctx, o.exec())
		o.err = write.outcome(o.ctx, reply.Err())
	}
	return o.end()
}

// write is one write of a value, ready to be sent.
type write struct {
	key  string
	data []byte
	ms   int64 // until it expires, 0 for ever
	when condition
	keep bool
	old  bool // reply with the value before it
}

// prepare encodes the value that v points to.
func (o *operation) prepare(v any, when condition, opts []SetOption) (write, error) {
	given := collect(opts)
	if given.keep && (given.given || when == ifAbsent) {
		return write{}, fmt.Errorf("%w: KeepTTL goes neither with TTL nor with SetIfAbsent", ErrInvalidTTL)
	}
	ms, err := o.family.lifetime(given.touchOptions)
	if err != nil {
		return write{}, err
	}
	data, err := encode(o.family.codec, v, o.store.options.MaxValueBytes)
	if err != nil {
		return write{}, err
	}
	o.bytes += len(data)
	return write{key: o.key, data: data, ms: ms, when: when, keep: given.keep}, nil
}

// keepTTLScript writes a value and keeps what is left of the TTL. SET with KEEPTTL
// would store a value that never expires where none is stored. The only write
// comes last, so an error proves that nothing was written. An error of GET is
// handed on as it is, since the embedded server changes the text of one that is
// raised.
var keepTTLScript = exec.NewScript(`
local old = redis.pcall('GET', KEYS[1])
if type(old) == 'table' then
	return old
end
if ARGV[3] == 'XX' and not old then
	return false
end
if redis.call('PTTL', KEYS[1]) > 0 then
	redis.call('SET', KEYS[1], ARGV[1], 'KEEPTTL')
elseif ARGV[2] == '0' then
	redis.call('SET', KEYS[1], ARGV[1])
else
	redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
end
if ARGV[4] == '1' then
	return old
end
return 'OK'
`)

// args are the arguments of the script for a write that keeps its TTL, and of
// SET for all others.
func (w *write) args() []any {
	if w.keep {
		old := "0"
		if w.old {
			old = "1"
		}
		return []any{w.data, w.ms, string(w.when), old}
	}
	args := append(make([]any, 0, 8), "SET", w.key, w.data)
	if w.ms > 0 {
		args = append(args, "PX", w.ms)
	}
	if w.when != always {
		args = append(args, string(w.when))
	}
	if w.old {
		args = append(args, "GET")
	}
	return args
}

func (w *write) send(ctx context.Context, c exec.Client) *redis.Cmd {
	if w.keep {
		return c.Script(ctx, keepTTLScript, w.key, w.args()...)
	}
	return c.Write(ctx, w.args()...)
}

func (w *write) add(ctx context.Context, b *exec.Batch) *redis.Cmd {
	if w.keep {
		return b.Script(ctx, keepTTLScript, w.key, w.args()...)
	}
	return b.Write(ctx, w.args()...)
}

// outcome returns what the reply's error means: a nil reply is a condition that
// does not hold.
func (w *write) outcome(ctx context.Context, err error) error {
	if errors.Is(err, redis.Nil) {
		if w.when == ifAbsent {
			return ErrExists
		}
		return ErrNotFound
	}
	return writeCause(ctx, err)
}
