package state

import (
	"context"
	"errors"
	"reflect"

	"github.com/redis/go-redis/v9"

	"github.com/typedstate/typedstate/internal/exec"
)

// Lookup is [Key.Get], but returns false and no error if there is no value.
//
//go:noinline
func Lookup[T any](ctx context.Context, r Reader, k Key[T]) (v T, found bool, err error) {
	p, _ := k.ref.family.spare().(*T)
	if p == nil {
		p = new(T)
	}
	found, err = lookup(ctx, r, k.ref, p)
	v, *p = *p, v // which leaves it zero
	k.ref.family.keep(p)
	return v, found, err
}

// get reads the value at a key into what v points to.
func get(ctx context.Context, r Reader, k ref, v any) error {
	o := beginKey(ctx, readerOf(r), "Get", k, mayGet)
	o.readInto(v)
	return o.end()
}

// lookup is get, but a missing value is no error.
func lookup(ctx context.Context, r Reader, k ref, v any) (bool, error) {
	o := beginKey(ctx, readerOf(r), "Lookup", k, mayGet)
	o.readInto(v)
	missing := errors.Is(o.err, ErrNotFound)
	if missing {
		o.err = nil
	}
	return !missing && o.err == nil, o.end()
}

// readInto reads the value at the operation's key into what v points to.
func (o *operation) readInto(v any) {
	if o.err != nil {
		return
	}
	var data []byte
	if data, o.err = o.read(); o.err == nil {
		o.decode(data, v)
	}
}

// decode reads data into what v points to, which is zero, and leaves it so if it
// fails.
func (o *operation) decode(data []byte, v any) {
	o.bytes += len(data)
	if o.err = decode(o.family.codec, data, v, o.store.options.MaxValueBytes); o.err != nil {
		zero(v)
	}
}

// zero empties what v points to.
func zero(v any) { reflect.ValueOf(v).Elem().SetZero() }

// read returns the bytes at the operation's key.
func (o *operation) read() ([]byte, error) {
	if o.tx != nil {
		s, err := o.tx.look(o)
		if err == nil && !s.present {
			err = ErrNotFound
		}
		return s.data, err
	}
	if !o.slides() {
		data, err := o.do(o.get()).Bytes()
		if err == nil {
			o.family.noteBytes(len(data))
		}
		return data, cause(o.ctx, err)
	}
	var b exec.Batch
	queued := o.queueRead(&b)
	o.exec().Send(o.ctx, &b)
	return o.result(queued)
}

// get returns the command that reads the operation's key.
func (o *operation) get() exec.Command {
	return exec.GetUnder(o.key.prefix, o.key.rest).Expecting(o.family.usualBytes())
}

// queuedRead is a read in a batch.
type queuedRead struct{ value, extended *exec.Reply }

// queueRead adds a read of the operation's key to b.
func (o *operation) queueRead(b *exec.Batch) (r queuedRead) {
	r.value = b.Add(o.get())
	if o.slides() {
		// GETEX would extend the life of the value in one command, but it would also
		// cut it short where a call has asked for a TTL beyond the family's. It may be
		// repeated: a life that was extended twice is as long.
		r.extended = b.Add(exec.Read("pexpire", o.key.String(), milliseconds(o.family.ttl), "GT").Optional())
	}
	return r
}

// result returns what came of a read once its batch was sent.
func (o *operation) result(r queuedRead) ([]byte, error) {
	data, err := r.value.Bytes()
	if err = cause(o.ctx, err); err == nil && r.extended != nil {
		err = extension(o.ctx, r.extended.Err())
	}
	return data, err
}

// extension returns what of the failure to extend a value's life fails the read. A
// server that cannot write just now, such as a replica or one whose disk is full,
// can still be read from.
func extension(ctx context.Context, err error) error {
	why := cause(ctx, err)
	if _, refused := errors.AsType[redis.Error](err); refused && !errors.Is(why, ErrPermission) {
		return nil
	}
	return why
}

// slides reports whether reading the operation's key extends its value's life.
func (o *operation) slides() bool { return o.family.sliding && o.store.options.EnableSet }
