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

// set stores the value that v points to and fails if the condition does not
// hold.
func set(ctx context.Context, w Writer, name string, f *family, key string, v any, when condition, opts []SetOption) error {
	o := beginKey(ctx, writerOf(w), name, f, key, maySet)
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

// swap stores the value that v points to and reads the one before it into what
// old points to.
func swap(ctx context.Context, rw ReadWriter, f *family, key string, v, old any, opts []SetOption) (found bool, err error) {
	var store *Store
	if rw != nil {
		store = rw.writer()
	}
	o := beginKey(ctx, store, "Swap", f, key, mayGet|maySet)
	var write write
	if o.err == nil {
		write, o.err = o.prepare(v, always, opts)
	}
	if o.err == nil {
		write.old = true
		data, err := write.send(o.ctx, o.exec()).Text()
		switch {
		case err == nil:
			found = true
			o.decode([]byte(data), old)
		case !errors.Is(err, redis.Nil):
			o.err = write.outcome(o.ctx, err)
		}
	}
	return found && o.err == nil, o.end()
}

// touch sets the TTL of a stored value anew.
func touch(ctx context.Context, w Writer, f *family, key string, opts []TouchOption) error {
	o := beginKey(ctx, writerOf(w), "Touch", f, key, maySet)
	var ms int64
	if o.err == nil {
		var given touchOptions
		for _, opt := range opts {
			if opt != nil {
				opt.applyTouch(&given)
			}
		}
		ms, o.err = f.lifetime(given)
	}
	if o.err == nil && ms == 0 {
		o.err = fmt.Errorf("%w: the family's values never expire; give state.TTL(d) to have this one expire", ErrInvalidTTL)
	}
	if o.err == nil {
		set, err := o.exec().Write(o.ctx, "PEXPIRE", o.key, ms).Int64()
		if o.err = writeCause(o.ctx, err); o.err == nil && set == 0 {
			o.err = ErrNotFound
		}
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
